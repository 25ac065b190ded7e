/** Plaintext table keys in memory, for a bounded time: who may share an entry is the scope's choice. */
export { KeyCache } from './cache.ts';
export type { CacheCounters, CacheLookup, CacheScope, KeyCacheOptions, Wipeable } from './types.ts';
