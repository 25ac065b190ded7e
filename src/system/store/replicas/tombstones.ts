import type { Clock } from '../../../std/clock.ts';
import type { Engine } from '../engine/engine.ts';
import type { Chore } from '../housekeeping.ts';
import { stampKey, tombstoneLocatorOf, tombstonesBefore } from '../layout.ts';
import type { Catalog, TableRecord } from '../tables/catalog.ts';

/** As long as streams keep the removal itself: nobody can come with an older change after that. */
const KEPT_MS = 24 * 3_600_000;
const INTERVAL_MS = 3_600_000;
/** Removed in one transaction: other writers wait for it. */
const BATCH_RECORDS = 500;

/** Forgets, after a day, that items of replicated tables were removed. */
export class TombstoneTrimming implements Chore {
  readonly #engine: Engine;
  readonly #catalog: Catalog;
  readonly #clock: Clock;
  #next_ms = 0;

  constructor(engine: Engine, catalog: Catalog, clock: Clock) {
    this.#engine = engine;
    this.#catalog = catalog;
    this.#clock = clock;
  }

  nextDue_ms(): number {
    const any = this.#catalog.all().some(({ replication }) => replication !== undefined);
    return any ? this.#next_ms : Number.POSITIVE_INFINITY;
  }

  async run(quietUntil_ms: number): Promise<void> {
    const now_ms = this.#clock.wall_ms();
    for (const table of this.#catalog.all()) {
      if (table.replication !== undefined) await this.#trim(table, Math.floor(now_ms) - KEPT_MS);
    }
    this.#next_ms = Math.max(now_ms + INTERVAL_MS, quietUntil_ms);
  }

  async #trim({ number }: TableRecord, until_ms: number): Promise<void> {
    const range = { ...tombstonesBefore(number, Math.max(0, until_ms)), includeStart: true };
    for (;;) {
      const keys: Buffer[] = [];
      for (const { key } of this.#engine.range(range)) {
        keys.push(key);
        if (keys.length === BATCH_RECORDS) break;
      }
      if (keys.length === 0) return;
      await this.#engine.write((transaction) => {
        for (const key of keys) {
          // Gone with a later change: then the stamp is of that.
          if (transaction.get(key) === undefined) continue;
          transaction.remove(key);
          transaction.remove(stampKey(number, tombstoneLocatorOf(key)));
        }
      });
      this.#engine.refresh();
    }
  }
}
