import { createRequire } from 'node:module';
import type sortedBtree from 'sorted-btree';
import {
  type Engine,
  type EngineRecord,
  type EngineView,
  PendingChange,
  type RangeOptions,
  type Transaction,
} from './engine.ts';

// A CommonJS module with a default export: what `import` makes of it differs between Node and the test runner.
const { default: BTree } = createRequire(import.meta.url)('sorted-btree') as typeof sortedBtree;

type Records = InstanceType<typeof BTree<string, Buffer>>;

/** Records in a B+ tree in memory, under latin1 keys: their order is the order of the bytes. */
export class MemoryEngine implements Engine {
  readonly #records: Records;

  snapshot = 0;

  constructor(records: Records = new BTree(undefined, (a, b) => (a < b ? -1 : a > b ? 1 : 0))) {
    this.#records = records;
  }

  /** Nobody else has these records. */
  refresh(): void {}

  get(key: Buffer): Buffer | undefined {
    return this.#records.get(key.toString('latin1'));
  }

  *range({ start, end, includeStart }: RangeOptions): Generator<EngineRecord> {
    const first = start.toString('latin1');
    const beyond = end.toString('latin1');
    for (const [key, value] of this.#records.entries(first)) {
      if (key >= beyond) return;
      if (includeStart || key !== first) yield { key: Buffer.from(key, 'latin1'), value };
    }
  }

  /** The clone shares what does not change. */
  async openView(): Promise<EngineView> {
    const view = new MemoryEngine(this.#records.clone());
    return { get: (key) => view.get(key), range: (options) => view.range(options), close: () => {} };
  }

  async write<Result>(change: (transaction: Transaction) => Result): Promise<Result> {
    const pending = new PendingChange(this);
    const result = change(pending);
    this.snapshot++;
    for (const [key, value] of pending.writes) {
      if (value === undefined) this.#records.delete(key);
      else this.#records.set(key, value);
    }
    return result;
  }

  async close(): Promise<void> {
    this.#records.clear();
  }
}
