import { LRUCache } from 'lru-cache';
import { type CacheLookup, type CacheScope, KeyCache } from '../src/system/keycache/keycache.ts';
import type { Suite } from './suite.ts';

const CONNECTIONS = 1000;
const entry = { wipe: () => {} };
const loadEntry = async () => entry;
const lookups: CacheLookup[] = Array.from({ length: CONNECTIONS }, (_, i) => ({
  connectionId: i,
  principal: `arn:aws:iam::123456789012:user/caller-${i % 20}`,
  host: i % 4,
  table: `0b0f6d6e-0000-4000-8000-00000000000${i % 3}`,
}));

let turn = 0;
function nextLookup(): CacheLookup {
  turn = (turn + 1) % CONNECTIONS;
  return lookups[turn]!;
}

function newCache(scope: CacheScope, expiry: 'absolute' | 'sliding' = 'absolute') {
  return new KeyCache<typeof entry>({ scope, ttl_ms: 300_000, expiry });
}

const warm = {
  connection: newCache('connection'),
  sliding: newCache('connection', 'sliding'),
  process: newCache('process'),
};
const closing = newCache('connection');
const joined = new LRUCache<string, typeof entry>({ max: 100_000, ttl: 300_000 });

export const keycacheSuite: Suite = {
  name: `key cache, ${CONNECTIONS} connections`,
  setup: async () => {
    for (const lookup of lookups) {
      for (const cache of Object.values(warm)) await cache.get(lookup, loadEntry);
      joined.set(keyOf(lookup), entry);
    }
  },
  tasks: [
    { name: 'lru-cache over a joined key', fn: () => joined.get(keyOf(nextLookup())) },
    {
      name: 'hit',
      fn: () => warm.connection.get(nextLookup(), loadEntry),
      against: 'lru-cache over a joined key',
    },
    { name: 'hit, sliding expiry', fn: () => warm.sliding.get(nextLookup(), loadEntry) },
    { name: 'hit, one entry a table', fn: () => warm.process.get(nextLookup(), loadEntry) },
    { name: 'miss and close', fn: missAndClose },
  ],
};

function keyOf({ connectionId, principal, table }: CacheLookup): string {
  return `${connectionId}\n${principal}\n${table}`;
}

/** A fresh connection's whole life in the cache, without the KMS. */
async function missAndClose(): Promise<void> {
  const lookup = nextLookup();
  await closing.get(lookup, loadEntry);
  closing.closeConnection(lookup.connectionId);
}
