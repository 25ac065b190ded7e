import type { Clock } from '../../std/clock.ts';

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
  clock?: Clock;
}

/** lookups = hits + misses + coalesced, always. */
export interface CacheCounters {
  lookups: number;
  hits: number;
  /** Lookups that started a load. */
  misses: number;
  /** Lookups that joined a load under way. */
  coalesced: number;
  /** Entries found too old (each is then a miss or coalesced as well). */
  expired: number;
  /** Entries dropped for room, for a closed connection or by `invalidate`. */
  evicted: number;
}
