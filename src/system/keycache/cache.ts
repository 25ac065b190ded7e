import { type Clock, realClock } from '../../std/clock.ts';
import { createRandom, type Random } from '../../std/random.ts';
import { Cell } from './cell.ts';
import { CellIndex } from './cellindex.ts';
import { Recency } from './recency.ts';
import type { CacheCounters, CacheLookup, KeyCacheOptions, Wipeable } from './types.ts';

const DEFAULT_MAX_ENTRIES = 100_000;
/** Overdue entries are looked for once a lifetime, and not more often than this. */
const MIN_SWEEP_INTERVAL_NS = 1e9;
/** After a refresh that failed the next one waits so much of the refresh window: hits must not call a failing KMS each. */
const REFRESH_PAUSE = 0.1;
/** Any seed would do. */
const JITTER_SEED = 0x7177;

const NO_COUNTS: CacheCounters = {
  lookups: 0,
  hits: 0,
  misses: 0,
  coalesced: 0,
  duplicates: 0,
  refreshes: 0,
  expired: 0,
  evicted: 0,
};

/**
 * A cache of secrets that cost a call to load.
 *
 * Lifetime: `ttl_ms` from the *start* of the load, when the KMS had not yet checked the permission: the strict bound;
 * with sliding expiry, from the last lookup; jitter shortens it. An overdue entry is never served, whatever becomes of
 * its reload, and a failed load is not remembered. A lifetime of 0 caches nothing and shares nothing.
 *
 * With early refresh a hit near the end of an entry's life loads its successor by the `load` of that hit, and so as its
 * principal; there is one such load at most for an entry. The entry serves on until its own end. Whoever comes after
 * it waits for the successor, as for any load under way.
 *
 * Every entry that the cache lets go (overdue, evicted, invalidated, replaced, or loaded for a key dropped meanwhile)
 * gets `wipe()`, once and at once. Those who wait for a load are answered even so: an entry whose users need it a little
 * longer puts the erasing off by itself, as the envelope's `TableKeys` do until the turn of the event loop is over.
 */
export class KeyCache<Entry extends Wipeable> {
  readonly #index: CellIndex<Entry>;
  /** Cells that are done loading. */
  readonly #settled = new Recency<Entry>();
  /** Cells that load beside the one in the index: refreshes, and all but the first where each miss loads for itself. */
  readonly #aside = new Set<Cell<Entry>>();
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #ttl_ns: number;
  readonly #jitter: number;
  readonly #early_ns: number;
  readonly #sliding: boolean;
  readonly #singleFlight: boolean;
  readonly #maxEntries: number;
  readonly #counts: CacheCounters = { ...NO_COUNTS };
  #swept_ns: number;

  /** @throws RangeError for options that contradict each other */
  constructor(options: KeyCacheOptions) {
    const { scope, ttl_ms, expiry, maxEntries = DEFAULT_MAX_ENTRIES, clock = realClock } = options;
    const { singleFlight = true, earlyRefresh_ms = 0, jitter = 0 } = options;
    if (!(ttl_ms >= 0)) throw new RangeError(`Lifetime of a cached key: 0 ms or more, got ${ttl_ms}.`);
    if (!(maxEntries >= 1)) throw new RangeError(`Entries of a key cache: 1 or more, got ${maxEntries}.`);
    if (!(jitter >= 0 && jitter < 1))
      throw new RangeError(`Jitter of a lifetime: from 0 to 1, got ${jitter}.`);
    if (!(earlyRefresh_ms === 0 || (earlyRefresh_ms > 0 && earlyRefresh_ms < ttl_ms * (1 - jitter))))
      throw new RangeError(`Early refresh: less than the shortest lifetime, got ${earlyRefresh_ms} ms.`);
    if (earlyRefresh_ms > 0 && expiry === 'sliding')
      throw new RangeError('Early refresh: with absolute expiry only.');
    this.#index = new CellIndex(scope);
    this.#clock = clock;
    this.#random = options.random ?? createRandom(JITTER_SEED);
    this.#ttl_ns = ttl_ms * 1e6;
    this.#jitter = jitter;
    this.#early_ns = earlyRefresh_ms * 1e6;
    this.#sliding = expiry === 'sliding';
    this.#singleFlight = singleFlight;
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
    const found = this.#index.find(lookup);
    if (found === undefined) return this.#miss(lookup, load, now_ns);
    const cell = found.isFresh(now_ns) ? found : this.#succeed(found, now_ns);
    if (cell?.entry !== undefined) {
      this.#counts.hits++;
      if (this.#sliding) cell.since_ns = now_ns;
      this.#settled.touch(cell);
      if (now_ns >= cell.refreshFrom_ns) this.#refresh(cell, load, now_ns);
      return cell.entry;
    }
    if (cell === undefined) return this.#miss(lookup, load, now_ns);
    if (!this.#singleFlight) return this.#loadBeside(cell, load, now_ns);
    if (this.#sliding) cell.since_ns = now_ns;
    this.#counts.coalesced++;
    return cell.load!;
  }

  /** Forgets what the connection's slots hold. Does nothing in scopes that outlive connections. */
  closeConnection(connectionId: number): void {
    for (const cell of this.#index.ofConnection(connectionId)) this.#drop(cell);
    this.#dropAside((cell) => this.#index.belongsTo(cell, connectionId));
  }

  /** Forgets the table's keys, whoever's. What is being loaded answers those who wait for it and is not kept. */
  invalidateTable(table: string): void {
    for (const cell of this.#index.all()) if (cell.table === table) this.#drop(cell);
    this.#dropAside((cell) => cell.table === table);
  }

  /** Forgets everything, likewise. */
  wipe(): void {
    for (const cell of this.#index.all()) this.#drop(cell);
    this.#dropAside(() => true);
  }

  /**
   * Erases overdue entries that nobody asks for. Their cells stay, so that whoever does ask is counted as having found
   * an expired entry. Misses see to it as well, now and then: for a cache that nobody uses any more, call it.
   */
  eraseOverdue(): void {
    const now_ns = this.#clock.now_ns();
    this.#swept_ns = now_ns;
    for (const cell of this.#settled) {
      if (cell.isFresh(now_ns)) continue;
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

  #miss(lookup: CacheLookup, load: () => Promise<Entry>, now_ns: number): Promise<Entry> {
    this.#counts.misses++;
    if (now_ns - this.#swept_ns >= Math.max(this.#ttl_ns, MIN_SWEEP_INTERVAL_NS)) this.eraseOverdue();
    const cell = this.#newCell(this.#index.placeOf(lookup), now_ns);
    this.#index.put(cell);
    return this.#load(cell, load);
  }

  /** Where each miss loads for itself: a load of a key that another one is bringing already. */
  #loadBeside(place: Cell<Entry>, load: () => Promise<Entry>, now_ns: number): Promise<Entry> {
    this.#counts.misses++;
    this.#counts.duplicates++;
    const cell = this.#newCell(place, now_ns);
    this.#aside.add(cell);
    return this.#load(cell, load);
  }

  #refresh(cell: Cell<Entry>, load: () => Promise<Entry>, now_ns: number): void {
    if (cell.successor !== undefined) return;
    this.#counts.refreshes++;
    const successor = this.#newCell(cell, now_ns);
    cell.successor = successor;
    this.#aside.add(successor);
    this.#load(successor, load).catch(() => {
      if (cell.successor !== successor) return;
      cell.successor = undefined;
      cell.refreshFrom_ns = this.#clock.now_ns() + REFRESH_PAUSE * this.#early_ns;
    });
  }

  #newCell(place: Pick<Cell<Entry>, 'slot' | 'principal' | 'table'>, now_ns: number): Cell<Entry> {
    const life_ns =
      this.#jitter === 0 ? this.#ttl_ns : this.#ttl_ns * (1 - this.#jitter * this.#random.next());
    return new Cell<Entry>(place, now_ns, life_ns, this.#early_ns);
  }

  #load(cell: Cell<Entry>, load: () => Promise<Entry>): Promise<Entry> {
    // Started a microtask later: a `load` that comes back to the cache must find its cell in order.
    cell.load = Promise.resolve()
      .then(load)
      .then(
        (entry) => this.#settle(cell, entry),
        (error) => {
          this.#aside.delete(cell);
          this.#drop(cell);
          throw error;
        },
      );
    return cell.load;
  }

  #settle(cell: Cell<Entry>, entry: Entry): Entry {
    this.#aside.delete(cell);
    if (cell.dropped || !cell.isFresh(this.#clock.now_ns()) || !this.#takePlace(cell)) {
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

  /** What was loaded beside another cell replaces it, unless that one is younger. */
  #takePlace(cell: Cell<Entry>): boolean {
    const there = this.#index.at(cell);
    if (there === cell) return true;
    if (there !== undefined) {
      if (there.entry !== undefined && there.since_ns > cell.since_ns) return false;
      this.#release(there);
    }
    this.#index.put(cell);
    return true;
  }

  /** A cell's time is over: makes way for a load in its place, or for the successor that is on its way already. */
  #succeed(cell: Cell<Entry>, now_ns: number): Cell<Entry> | undefined {
    if (cell.load === undefined) this.#counts.expired++;
    this.#release(cell);
    const { successor } = cell;
    cell.successor = undefined;
    if (successor === undefined || successor.dropped || !successor.isFresh(now_ns)) return undefined;
    this.#aside.delete(successor);
    this.#index.put(successor);
    return successor;
  }

  /** Takes a cell's entry away and leaves its place to whoever comes. */
  #release(cell: Cell<Entry>): void {
    cell.dropped = true;
    if (cell.load !== undefined) return;
    this.#settled.remove(cell);
    cell.entry?.wipe();
  }

  #drop(cell: Cell<Entry>): void {
    if (cell.dropped) return;
    cell.dropped = true;
    if (cell.successor !== undefined) cell.successor.dropped = true;
    if (this.#index.at(cell) === cell) this.#index.remove(cell);
    if (cell.load !== undefined) return;
    this.#settled.remove(cell);
    if (cell.entry === undefined) return;
    this.#counts.evicted++;
    cell.entry.wipe();
  }

  #dropAside(chosen: (cell: Cell<Entry>) => boolean): void {
    for (const cell of this.#aside) if (chosen(cell)) cell.dropped = true;
  }
}
