import type { StoreCore } from '../core.ts';
import { followersChanged } from '../followers.ts';
import type { Chore } from '../housekeeping.ts';
import { withNotice } from '../keys/key-notices.ts';
import { isRefusal } from '../keys/kms-errors.ts';
import { changeTable, type KeyNotice, type TableRecord } from '../tables/catalog.ts';
import type { StoreOptions } from '../types.ts';
import { createReplica } from './creation.ts';
import { Pull } from './pull.ts';

/** How long a replica's KMS key may be inaccessible before the replica leaves its group. Source: DynamoDB's guide. */
const PATIENCE_MS = 20 * 3_600_000;
/** Lifecycle time until a replica is tried to be made again when the KMS did not answer. */
const RETRY_MS = 60_000;

/**
 * What a store does for its replicated tables: makes replicas of them in other Regions, brings the changes of their
 * replicas here, and lets those leave whose KMS key has been inaccessible for 20 hours. A replica that leaves stays, as
 * a table of its own: in that one transaction it is no member any more, for whoever asks.
 */
export class Replication implements Chore {
  readonly #core: StoreCore;
  readonly #delay_ms: number;
  /** There is somebody to tell. */
  readonly #tells: boolean;
  /** By table id, the source's table id and its Region. */
  readonly #pulls = new Map<string, Pull>();
  /** Pulls that were stopped and may still be at work. */
  readonly #ending = new Set<Promise<void>>();
  readonly #retryAt_ms = new Map<string, number>();
  #joining: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(core: StoreCore, { replicationDelay_ms = 0, notify }: StoreOptions) {
    this.#core = core;
    this.#delay_ms = replicationDelay_ms;
    this.#tells = notify !== undefined;
  }

  /** Tables or stores joined or left: what is due now is begun at once. */
  wake(): void {
    if (this.nextDue_ms() > this.#core.clock.wall_ms()) return;
    // The disk: housekeeping tries again.
    void this.run(0).catch(() => {});
  }

  nextDue_ms(): number {
    if (this.#stopped) return Number.POSITIVE_INFINITY;
    this.#core.engine.refresh();
    const replicated = this.#replicated();
    this.#matchPulls(replicated);
    return Math.min(
      Number.POSITIVE_INFINITY,
      ...replicated.map((table) => Math.min(leavesAt_ms(table), this.#joinsAt_ms(table))),
      ...[...this.#pulls.values()].map((pull) => pull.nextDue_ms()),
    );
  }

  async run(quietUntil_ms: number): Promise<void> {
    if (this.#stopped) return;
    const now_ms = this.#core.clock.wall_ms();
    for (const table of this.#replicated()) {
      if (leavesAt_ms(table) <= now_ms) await this.#leave(table);
    }
    this.#joining = this.#joining.catch(() => {}).then(() => this.#join(quietUntil_ms));
    await this.#joining;
    const due = [...this.#pulls.values()].filter((pull) => pull.nextDue_ms() <= now_ms);
    await Promise.all(due.map((pull) => pull.run(quietUntil_ms)));
  }

  /** Resolves when nothing is read from other stores any more that was begun by now. */
  async settled(): Promise<void> {
    this.#matchPulls(this.#replicated());
    await this.#joining.catch(() => {});
    await Promise.all([...[...this.#pulls.values()].map((pull) => pull.settled()), ...this.#ending]);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#joining.catch(() => {});
    await Promise.all([...[...this.#pulls.values()].map((pull) => pull.stop()), ...this.#ending]);
  }

  #replicated(): TableRecord[] {
    return this.#core.catalog.all().filter(({ replication }) => replication !== undefined);
  }

  /** A pull for each replica that there is of a table, and none for those that are gone. */
  #matchPulls(replicated: readonly TableRecord[]): void {
    const wanted = new Set<string>();
    for (const table of replicated) {
      for (const source of this.#core.regions.replicasOf(this.#core, table)) {
        const name = `${table.id}/${source.table.id}/${source.core.region}`;
        wanted.add(name);
        if (!this.#pulls.has(name)) {
          this.#pulls.set(name, new Pull(this.#core, table, source, this.#delay_ms));
        }
      }
    }
    for (const [name, pull] of this.#pulls) {
      if (wanted.has(name)) continue;
      this.#pulls.delete(name);
      const ending = pull.stop();
      this.#ending.add(ending);
      void ending.finally(() => this.#ending.delete(ending));
    }
  }

  async #leave(table: TableRecord): Promise<void> {
    await changeTable(this.#core.engine, table, (current, transaction) => {
      const now_ms = this.#core.clock.wall_ms();
      if (leavesAt_ms(current) > now_ms) return current;
      const { replication: _left, ...rest } = current;
      return followersChanged(transaction, this.#tells ? withNotice(rest, removalOf(rest, now_ms)) : rest);
    });
    this.#core.engine.refresh();
    this.#core.regions.wake();
  }

  #joinsAt_ms({ id, replication }: TableRecord): number {
    const { joining } = replication!;
    const waits =
      joining === undefined ||
      joining.failure !== undefined ||
      this.#core.regions.coreOf(joining.region) === undefined;
    return waits ? Number.POSITIVE_INFINITY : (this.#retryAt_ms.get(id) ?? 0);
  }

  async #join(quietUntil_ms: number): Promise<void> {
    for (const table of this.#replicated()) {
      const now_ms = this.#core.clock.wall_ms();
      if (this.#stopped || this.#joinsAt_ms(table) > now_ms) continue;
      this.#retryAt_ms.delete(table.id);
      try {
        await createReplica(this.#core, table);
      } catch (thrown) {
        if (!isRefusal(thrown)) this.#retryAt_ms.set(table.id, Math.max(now_ms + RETRY_MS, quietUntil_ms));
        else await this.#fail(table, thrown.message);
      }
      this.#core.engine.refresh();
      this.#core.regions.wake();
    }
  }

  async #fail(table: TableRecord, failure: string): Promise<void> {
    await changeTable(this.#core.engine, table, (current) => {
      const { replication } = current;
      if (replication?.joining === undefined) return current;
      return { ...current, replication: { ...replication, joining: { ...replication.joining, failure } } };
    });
  }
}

function removalOf({ keyLoss, encryption }: TableRecord, now_ms: number): KeyNotice | undefined {
  if (keyLoss === undefined || keyLoss.status === 'SUSPECTED') return undefined;
  const { inaccessible_ms } = keyLoss;
  return { event: 'replica-removed', keyArn: encryption.kmsKeyArn ?? '', at_ms: now_ms, inaccessible_ms };
}

/** A replica of which not all is there waits for its key: it is nothing without the rest. */
function leavesAt_ms({ keyLoss, replication }: TableRecord): number {
  const stays = keyLoss === undefined || keyLoss.status === 'SUSPECTED' || replication?.source !== undefined;
  return stays ? Number.POSITIVE_INFINITY : keyLoss.inaccessible_ms + PATIENCE_MS;
}
