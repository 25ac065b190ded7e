import { type Clock, realClock } from '../../std/clock.ts';
import type { Cell } from './cell.ts';
import { CellIndex } from './cellindex.ts';
import { Recency } from './recency.ts';
import type { CacheCounters, CacheLookup, KeyCacheOptions, Wipeable } from './types.ts';

const DEFAULT_MAX_ENTRIES = 100_000;
/** Overdue entries are looked for once a lifetime, and not more often than this. */
const MIN_SWEEP_INTERVAL_NS = 1e9;

const NO_COUNTS: CacheCounters = { lookups: 0, hits: 0, misses: 0, coalesced: 0, expired: 0, evicted: 0 };

/**
 * A cache of secrets that cost a call to load.
 *
 * Lifetime: `ttl_ms` from the *start* of the load, when the KMS had not yet checked the permission: the strict bound;
 * with sliding expiry, from the last lookup. An overdue entry is never served, whatever becomes of its reload, and a
 * failed load is not remembered. A lifetime of 0 caches nothing and shares nothing.
 *
 * Every entry that the cache lets go (overdue, evicted, invalidated, or loaded for a key dropped meanwhile) gets
 * `wipe()`, once and at once. Those who wait for a load are answered even so: an entry whose users need it a little
 * longer puts the erasing off by itself, as the envelope's `TableKeys` do until the turn of the event loop is over.
 */
export class KeyCache<Entry extends Wipeable> {
  readonly #index: CellIndex<Entry>;
  /** Cells that are done loading. */
  readonly #settled = new Recency<Entry>();
  readonly #clock: Clock;
  readonly #ttl_ns: number;
  readonly #sliding: boolean;
  readonly #maxEntries: number;
  readonly #counts: CacheCounters = { ...NO_COUNTS };
  #swept_ns: number;

  constructor(options: KeyCacheOptions) {
    const { scope, ttl_ms, expiry, maxEntries = DEFAULT_MAX_ENTRIES, clock = realClock } = options;
    if (!(ttl_ms >= 0)) throw new RangeError(`Lifetime of a cached key: 0 ms or more, got ${ttl_ms}.`);
    if (!(maxEntries >= 1)) throw new RangeError(`Entries of a key cache: 1 or more, got ${maxEntries}.`);
    this.#index = new CellIndex(scope);
    this.#clock = clock;
    this.#ttl_ns = ttl_ms * 1e6;
    this.#sliding = expiry === 'sliding';
    this.#maxEntries = maxEntries;
    this.#swept_ns = clock.now_ns();
  }

  /**
   * The entry itself when it is cached; otherwise a promise of what `load`, or a load of the same key that is under
   * way, brings. All who wait for a load that fails get its error.
   */
  get(lookup: CacheLookup, load: () => Promise<Entry>): Entry | Promise<Entry> {
    this.#counts.lookups++;
    const now_ns = this.#clock.now_ns();
    const cell = this.#index.find(lookup);
    if (cell !== undefined) {
      if (this.#isFresh(cell, now_ns)) {
        if (this.#sliding) cell.since_ns = now_ns;
        if (cell.entry !== undefined) {
          this.#counts.hits++;
          this.#settled.touch(cell);
          return cell.entry;
        }
        this.#counts.coalesced++;
        return cell.load!;
      }
      this.#retire(cell);
    }
    this.#counts.misses++;
    this.#sweep(now_ns);
    return this.#load(lookup, load, now_ns);
  }

  /** Forgets what the connection's slots hold. Does nothing in scopes that outlive connections. */
  closeConnection(connectionId: number): void {
    for (const cell of this.#index.ofConnection(connectionId)) this.#drop(cell);
  }

  /** Forgets the table's keys, whoever's. What is being loaded answers those who wait for it and is not kept. */
  invalidateTable(table: string): void {
    for (const cell of this.#index.all()) if (cell.table === table) this.#drop(cell);
  }

  /** Forgets everything, likewise. */
  wipe(): void {
    for (const cell of this.#index.all()) this.#drop(cell);
  }

  /**
   * Erases overdue entries that nobody asks for. Their cells stay, so that whoever does ask is counted as having found
   * an expired entry. Misses see to it as well, now and then: for a cache that nobody uses any more, call it.
   */
  eraseOverdue(): void {
    const now_ns = this.#clock.now_ns();
    this.#swept_ns = now_ns;
    for (const cell of this.#settled) {
      if (this.#isFresh(cell, now_ns)) continue;
      cell.entry?.wipe();
      cell.entry = undefined;
    }
  }

  counters(): CacheCounters {
    return { ...this.#counts };
  }

  /** Zeroes the counters. */
  reset(): void {
    Object.assign(this.#counts, NO_COUNTS);
  }

  #isFresh(cell: Cell<Entry>, now_ns: number): boolean {
    return now_ns - cell.since_ns < this.#ttl_ns;
  }

  #load(lookup: CacheLookup, load: () => Promise<Entry>, now_ns: number): Promise<Entry> {
    const cell = this.#index.create(lookup, now_ns);
    // Started a microtask later: a `load` that comes back to the cache must find its cell in order.
    cell.load = Promise.resolve()
      .then(load)
      .then(
        (entry) => this.#settle(cell, entry),
        (error) => {
          this.#drop(cell);
          throw error;
        },
      );
    return cell.load;
  }

  #settle(cell: Cell<Entry>, entry: Entry): Entry {
    if (cell.dropped || !this.#isFresh(cell, this.#clock.now_ns())) {
      this.#drop(cell);
      entry.wipe();
      return entry;
    }
    cell.load = undefined;
    cell.entry = entry;
    this.#settled.add(cell);
    if (this.#settled.size > this.#maxEntries) this.#drop(this.#settled.oldest!);
    return entry;
  }

  /** Makes way for a load in place of a cell whose time is over. */
  #retire(cell: Cell<Entry>): void {
    cell.dropped = true;
    if (cell.load !== undefined) return;
    this.#counts.expired++;
    this.#settled.remove(cell);
    cell.entry?.wipe();
  }

  #drop(cell: Cell<Entry>): void {
    if (cell.dropped) return;
    cell.dropped = true;
    this.#index.remove(cell);
    if (cell.load !== undefined) return;
    this.#settled.remove(cell);
    if (cell.entry === undefined) return;
    this.#counts.evicted++;
    cell.entry.wipe();
  }

  #sweep(now_ns: number): void {
    if (now_ns - this.#swept_ns >= Math.max(this.#ttl_ns, MIN_SWEEP_INTERVAL_NS)) this.eraseOverdue();
  }
}
