import type { Clock } from '../../std/clock.ts';
import type { Random } from '../../std/random.ts';

export type CacheScope = 'connection' | 'caller' | 'host' | 'process';

/** What a cached value must know: how to erase its secrets. */
export interface Wipeable {
  wipe(): void;
}

/** Who asks, from where, for which table. The scope picks the parts that make the cache key. */
export interface CacheLookup {
  connectionId: number;
  /** Principal ARN. */
  principal: string;
  host: number;
  /** Table id: never reused, so a table created anew under an old name misses. */
  table: string;
}

export interface KeyCacheOptions {
  scope: CacheScope;
  ttl_ms: number;
  /** absolute: from the load. sliding: from the last use. */
  expiry: 'absolute' | 'sliding';
  /** Default 100,000. The least recently used entry is evicted first. */
  maxEntries?: number;
  /** Default true: who asks for a key that is being loaded waits for that load. false: each loads for itself. */
  singleFlight?: boolean;
  /**
   * A hit in so much of the end of an entry's life loads a new one beside it. Default 0: none. Less than any life, and
   * with absolute expiry only: a sliding entry is young again with each hit.
   */
  earlyRefresh_ms?: number;
  /** Each life is shorter than `ttl_ms` by a random share of it, up to this one: at least 0 (the default), below 1. */
  jitter?: number;
  /** Draws the jitter. Default: seeded. */
  random?: Random;
  clock?: Clock;
}

/**
 * lookups = hits + misses + coalesced, and loads = misses + refreshes, always. Without single flight nothing is
 * coalesced; with it nothing is a duplicate; without early refresh nothing is refreshed.
 */
export interface CacheCounters {
  lookups: number;
  hits: number;
  /** Lookups that started a load. */
  misses: number;
  /** Lookups that joined a load under way. */
  coalesced: number;
  /** Misses that started a load while another of the same key was under way. */
  duplicates: number;
  /** Loads that hits started ahead of the expiry of what they found. */
  refreshes: number;
  /** Entries found too old (each is then a miss or coalesced as well). */
  expired: number;
  /** Entries dropped for room, for a closed connection or by `invalidate`. */
  evicted: number;
}
