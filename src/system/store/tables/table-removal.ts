import type { Engine } from '../engine/engine.ts';
import { deletedTableKey, deletedTables, type KeyRange, tableData, tableNumberOf } from '../layout.ts';

/** Records removed in one transaction: other writers wait for it. */
const BATCH_RECORDS = 500;

/** Removes the sealed data of deleted tables, a few records at a time, also those that an earlier process left. */
export class TableRemoval {
  readonly #engine: Engine;
  #running: Promise<void> | undefined;
  #stopped = false;
  #failure: unknown;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  start(): void {
    if (this.#stopped) return;
    this.#running ??= this.#removeAll()
      .catch((failure) => {
        this.#failure = failure;
      })
      .finally(() => {
        this.#running = undefined;
      });
  }

  /** Ends after the batch under way. @throws what ended an earlier removal too soon */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #removeAll(): Promise<void> {
    for (
      let key = this.#first(deletedTables());
      key !== undefined && !this.#stopped;
      key = this.#first(deletedTables())
    ) {
      await this.#removeSome(tableNumberOf(key));
    }
  }

  async #removeSome(tableNumber: number): Promise<void> {
    const keys: Buffer[] = [];
    for (const { key } of this.#engine.range({ ...tableData(tableNumber), includeStart: true })) {
      keys.push(key);
      if (keys.length === BATCH_RECORDS) break;
    }
    await this.#engine.write((transaction) => {
      for (const key of keys) transaction.remove(key);
      if (keys.length < BATCH_RECORDS) transaction.remove(deletedTableKey(tableNumber));
    });
  }

  #first(range: KeyRange): Buffer | undefined {
    for (const { key } of this.#engine.range({ ...range, includeStart: true })) return key;
    return undefined;
  }
}
