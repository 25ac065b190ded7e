import { type GetOptions, open, type RootDatabase, type Transaction as Snapshot } from 'lmdb';
import { InputError } from '../../../std/errors.ts';
import { heardCommitError } from '../../../std/lmdb.ts';
import { LOG_KEY } from '../layout.ts';
import { type Changes, logged } from './commit-log.ts';
import {
  type Engine,
  type EngineRecord,
  type EngineView,
  PendingChange,
  type RangeOptions,
  type Transaction,
} from './engine.ts';

/** With an option that lmdb-js takes, and its types leave out. */
interface Database extends RootDatabase<Buffer, Buffer> {
  getBinaryFast(key: Buffer, options?: GetOptions): Buffer | undefined;
}

/** Address space reserved for the file, which itself grows only with what is stored. */
const MAP_BYTES = 2 ** 38;

interface QueuedWrite {
  change: (transaction: Transaction) => unknown;
  resolve: (result: never) => void;
  reject: (reason: unknown) => void;
  outcome?: { result: unknown } | { reason: unknown };
}

/**
 * Records in LMDB. Writes that arrive while a commit is under way form the next one, so that they share its flush:
 * with one flush at about a millisecond, ten writers get ten writes out of it. Several threads and processes may open
 * the same directory: LMDB's own lock makes each commit exclusive.
 */
export class LmdbEngine implements Engine {
  readonly #db: Database;
  readonly #exclusive: boolean;
  /** Of an exclusive engine: what is read from one refresh to the next. */
  #held: { transaction: Snapshot } | undefined;
  #queue: QueuedWrite[] = [];
  #committing: Promise<void> | undefined;
  snapshot = 0;

  /**
   * @param exclusive nobody else opens the directory, and who does calls `refresh()` after each write: reads share a
   *   snapshot until then. By itself lmdb-js takes one a millisecond, with a timer to end it, which costs more than the
   *   reads.
   * @throws InputError `E_STORE_DIRECTORY` when the directory can't be opened
   */
  constructor(directory: string, exclusive = false) {
    this.#exclusive = exclusive;
    try {
      this.#db = open<Buffer, Buffer>({
        path: directory,
        encoding: 'binary',
        keyEncoding: 'binary',
        mapSize: MAP_BYTES,
        // A commit resolves when it has been flushed, not before; and it holds exactly the batch made here.
        overlappingSync: false,
        eventTurnBatching: false,
      });
      this.#db.transactionSync(() => this.#takeFromLog(directory));
      this.refresh();
    } catch (cause) {
      throw directoryError(directory, cause);
    }
  }

  refresh(): void {
    this.#letGo();
    this.#db.resetReadTxn();
    this.snapshot++;
  }

  get(key: Buffer): Buffer | undefined {
    return this.#read(key, this.#exclusive ? this.#hold() : undefined);
  }

  #read(key: Buffer, options: GetOptions | undefined): Buffer | undefined {
    const volatile = this.#db.getBinaryFast(key, options);
    if (volatile === undefined) return undefined;
    // lmdb-js sets the length of its own, larger buffer, which the next read overwrites. Copying it into Buffer's
    // pool costs a tenth of `getBinary`.
    const value = Buffer.allocUnsafe(volatile.length);
    volatile.copy(value, 0, 0, volatile.length);
    return value;
  }

  range({ start, end, includeStart }: RangeOptions): Iterable<EngineRecord> {
    return this.#db.getRange({ start, end, exclusiveStart: !includeStart });
  }

  async openView(): Promise<EngineView> {
    return this.viewNow();
  }

  viewNow(): EngineView {
    // Otherwise it would be the transaction that reads share, with its moment.
    this.refresh();
    const transaction = this.#db.useReadTransaction();
    return {
      get: (key) => this.#read(key, { transaction }),
      range: ({ start, end, includeStart }) =>
        this.#db.getRange({ start, end, exclusiveStart: !includeStart, transaction }),
      close: () => transaction.done(),
    };
  }

  write<Result>(change: (transaction: Transaction) => Result): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      this.#queue.push({ change, resolve, reject });
      this.#committing ??= this.#commitAll();
    });
  }

  /** Generation of the log up to which everything is here. */
  get applied(): number {
    return this.get(LOG_KEY)?.readUIntBE(0, 6) ?? 0;
  }

  /**
   * Takes over what the log has of a generation: as `write`, but LMDB's thread does it without asking this one.
   * Nothing else may be writing.
   */
  async apply(changes: Changes, generation: number): Promise<void> {
    try {
      await this.#db.batch(() => {
        for (const [key, value] of changes) {
          if (value === undefined) this.#db.remove(Buffer.from(key, 'latin1'));
          else this.#db.put(Buffer.from(key, 'latin1'), value);
        }
        this.#db.put(LOG_KEY, generationRecord(generation));
      });
    } catch (error) {
      throw heardCommitError(error);
    }
  }

  /** What was committed to the log of an engine that was killed. */
  #takeFromLog(directory: string): void {
    for (const { generation, changes } of logged(directory, this.applied)) {
      for (const [key, value] of changes) {
        if (value === undefined) this.#db.removeSync(Buffer.from(key, 'latin1'));
        else this.#db.putSync(Buffer.from(key, 'latin1'), value);
      }
      this.#db.putSync(LOG_KEY, generationRecord(generation));
    }
  }

  async close(): Promise<void> {
    await this.#committing;
    this.#letGo();
    await this.#db.close();
  }

  #hold(): GetOptions {
    this.#held ??= { transaction: this.#db.useReadTransaction() };
    return this.#held;
  }

  #letGo(): void {
    this.#held?.transaction.done();
    this.#held = undefined;
  }

  async #commitAll(): Promise<void> {
    while (this.#queue.length > 0) await this.#commit();
    this.#committing = undefined;
  }

  async #commit(): Promise<void> {
    let batch: QueuedWrite[] = [];
    try {
      await this.#db.transaction(() => {
        // Not before: what was queued while LMDB got ready, after the last commit's writers heard of it, comes along.
        batch = this.#takeQueue();
        for (const write of batch) write.outcome = this.#perform(write);
      });
    } catch (error) {
      const reason = heardCommitError(error);
      // LMDB may fail before it asks for the batch.
      for (const write of batch.length > 0 ? batch : this.#takeQueue()) write.reject(reason);
      return;
    }
    for (const { outcome, resolve, reject } of batch) {
      if (outcome !== undefined && 'result' in outcome) resolve(outcome.result as never);
      else reject(outcome?.reason);
    }
  }

  #takeQueue(): QueuedWrite[] {
    const queue = this.#queue;
    this.#queue = [];
    return queue;
  }

  #perform({ change }: QueuedWrite): { result: unknown } | { reason: unknown } {
    const pending = new PendingChange(this);
    let result: unknown;
    try {
      result = change(pending);
    } catch (reason) {
      return { reason };
    }
    for (const [key, value] of pending.writes) {
      if (value === undefined) this.#db.removeSync(Buffer.from(key, 'latin1'));
      else this.#db.putSync(Buffer.from(key, 'latin1'), value);
    }
    return { result };
  }
}

export function directoryError(directory: string, cause: unknown): InputError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new InputError(
    'E_STORE_DIRECTORY',
    {
      what: `the store's directory can't be opened: ${reason}.`,
      where: directory,
      remedy: 'Name a directory that this user may write, or one made by this version.',
    },
    { cause },
  );
}

function generationRecord(generation: number): Buffer {
  const record = Buffer.allocUnsafe(6);
  record.writeUIntBE(generation, 0, 6);
  return record;
}
