import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { SimulatedClock } from '../../../src/std/clock.ts';
import {
  type CacheLookup,
  type CacheScope,
  KeyCache,
  type KeyCacheOptions,
} from '../../../src/system/keycache/keycache.ts';
import { deferred, Secret } from './secret.ts';

const TTL_MS = 300_000;

function makeCache(options: Partial<KeyCacheOptions> = {}) {
  const clock = new SimulatedClock();
  const cache = new KeyCache<Secret>({
    scope: 'connection',
    ttl_ms: TTL_MS,
    expiry: 'absolute',
    clock,
    ...options,
  });
  let loads = 0;
  const get = (lookup: Partial<CacheLookup> = {}) =>
    cache.get(
      { connectionId: 1, principal: 'alice', host: 0, table: 't', ...lookup },
      async () => new Secret(++loads),
    );
  return { cache, clock, get, loads: () => loads };
}

describe('KeyCache', () => {
  it('answers a miss with a promise and a hit at once', async () => {
    const { cache, get } = makeCache();
    const loading = get();
    expect(loading).toBeInstanceOf(Promise);
    const entry = await loading;
    expect(get()).toBe(entry);
    expect(cache.counters()).toEqual({
      lookups: 2,
      hits: 1,
      misses: 1,
      coalesced: 0,
      duplicates: 0,
      refreshes: 0,
      expired: 0,
      evicted: 0,
    });
  });

  it.each<[CacheScope, Partial<CacheLookup>[], Partial<CacheLookup>[]]>([
    ['connection', [{ host: 9 }], [{ connectionId: 2 }, { principal: 'bob' }, { table: 'u' }]],
    ['caller', [{ host: 9 }, { connectionId: 2 }], [{ principal: 'bob' }, { table: 'u' }]],
    ['host', [{ connectionId: 2 }], [{ host: 9 }, { principal: 'bob' }, { table: 'u' }]],
    ['process', [{ host: 9 }, { connectionId: 2 }, { principal: 'bob' }], [{ table: 'u' }]],
  ])('scope %s tells apart what it should and nothing else', async (scope, same, other) => {
    const { get } = makeCache({ scope });
    const entry = await get();
    for (const lookup of same) expect(get(lookup)).toBe(entry);
    for (const lookup of other) expect(await get(lookup)).not.toBe(entry);
  });

  it('loads once for all who ask while the load is under way', async () => {
    const { cache, get, loads } = makeCache();
    const entries = await Promise.all([get(), get(), get()]);
    expect(new Set(entries).size).toBe(1);
    expect(loads()).toBe(1);
    expect(cache.counters()).toMatchObject({ lookups: 3, misses: 1, coalesced: 2 });
  });

  it('counts an absolute lifetime from the start of the load', async () => {
    const { cache, clock, loads } = makeCache();
    const lookup = { connectionId: 1, principal: 'alice', host: 0, table: 't' };
    const load = deferred<Secret>();
    const waiting = cache.get(lookup, () => load.promise);
    clock.advance(TTL_MS - 1);
    load.resolve(new Secret(0));
    const first = await waiting;
    expect(cache.get(lookup, () => Promise.reject(new Error('not asked')))).toBe(first);
    clock.advance(1);
    expect(await cache.get(lookup, async () => new Secret(1))).not.toBe(first);
    expect(first.wipes).toBe(1);
    expect(cache.counters()).toMatchObject({ hits: 1, misses: 2, expired: 1 });
    expect(loads()).toBe(0);
  });

  it('answers with what took longer to load than it lives, and keeps none of it', async () => {
    const { cache, clock } = makeCache();
    const lookup = { connectionId: 1, principal: 'alice', host: 0, table: 't' };
    const slow = deferred<Secret>();
    const waiting = cache.get(lookup, () => slow.promise);
    await Promise.resolve();
    clock.advance(TTL_MS);
    const second = cache.get(lookup, async () => new Secret(2));
    const late = new Secret(1);
    slow.resolve(late);
    expect(await waiting).toBe(late);
    expect(late.wipes).toBe(1);
    const kept = await second;
    expect(cache.get(lookup, () => Promise.reject(new Error('not asked')))).toBe(kept);
    expect(cache.counters()).toMatchObject({ hits: 1, misses: 2, coalesced: 0, expired: 0 });
  });

  it('counts a sliding lifetime from the last use', async () => {
    const { clock, get } = makeCache({ expiry: 'sliding' });
    const entry = await get();
    for (let i = 0; i < 5; i++) {
      clock.advance(TTL_MS - 1);
      expect(get()).toBe(entry);
    }
    clock.advance(TTL_MS);
    expect(await get()).not.toBe(entry);
  });

  it('fails closed: no overdue entry when its reload fails, and the failure is not remembered', async () => {
    const { cache, clock, get } = makeCache();
    const stale = (await get()) as Secret;
    clock.advance(TTL_MS);
    const lookup = { connectionId: 1, principal: 'alice', host: 0, table: 't' };
    const failure = new Error('key disabled');
    const failing = () => Promise.reject(failure);
    const waiting = [cache.get(lookup, failing), cache.get(lookup, failing)];
    expect(stale.wipes).toBe(1);
    for (const answer of await Promise.allSettled(waiting))
      expect(answer).toEqual({ status: 'rejected', reason: failure });
    expect(await get()).toBeInstanceOf(Secret);
    expect(cache.counters()).toMatchObject({ lookups: 4, hits: 0, misses: 3, coalesced: 1, expired: 1 });
  });

  it('takes a load that throws for one that fails', async () => {
    const { cache, get } = makeCache();
    const lookup = { connectionId: 1, principal: 'alice', host: 0, table: 't' };
    const throwing = () => {
      throw new Error('thrown');
    };
    await expect(cache.get(lookup, throwing)).rejects.toThrow('thrown');
    expect(await get()).toBeInstanceOf(Secret);
  });

  it('evicts the least recently used entry and wipes it', async () => {
    const { cache, get } = makeCache({ maxEntries: 2 });
    const [a, b] = [(await get({ table: 'a' })) as Secret, (await get({ table: 'b' })) as Secret];
    get({ table: 'a' });
    await get({ table: 'c' });
    expect([a.wipes, b.wipes]).toEqual([0, 1]);
    expect(get({ table: 'a' })).toBe(a);
    expect(cache.counters().evicted).toBe(1);
  });

  it('forgets a closed connection, and leaves the others', async () => {
    const { cache, get } = makeCache();
    const gone = [(await get({ table: 'a' })) as Secret, (await get({ principal: 'bob' })) as Secret];
    const kept = (await get({ connectionId: 2 })) as Secret;
    cache.closeConnection(1);
    expect(gone.map((entry) => entry.wipes)).toEqual([1, 1]);
    expect(get({ connectionId: 2 })).toBe(kept);
    expect(await get({ table: 'a' })).not.toBe(gone[0]);
    expect(cache.counters().evicted).toBe(2);
  });

  it('keeps nothing of connections that come and go', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const { cache, get } = makeCache();
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let connectionId = 0; connectionId < 50_000; connectionId++) {
      await get({ connectionId });
      cache.closeConnection(connectionId);
    }
    collect();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(50_000 * 40);
    expect(cache.counters().evicted).toBe(50_000);
  });

  it.each<CacheScope>(['caller', 'host', 'process'])('scope %s outlives the connection', async (scope) => {
    const { cache, get } = makeCache({ scope });
    const entry = await get();
    cache.closeConnection(1);
    cache.closeConnection(0);
    expect(get()).toBe(entry);
  });

  it.each([
    ['the connection closed', (cache: KeyCache<Secret>) => cache.closeConnection(1)],
    ['the table was invalidated', (cache: KeyCache<Secret>) => cache.invalidateTable('t')],
    ['everything was wiped', (cache: KeyCache<Secret>) => cache.wipe()],
  ])('answers a load during which %s, and keeps and leaks nothing', async (_, drop) => {
    const { cache, get, loads } = makeCache();
    const waiting = [get(), get()];
    drop(cache);
    const [first, second] = (await Promise.all(waiting)) as [Secret, Secret];
    expect(first).toBe(second);
    expect(first.wipes).toBe(1);
    expect(await get()).not.toBe(first);
    expect(loads()).toBe(2);
    expect(cache.counters()).toMatchObject({ lookups: 3, misses: 2, coalesced: 1, evicted: 0 });
  });

  it('a load that was dropped does not disturb the one that took its place', async () => {
    const { cache, get } = makeCache();
    const lookup = { connectionId: 1, principal: 'alice', host: 0, table: 't' };
    const [slow, quick] = [deferred<Secret>(), deferred<Secret>()];
    const dropped = cache.get(lookup, () => slow.promise);
    cache.invalidateTable('t');
    const replacing = cache.get(lookup, () => quick.promise);
    slow.reject(new Error('too late'));
    await expect(dropped).rejects.toThrow('too late');
    expect(get()).toBeInstanceOf(Promise);
    quick.resolve(new Secret(2));
    expect(get()).toBeInstanceOf(Promise);
    expect(await replacing).toBe(await get());
    expect(cache.counters()).toMatchObject({ misses: 2, coalesced: 2, hits: 1 });
  });

  it('invalidates one table for everybody', async () => {
    const { cache, get } = makeCache();
    const gone = (await Promise.all([get(), get({ connectionId: 2, principal: 'bob' })])) as Secret[];
    const kept = await get({ table: 'other' });
    cache.invalidateTable('t');
    expect(gone.map((entry) => entry.wipes)).toEqual([1, 1]);
    expect(get({ table: 'other' })).toBe(kept);
  });

  it('erases overdue entries that nobody asks for, and still counts them as expired when somebody does', async () => {
    const { cache, clock, get } = makeCache();
    const idle = (await get({ table: 'idle' })) as Secret;
    clock.advance(TTL_MS);
    await get({ table: 'busy' });
    expect(idle.wipes).toBe(1);
    await get({ table: 'idle' });
    expect(idle.wipes).toBe(1);
    expect(cache.counters()).toEqual({
      lookups: 3,
      hits: 0,
      misses: 3,
      coalesced: 0,
      duplicates: 0,
      refreshes: 0,
      expired: 1,
      evicted: 0,
    });
  });

  it('erases what is overdue, and that alone, when told to', async () => {
    const { cache, clock, get } = makeCache();
    const old = (await get({ table: 'old' })) as Secret;
    clock.advance(TTL_MS / 2);
    const young = (await get({ table: 'young' })) as Secret;
    clock.advance(TTL_MS / 2);
    cache.eraseOverdue();
    expect([old.wipes, young.wipes]).toEqual([1, 0]);
    expect(get({ table: 'young' })).toBe(young);
  });

  it('with a lifetime of 0 every lookup loads for itself', async () => {
    const { cache, get } = makeCache({ ttl_ms: 0 });
    const entries = (await Promise.all([get(), get()])) as Secret[];
    expect(entries[0]).not.toBe(entries[1]);
    expect(entries.map((entry) => entry.wipes)).toEqual([1, 1]);
    expect(cache.counters()).toMatchObject({ lookups: 2, misses: 2, expired: 0 });
  });

  it('starts counting again after reset, and keeps its entries', async () => {
    const { cache, get } = makeCache();
    const entry = await get();
    cache.reset();
    expect(cache.counters().lookups).toBe(0);
    expect(get()).toBe(entry);
    expect(cache.counters()).toEqual({
      lookups: 1,
      hits: 1,
      misses: 0,
      coalesced: 0,
      duplicates: 0,
      refreshes: 0,
      expired: 0,
      evicted: 0,
    });
  });

  it.each([
    { ttl_ms: -1 },
    { ttl_ms: Number.NaN },
    { maxEntries: 0 },
    { jitter: 1 },
    { jitter: -0.1 },
    { earlyRefresh_ms: TTL_MS },
    { earlyRefresh_ms: TTL_MS / 2, jitter: 0.5 },
    { earlyRefresh_ms: 1000, expiry: 'sliding' as const },
  ])('refuses %o', (options) => {
    expect(() => makeCache(options)).toThrow(RangeError);
  });
});
