import { CommitLog } from './commit-log.ts';
import {
  type Engine,
  type EngineRecord,
  type EngineView,
  PendingChange,
  type RangeOptions,
  type RecordReader,
  type Transaction,
} from './engine.ts';
import { directoryError, LmdbEngine } from './engine-lmdb.ts';

/** What is in the log stays no longer out of the database. */
const LOGGED_AT_MOST_MS = 1000;

/** The rest of this turn of the event loop: requests that have arrived by now still join a commit. */
const turnEnd = () => new Promise<void>((resolve) => setImmediate(resolve));

interface Writer {
  outcome: { result: unknown } | { reason: unknown };
  resolve: (result: never) => void;
  reject: (reason: unknown) => void;
}

type Records = Map<string, Buffer | undefined>;

/** What one commit is to hold: records as its changes left them, and who waits for it. */
class Batch {
  readonly writes: Records = new Map();
  readonly writers: Writer[] = [];
}

/**
 * Records in LMDB behind a log, in a directory that nobody else opens. A change runs at once, on top of all before
 * it, and its batch goes to the log as soon as the one before has: commits overlap with the work on the next. LMDB
 * gets what the log has in large transactions.
 */
export class LoggedEngine implements Engine, RecordReader {
  readonly #base: LmdbEngine;
  readonly #log: CommitLog;
  /** Changed and not committed: readers don't see it. */
  #filling = new Batch();
  #flushing: Batch | undefined;
  /** Committed to the log's generation under way, and to the one before while LMDB is taking it over. */
  #recent: Records = new Map();
  #settling: Records = new Map();
  #settlingGeneration = 0;
  #committing: Promise<void> | undefined;
  #applying = Promise.resolve();
  /** A commit failed, and not everyone may have heard of it. */
  #failing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** They wait until LMDB has all that the log had when they came, and nothing newer. */
  #viewers: PromiseWithResolvers<EngineView>[] = [];
  /** The log has something for long enough. */
  #overdue = false;
  snapshot = 0;

  /** @throws InputError `E_STORE_DIRECTORY` when the directory can't be opened */
  constructor(directory: string) {
    this.#base = new LmdbEngine(directory, true);
    try {
      this.#log = new CommitLog(directory, this.#base.applied);
    } catch (cause) {
      throw directoryError(directory, cause);
    }
  }

  /** Nobody else writes: what is committed is seen at once. */
  refresh(): void {}

  get(key: Buffer): Buffer | undefined {
    if (this.#recent.size + this.#settling.size === 0) return this.#base.get(key);
    const name = key.toString('latin1');
    for (const records of [this.#recent, this.#settling]) {
      const value = records.get(name);
      // A copy: the log uses its memory again.
      if (value !== undefined) return Buffer.from(value);
      if (records.has(name)) return undefined;
    }
    return this.#base.get(key);
  }

  *range(options: RangeOptions): Generator<EngineRecord> {
    const logged = this.#loggedNames(options);
    let next = 0;
    for (const record of this.#base.range(options)) {
      const name = record.key.toString('latin1');
      while (next < logged.length && logged[next]! < name) yield* this.#loggedRecord(logged[next++]!);
      if (logged[next] === name) yield* this.#loggedRecord(logged[next++]!);
      else yield record;
    }
    while (next < logged.length) yield* this.#loggedRecord(logged[next++]!);
  }

  /** In order; they stand in for what LMDB has under the same keys. */
  #loggedNames({ start, end, includeStart }: RangeOptions): string[] {
    const [first, beyond] = [start.toString('latin1'), end.toString('latin1')];
    const inside = (name: string) => name < beyond && (name > first || (includeStart && name === first));
    return [...new Set([...this.#settling.keys(), ...this.#recent.keys()])].filter(inside).sort();
  }

  /** None where the record was removed. */
  *#loggedRecord(name: string): Generator<EngineRecord> {
    const key = Buffer.from(name, 'latin1');
    const value = this.get(key);
    if (value !== undefined) yield { key, value };
  }

  write<Result>(change: (transaction: Transaction) => Result): Promise<Result> {
    if (this.#failing !== undefined) return this.#failing.then(() => this.write(change));
    const pending = new PendingChange({ get: (key) => this.#newest(key) });
    const outcome = outcomeOf(change, pending);
    const { writes, writers } = this.#filling;
    if ('result' in outcome) for (const [key, value] of pending.writes) writes.set(key, value);
    // Also what wrote nothing may come of what another change wrote: nobody hears of it before it is durable.
    return new Promise<Result>((resolve, reject) => {
      writers.push({ outcome, resolve, reject });
      this.#committing ??= this.#commitAll();
    });
  }

  openView(): Promise<EngineView> {
    const viewer = Promise.withResolvers<EngineView>();
    this.#viewers.push(viewer);
    this.#fallDue();
    return viewer.promise;
  }

  async close(): Promise<void> {
    await this.#committing;
    clearTimeout(this.#timer);
    try {
      await this.#turn();
      await this.#applied();
    } catch {
      // LMDB did not take it: it stays in the log, for whoever opens the directory next.
    }
    this.#log.close();
    await this.#base.close();
  }

  #newest(key: Buffer): Buffer | undefined {
    const name = key.toString('latin1');
    for (const batch of [this.#filling, this.#flushing]) {
      if (batch?.writes.has(name)) return batch.writes.get(name);
    }
    return this.get(key);
  }

  async #commitAll(): Promise<void> {
    while (this.#overdue || this.#filling.writers.length > 0) {
      await turnEnd();
      await this.#commit();
    }
    this.#committing = undefined;
  }

  async #commit(): Promise<void> {
    const batch = this.#filling;
    this.#flushing = batch;
    this.#filling = new Batch();
    try {
      await this.#flush(batch);
    } catch (error) {
      this.#fail(error, batch);
      return;
    }
    this.#flushing = undefined;
    tell(batch.writers);
  }

  async #flush({ writes }: Batch): Promise<void> {
    if (this.#overdue || !this.#log.fits(writes)) await this.#turn();
    if (writes.size === 0) return;
    if (this.#log.fits(writes)) {
      for (const [key, value] of await this.#log.append(writes)) this.#recent.set(key, value);
      this.#timer ??= setTimeout(() => this.#fallDue(), LOGGED_AT_MOST_MS).unref();
    } else {
      await this.#applied();
      await this.#base.apply(writes, this.#log.generation);
      this.#base.refresh();
      this.#log.turn();
    }
    this.snapshot++;
  }

  #fallDue(): void {
    this.#overdue = true;
    this.#committing ??= this.#commitAll();
  }

  /** Lets LMDB take over what the log has, while commits go to the log's other half. */
  async #turn(): Promise<void> {
    this.#overdue = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#applied();
    this.#settling = this.#recent;
    this.#recent = new Map();
    this.#settlingGeneration = this.#log.generation;
    this.#log.turn();
    const viewers = this.#viewers;
    this.#viewers = [];
    this.#apply(viewers);
  }

  #apply(viewers: readonly PromiseWithResolvers<EngineView>[] = []): void {
    this.#applying = this.#base.apply(this.#settling, this.#settlingGeneration).then(() => {
      this.#base.refresh();
      this.#settling = new Map();
      // Now: with the next generation LMDB moves on.
      for (const { resolve } of viewers) resolve(this.#base.viewNow());
    });
    this.#applying.catch((reason) => {
      for (const { reject } of viewers) reject(reason);
    });
  }

  /** Whatever went wrong when it was tried before may be over. @throws what is wrong still */
  async #applied(): Promise<void> {
    try {
      await this.#applying;
    } catch {
      this.#apply();
      await this.#applying;
    }
  }

  /** What ran on top of the batch that was lost is lost with it. */
  #fail(reason: unknown, batch: Batch): void {
    const lost = [...batch.writers, ...this.#filling.writers];
    const viewers = this.#viewers;
    this.#flushing = undefined;
    this.#filling = new Batch();
    this.#viewers = [];
    // No change before all of them have heard, and have taken back what they remember of it.
    this.#failing = turnEnd().then(() => {
      this.#failing = undefined;
    });
    for (const { reject } of [...lost, ...viewers]) reject(reason);
  }
}

function outcomeOf(
  change: (transaction: Transaction) => unknown,
  transaction: Transaction,
): Writer['outcome'] {
  try {
    return { result: change(transaction) };
  } catch (reason) {
    return { reason };
  }
}

function tell(writers: readonly Writer[]): void {
  for (const { outcome, resolve, reject } of writers) {
    if ('result' in outcome) resolve(outcome.result as never);
    else reject(outcome.reason);
  }
}
