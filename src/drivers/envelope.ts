import type { PlannedOperation } from '../plan/plan.ts';
import { type ConnectionCounters, noConnections } from '../recording/recording.ts';
import { AdjustableClock } from '../std/clock.ts';
import {
  AwsError,
  createKmsClient,
  createStore,
  type KmsClient,
  type KmsTimes,
  type Principal,
  recordKmsTimes,
  type Store,
} from '../system/system.ts';
import { OPERATION_NAMES, requestBody } from './requests.ts';
import type { Driver, DriverOptions, Failure, LocalStore } from './types.ts';

/**
 * The store inside the lane, over the same LMDB directory as the other lanes', its KMS over HTTP(S): what sealing and
 * the key cache cost without a network in front. A connection is a cache slot without a socket.
 */
export class EnvelopeDriver implements Driver {
  readonly local: LocalStore;
  readonly #options: DriverOptions;
  readonly #store: Store;
  readonly #kms: KmsClient;
  readonly #principals = new Map<number, Principal>();
  readonly #opened = new Set<number>();
  #nextConnection: number;
  #counters = noConnections();

  private constructor(
    options: DriverOptions,
    store: Store,
    kms: KmsClient,
    times: KmsTimes,
    clock: AdjustableClock,
  ) {
    const { arm, target, callers } = options;
    this.#options = options;
    this.#store = store;
    this.#kms = kms;
    this.#nextConnection = arm.callers * arm.connections.perCaller;
    for (const caller of callers) {
      const { principalArn: arn } = target.callers[caller]!;
      const accountId = target.embedded!.accountId;
      this.#principals.set(caller, { arn, accountId, name: arn.slice(arn.indexOf('/') + 1), kind: 'user' });
    }
    this.local = {
      sample: () => {
        const { cache, kms } = store.counters();
        return { cache, kmsAttempts: kms.attempts, kmsRetries: kms.retries };
      },
      kmsTimes: () => times.encode(),
      pause: () => clock.pause(),
      resume: () => clock.resume(),
    };
  }

  static async create(options: DriverOptions): Promise<EnvelopeDriver> {
    const { arm, target } = options;
    const { directory, accountId, kms: access } = target.embedded!;
    const clock = new AdjustableClock();
    const kms = createKmsClient({ ...access, region: target.region });
    const times = recordKmsTimes(kms);
    const store = await createStore({
      region: target.region,
      accountId,
      storage: 'lmdb',
      directory,
      kms,
      keyCache: { ...arm.system.keyCache, maxEntries: arm.system.keyCache.entries },
      hosts: arm.system.hosts,
      clock,
    });
    return new EnvelopeDriver(options, store, kms, times, clock);
  }

  async open(): Promise<void> {}

  perform(operation: PlannedOperation): Promise<Failure> | Failure {
    const { arm, target } = this.#options;
    const kept = arm.connections.mode === 'keep-alive';
    const connectionId = kept
      ? operation.caller * arm.connections.perCaller + operation.connection
      : this.#nextConnection++;
    this.#count(connectionId, kept);
    const shape = { table: target.table, itemBytes: arm.table.itemBytes };
    try {
      const body = JSON.parse(requestBody(operation, shape)) as Record<string, unknown>;
      const context = { principal: this.#principals.get(operation.caller)!, connectionId };
      const response = this.#store.execute(OPERATION_NAMES[operation.kind], body, context);
      if (response instanceof Promise) return this.#settle(response, connectionId, kept);
    } catch (error) {
      return failureOf(error);
    }
    if (!kept) this.#store.connectionClosed(connectionId);
    return undefined;
  }

  /** Nothing is in flight but a KMS call or a commit, which end by themselves. */
  abandon(): void {}

  takeCounters(): ConnectionCounters {
    const counters = this.#counters;
    this.#counters = noConnections();
    return counters;
  }

  async close(): Promise<void> {
    await this.#store.close();
    await this.#kms.close();
  }

  #count(connectionId: number, kept: boolean): void {
    this.#counters.requests++;
    if (!kept) {
      this.#counters.opened++;
    } else if (!this.#opened.has(connectionId)) {
      this.#opened.add(connectionId);
      this.#counters.opened++;
    }
  }

  async #settle(response: Promise<unknown>, connectionId: number, kept: boolean): Promise<Failure> {
    try {
      await response;
      return undefined;
    } catch (error) {
      return failureOf(error);
    } finally {
      if (!kept) this.#store.connectionClosed(connectionId);
    }
  }
}

function failureOf(error: unknown): string {
  if (error instanceof AwsError) return error.code;
  throw error;
}
