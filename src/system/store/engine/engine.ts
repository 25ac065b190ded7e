/**
 * What the store needs of a storage engine: ordered records, and atomic read-modify-writes that are durable once they
 * resolve. An engine sees sealed bytes only. Keys order by their bytes.
 */
export interface Engine extends RecordReader {
  /**
   * Lets the reads that follow see all that is committed by now, also by other threads and processes. Otherwise reads
   * may share a snapshot from a moment before.
   */
  refresh(): void;
  /** Another number whenever reads may see what they did not see before. */
  readonly snapshot: number;
  /**
   * Records with `start` <= key < `end`, in key order; `start` itself only when `includeStart`. They are read as the
   * caller comes to them, within one turn of the event loop.
   */
  range(options: RangeOptions): Iterable<EngineRecord>;
  /**
   * A view of everything whose write has resolved by now, and of nothing that is begun after the promise has. Whatever
   * is written meanwhile, it stays as it is.
   */
  openView(): Promise<EngineView>;
  /**
   * Runs `change` against the newest state. Nothing of it is kept when it throws; otherwise all of it is, and the
   * promise resolves with its result once it would survive a crash. `change` is synchronous and may not be re-entered.
   */
  write<Result>(change: (transaction: Transaction) => Result): Promise<Result>;
  /** Waits for the writes under way. */
  close(): Promise<void>;
}

/** What an engine held at one moment. While it is open, the room of records changed since is not used again. */
export interface EngineView extends RecordReader {
  range(options: RangeOptions): Iterable<EngineRecord>;
  /** Before the engine's own. */
  close(): void;
}

export interface RecordReader {
  /** The caller owns the bytes and must not change them. */
  get(key: Buffer): Buffer | undefined;
}

export interface Transaction extends RecordReader {
  /** Takes the value over: it must not change afterwards. */
  put(key: Buffer, value: Buffer): void;
  remove(key: Buffer): void;
}

export interface RangeOptions {
  start: Buffer;
  end: Buffer;
  includeStart: boolean;
}

export interface EngineRecord {
  key: Buffer;
  value: Buffer;
}

/** A change that is kept back until it has succeeded, so that one that throws leaves nothing behind. */
export class PendingChange implements Transaction {
  readonly #base: RecordReader;
  readonly #writes = new Map<string, Buffer | undefined>();

  constructor(base: RecordReader) {
    this.#base = base;
  }

  get(key: Buffer): Buffer | undefined {
    if (this.#writes.size > 0) {
      const name = key.toString('latin1');
      if (this.#writes.has(name)) return this.#writes.get(name);
    }
    return this.#base.get(key);
  }

  put(key: Buffer, value: Buffer): void {
    this.#writes.set(key.toString('latin1'), value);
  }

  remove(key: Buffer): void {
    this.#writes.set(key.toString('latin1'), undefined);
  }

  /** In the order of first mention; the key is latin1 text of its bytes, `undefined` stands for removal. */
  get writes(): ReadonlyMap<string, Buffer | undefined> {
    return this.#writes;
  }
}
