import { randomUUID } from 'node:crypto';
import type { Clock } from '../../../std/clock.ts';
import { AwsError } from '../../wire/errors.ts';
import type { Principal } from '../../wire/types.ts';
import type { Engine, Transaction } from '../engine/engine.ts';
import type { Chore } from '../housekeeping.ts';
import { grantKey, grantNameOf, grants } from '../layout.ts';
import type { TableRecord } from '../tables/catalog.ts';
import { isRefusal } from './kms-errors.ts';
import type { ChosenKey } from './sse.ts';
import type { TableKeyService } from './table-key.ts';

/** A grant that lets DynamoDB use a KMS key for one table without a user. */
export interface TableGrant {
  /** Made up before the grant is: it finds one whose id a crash kept from being written down. */
  name: string;
  id: string;
}

/** A grant that no table has: not yet, or no more. Kept until it is a table's or is retired. */
interface LooseGrant {
  keyArn: string;
  id?: string;
  /** Lifecycle time from which on it may be retired. */
  due_ms: number;
}

/** Longer than it takes to make a table: what is loose for longer was left by a process that died. */
const PATIENCE_MS = 60_000;
/** Lifecycle time until a grant is retired that the KMS could not be asked about. */
const RETRY_MS = 60_000;

/**
 * The grants of tables, from before they are made until they are retired. A loose grant is written down in a
 * transaction of its own before the KMS is asked for it, and becomes a table's in the transaction that writes the
 * table; so no table is without its grant, and no grant is forgotten.
 */
export class TableGrants implements Chore {
  readonly #engine: Engine;
  readonly #service: TableKeyService;
  readonly #clock: Clock;
  /** Loose grants that this process is about to give to a table, by name. */
  readonly #underWay = new Set<string>();
  readonly #retryAt_ms = new Map<string, number>();
  #running: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(engine: Engine, service: TableKeyService, clock: Clock) {
    this.#engine = engine;
    this.#service = service;
    this.#clock = clock;
  }

  /**
   * Has a user grant DynamoDB the use of a KMS key for a table. An AWS owned key needs no grant.
   * @throws AwsError what DynamoDB answers when the KMS refuses the grant
   */
  async obtain(tableName: string, key: ChosenKey, principal: Principal): Promise<TableGrant | undefined> {
    if (key.kind === 'aws-owned') return undefined;
    const name = randomUUID();
    const loose: LooseGrant = { keyArn: key.arn, due_ms: this.#clock.wall_ms() + PATIENCE_MS };
    this.#underWay.add(name);
    try {
      await this.#engine.write((transaction) => putLoose(transaction, name, loose));
      return { name, id: await this.#service.createGrant(tableName, key.arn, name, principal) };
    } catch (thrown) {
      if (isRefusal(thrown)) await this.#forget(name);
      else await this.#release(name, loose);
      throw thrown;
    }
  }

  /** Does what the grant was obtained for; when that fails, the grant is retired. */
  async attempt<Result>(grant: TableGrant | undefined, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (thrown) {
      if (grant !== undefined) {
        const loose = readLoose(this.#engine.get(grantKey(grant.name)));
        await this.#release(grant.name, loose && { ...loose, id: grant.id });
      }
      throw thrown;
    }
  }

  /**
   * Writes the table down that the grant was obtained for: from then on it is the table's. When that fails, the grant
   * is retired.
   */
  write<Result>(
    grant: TableGrant | undefined,
    change: (transaction: Transaction) => Result,
  ): Promise<Result> {
    return this.attempt(grant, () =>
      this.#engine
        .write((transaction) => {
          if (grant !== undefined) this.#adopt(transaction, grant);
          return change(transaction);
        })
        .then((result) => {
          if (grant !== undefined) this.#underWay.delete(grant.name);
          return result;
        }),
    );
  }

  /** As `write`, for what writes by itself. */
  writer(grant: TableGrant | undefined): Pick<Engine, 'write'> {
    return { write: (change) => this.write(grant, change) };
  }

  /** Within the transaction that takes a KMS key from a table. `start()` retires the grant. */
  drop(transaction: Transaction, { kmsKeyArn, grant }: { kmsKeyArn?: string; grant?: TableGrant }): void {
    if (grant === undefined || kmsKeyArn === undefined) return;
    putLoose(transaction, grant.name, { keyArn: kmsKeyArn, id: grant.id, due_ms: this.#clock.wall_ms() });
  }

  /** Within the transaction that removes a table. */
  dropAll(transaction: Transaction, { encryption, keyChange }: TableRecord): void {
    this.drop(transaction, encryption);
    if (keyChange !== undefined) this.drop(transaction, keyChange);
  }

  nextDue_ms(): number {
    return Math.min(
      Number.POSITIVE_INFINITY,
      ...this.#loose().map(([name, loose]) => this.#dueOf(name, loose)),
    );
  }

  run(quietUntil_ms = 0): Promise<void> {
    this.#running = this.#running.then(() => this.#retireDue(quietUntil_ms));
    return this.#running;
  }

  /** Retires what is due, after the request that asks for it. */
  start(): void {
    void this.run().catch(() => {
      // The disk: housekeeping tries again.
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running.catch(() => {});
  }

  async #retireDue(quietUntil_ms: number): Promise<void> {
    const now_ms = this.#clock.wall_ms();
    this.#engine.refresh();
    for (const [name, loose] of this.#loose()) {
      if (this.#stopped || this.#dueOf(name, loose) > now_ms) continue;
      if (await this.#retired(name, loose)) await this.#forget(name);
      else this.#retryAt_ms.set(name, Math.max(now_ms + RETRY_MS, quietUntil_ms));
    }
  }

  /** @returns false when the KMS did not answer. One that is refused or not there is as good as retired. */
  async #retired(name: string, { keyArn, id }: LooseGrant): Promise<boolean> {
    try {
      const grantId = id ?? (await this.#service.findGrant(name));
      if (grantId !== undefined) await this.#service.retireGrant(keyArn, grantId);
      return true;
    } catch (thrown) {
      return isRefusal(thrown);
    }
  }

  #adopt(transaction: Transaction, { name }: TableGrant): void {
    // Retired meanwhile by another process, which took this one for dead.
    if (transaction.get(grantKey(name)) === undefined) {
      throw new AwsError('InternalServerError', 'The request took too long. Retry it.', 500);
    }
    transaction.remove(grantKey(name));
  }

  async #release(name: string, loose: LooseGrant | undefined): Promise<void> {
    this.#underWay.delete(name);
    if (loose === undefined) return;
    const due_ms = this.#clock.wall_ms();
    await this.#engine.write((transaction) => putLoose(transaction, name, { ...loose, due_ms }));
    this.start();
  }

  async #forget(name: string): Promise<void> {
    this.#underWay.delete(name);
    this.#retryAt_ms.delete(name);
    await this.#engine.write((transaction) => transaction.remove(grantKey(name)));
  }

  #dueOf(name: string, { due_ms }: LooseGrant): number {
    if (this.#underWay.has(name)) return Number.POSITIVE_INFINITY;
    // A later date was set by a clock that was far ahead, before a restart; that of another process may be a little.
    const latest_ms = this.#clock.wall_ms() + 2 * PATIENCE_MS;
    return Math.max(due_ms > latest_ms ? 0 : due_ms, this.#retryAt_ms.get(name) ?? 0);
  }

  #loose(): [name: string, loose: LooseGrant][] {
    const found: [string, LooseGrant][] = [];
    for (const { key, value } of this.#engine.range({ ...grants(), includeStart: true })) {
      found.push([grantNameOf(key), readLoose(value)!]);
    }
    return found;
  }
}

function putLoose(transaction: Transaction, name: string, loose: LooseGrant): void {
  transaction.put(grantKey(name), Buffer.from(JSON.stringify(loose)));
}

function readLoose(record: Buffer | undefined): LooseGrant | undefined {
  return record && (JSON.parse(record.toString()) as LooseGrant);
}
