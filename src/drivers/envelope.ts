import type { PlannedOperation } from '../plan/plan.ts';
import { type ConnectionCounters, noConnections } from '../recording/recording.ts';
import { AdjustableClock, realClock } from '../std/clock.ts';
import {
  AwsError,
  createKmsClient,
  createStore,
  type KmsClient,
  type KmsTimes,
  type Principal,
  type RequestTrace,
  recordKmsTimes,
  type Store,
} from '../system/system.ts';
import { keepsConnections } from '../workload/workload.ts';
import { explainTrace } from './explain.ts';
import { Lifetimes } from './lifetimes.ts';
import { type ItemShape, REQUESTS, requestBody, type WireOperation } from './requests.ts';
import {
  type Driver,
  type DriverOptions,
  type LocalStore,
  NOTHING_FOUND,
  type Outcome,
  type Probe,
} from './types.ts';

/**
 * The store inside the lane, over the same LMDB directory as the other lanes', its KMS over HTTP(S): what sealing and
 * the key cache cost without a network in front. A connection is a cache slot without a socket.
 */
export class EnvelopeDriver implements Driver {
  readonly local: LocalStore;
  readonly measures = ['kms', 'crypto', 'storage', 'server_other'] as const;
  readonly #options: DriverOptions;
  readonly #shape: ItemShape;
  readonly #store: Store;
  readonly #kms: KmsClient;
  readonly #principals = new Map<number, Principal>();
  /** Of kept connections, by slot. */
  readonly #open = new Map<number, number>();
  readonly #lifetimes: Lifetimes;
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
    this.#shape = { tables: target.tables, fields: arm.table.fields };
    this.#store = store;
    this.#kms = kms;
    this.#lifetimes = new Lifetimes(options);
    for (const caller of callers) {
      const { principalArn: arn } = target.callers[caller]!;
      const accountId = target.embedded!.accountId;
      this.#principals.set(caller, { arn, accountId, name: arn.slice(arn.indexOf('/') + 1), kind: 'user' });
    }
    this.local = {
      sample: () => {
        const { cache, ownDecrypts, kms } = store.counters();
        return { cache, ownDecrypts, kmsAttempts: kms.attempts, kmsRetries: kms.retries };
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

  perform(operation: PlannedOperation, probe?: Probe): Promise<Outcome> | Outcome {
    if (probe === undefined) return this.#perform(operation);
    const trace = { received_ns: realClock.now_ns(), kms_ns: 0, crypto_ns: 0, storage_ns: 0 };
    const told = (outcome: Outcome): Outcome => {
      explainTrace(probe, trace, realClock.now_ns());
      return outcome;
    };
    const outcome = this.#perform(operation, trace);
    return outcome instanceof Promise ? outcome.then(told) : told(outcome);
  }

  #perform(operation: PlannedOperation, trace?: RequestTrace): Promise<Outcome> | Outcome {
    const { arm } = this.#options;
    const slot = operation.caller * arm.connections.perCaller + operation.connection;
    const kept = keepsConnections(arm);
    const connectionId = (kept ? this.#open.get(slot) : undefined) ?? this.#connect(slot);
    const last = kept ? this.#lifetimes.used(slot) : true;
    if (last) this.#open.delete(slot);
    const context: Context = { principal: this.#principals.get(operation.caller)!, connectionId, trace };
    const outcome = this.#request(operation, 0, context);
    if (outcome instanceof Promise) return last ? this.#thenClose(outcome, connectionId) : outcome;
    if (last) this.#store.connectionClosed(connectionId);
    return outcome;
  }

  /** The operation's requests from this one on; synchronous for as long as the store is. */
  #request(operation: PlannedOperation, step: number, context: Context): Promise<Outcome> | Outcome {
    const request = REQUESTS[operation.kind][step];
    if (request === undefined) return undefined;
    this.#counters.requests++;
    const go = (response: object | string): Promise<Outcome> | Outcome =>
      outcomeOf(request, response) ?? this.#request(operation, step + 1, context);
    try {
      const body = JSON.parse(requestBody(request, operation, this.#shape)) as Record<string, unknown>;
      const response = this.#store.execute(request, body, context);
      return response instanceof Promise ? response.then(go, failureOf) : go(response);
    } catch (error) {
      return failureOf(error);
    }
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

  /** Connections go by numbers that do not depend on lanes, since hosts are assigned by them. */
  #connect(slot: number): number {
    const { callers, connections } = this.#options.arm;
    this.#counters.opened++;
    const connectionId = this.#lifetimes.opened(slot) * callers * connections.perCaller + slot;
    this.#open.set(slot, connectionId);
    return connectionId;
  }

  async #thenClose(outcome: Promise<Outcome>, connectionId: number): Promise<Outcome> {
    try {
      return await outcome;
    } finally {
      this.#store.connectionClosed(connectionId);
    }
  }
}

interface Context {
  principal: Principal;
  connectionId: number;
  trace: RequestTrace | undefined;
}

function outcomeOf(request: WireOperation, response: object | string): Outcome {
  if (request !== 'GetItem') return undefined;
  const isSerialised = typeof response === 'string' || Buffer.isBuffer(response);
  const found = isSerialised ? response.length > '{}'.length : 'Item' in response;
  return found ? undefined : NOTHING_FOUND;
}

function failureOf(error: unknown): string {
  if (error instanceof AwsError) return error.code;
  throw error;
}
