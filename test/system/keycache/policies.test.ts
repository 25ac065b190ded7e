import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SimulatedClock } from '../../../src/std/clock.ts';
import { createRandom } from '../../../src/std/random.ts';
import { type CacheLookup, KeyCache, type KeyCacheOptions } from '../../../src/system/keycache/keycache.ts';
import { type Deferred, deferred, Secret } from './secret.ts';

const TTL_MS = 300_000;
const EARLY_MS = 30_000;
const LOOKUP: CacheLookup = { connectionId: 1, principal: 'alice', host: 0, table: 't' };

function makeCache(options: Partial<KeyCacheOptions> = {}) {
  const clock = new SimulatedClock();
  const cache = new KeyCache<Secret>({
    scope: 'connection',
    ttl_ms: TTL_MS,
    expiry: 'absolute',
    clock,
    ...options,
  });
  const loads: Deferred<Secret>[] = [];
  const load = () => {
    loads.push(deferred<Secret>());
    return loads.at(-1)!.promise;
  };
  return { cache, clock, loads, get: () => cache.get(LOOKUP, load) };
}

/** Lets loads that were asked for begin, and settled ones be noticed. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('single flight off', () => {
  it('loads for each who asks, and keeps one entry', async () => {
    const { cache, get, loads } = makeCache({ singleFlight: false });
    const waiting = [get(), get(), get()];
    await turn();
    expect(loads).toHaveLength(3);
    const secrets = loads.map(({ resolve }, id) => {
      const secret = new Secret(id);
      resolve(secret);
      return secret;
    });
    expect(await Promise.all(waiting)).toEqual(secrets);
    const kept = get();
    expect(secrets.filter((secret) => secret.wipes === 0)).toEqual([kept]);
    expect(cache.counters()).toMatchObject({ lookups: 4, hits: 1, misses: 3, coalesced: 0, duplicates: 2 });
  });

  it('keeps what a later one brought when the first one fails', async () => {
    const { get, loads } = makeCache({ singleFlight: false });
    const [first, second] = [get(), get()];
    await turn();
    loads[0]!.reject(new Error('throttled'));
    await expect(first).rejects.toThrow('throttled');
    const secret = new Secret(1);
    loads[1]!.resolve(secret);
    expect(await second).toBe(secret);
    expect(get()).toBe(secret);
  });

  it('forgets the loads of a connection that closed', async () => {
    const { cache, get, loads } = makeCache({ singleFlight: false });
    const waiting = [get(), get()];
    await turn();
    cache.closeConnection(1);
    const secrets = loads.map(({ resolve }, id) => {
      const secret = new Secret(id);
      resolve(secret);
      return secret;
    });
    await Promise.all(waiting);
    expect(secrets.map(({ wipes }) => wipes)).toEqual([1, 1]);
  });
});

describe('early refresh', () => {
  async function loaded() {
    const made = makeCache({ earlyRefresh_ms: EARLY_MS });
    const first = made.get();
    await turn();
    const old = new Secret(0);
    made.loads[0]!.resolve(old);
    await first;
    return { ...made, old };
  }

  it('a hit in the last part of a life loads anew, once, while the old entry serves', async () => {
    const { cache, clock, get, loads, old } = await loaded();
    clock.advance(TTL_MS - EARLY_MS - 1);
    expect(get()).toBe(old);
    await turn();
    expect(loads).toHaveLength(1);
    clock.advance(1);
    for (let i = 0; i < 3; i++) expect(get()).toBe(old);
    await turn();
    expect(loads).toHaveLength(2);
    const next = new Secret(1);
    loads[1]!.resolve(next);
    await turn();
    expect(old.wipes).toBe(1);
    expect(get()).toBe(next);
    expect(cache.counters()).toMatchObject({ misses: 1, refreshes: 1, hits: 5, expired: 0, evicted: 0 });
  });

  it('counts the new life from the start of the refresh', async () => {
    const { clock, get, loads } = await loaded();
    clock.advance(TTL_MS - EARLY_MS);
    get();
    await turn();
    clock.advance(EARLY_MS - 1);
    const next = new Secret(1);
    loads[1]!.resolve(next);
    await turn();
    clock.advance(TTL_MS - EARLY_MS + 1 - EARLY_MS);
    expect(get()).toBe(next);
    clock.advance(EARLY_MS - 1);
    expect(get()).toBe(next);
    clock.advance(1);
    expect(get()).toBeInstanceOf(Promise);
    expect(next.wipes).toBe(1);
  });

  it('never serves the old entry after its end: who comes then waits for the refresh', async () => {
    const { cache, clock, get, loads, old } = await loaded();
    clock.advance(TTL_MS - 1);
    expect(get()).toBe(old);
    await turn();
    clock.advance(1);
    const waiting = get();
    expect(waiting).toBeInstanceOf(Promise);
    expect(old.wipes).toBe(1);
    const next = new Secret(1);
    loads[1]!.resolve(next);
    expect(await waiting).toBe(next);
    expect(cache.counters()).toMatchObject({ misses: 1, refreshes: 1, coalesced: 1, expired: 1 });
  });

  it('a refresh that fails leaves the old entry to its end, and the next one waits a little', async () => {
    const { cache, clock, get, loads, old } = await loaded();
    clock.advance(TTL_MS - EARLY_MS);
    get();
    await turn();
    loads[1]!.reject(new Error('key disabled'));
    await turn();
    expect(get()).toBe(old);
    await turn();
    expect(loads).toHaveLength(2);
    clock.advance(EARLY_MS / 10);
    expect(get()).toBe(old);
    await turn();
    expect(loads).toHaveLength(3);
    loads[2]!.reject(new Error('key disabled'));
    await turn();
    clock.advance(EARLY_MS);
    const failing = get();
    await turn();
    loads[3]!.reject(new Error('key disabled'));
    await expect(failing).rejects.toThrow('key disabled');
    expect(cache.counters()).toMatchObject({ misses: 2, refreshes: 2, expired: 1 });
  });

  it.each([
    ['the connection closes', (cache: KeyCache<Secret>) => cache.closeConnection(1)],
    ['the table is invalidated', (cache: KeyCache<Secret>) => cache.invalidateTable('t')],
    ['everything is wiped', (cache: KeyCache<Secret>) => cache.wipe()],
  ])('keeps nothing of a refresh during which %s', async (_, drop) => {
    const { cache, clock, get, loads, old } = await loaded();
    clock.advance(TTL_MS - 1);
    get();
    await turn();
    drop(cache);
    const next = new Secret(1);
    loads[1]!.resolve(next);
    await turn();
    expect([old.wipes, next.wipes]).toEqual([1, 1]);
    expect(get()).toBeInstanceOf(Promise);
  });
});

describe('jitter', () => {
  it('shortens each life by its own random part, up to the share, and lengthens none', async () => {
    const clock = new SimulatedClock();
    const options = { scope: 'connection', ttl_ms: 1000, expiry: 'absolute', jitter: 0.1, clock } as const;
    const cache = new KeyCache<Secret>({ ...options, random: createRandom(3) });
    const secrets = await Promise.all(
      Array.from({ length: 200 }, (_, connectionId) =>
        cache.get({ ...LOOKUP, connectionId }, async () => new Secret(connectionId)),
      ),
    );
    const over: number[] = [];
    for (const at_ms of [900, 925, 950, 975, 1000]) {
      clock.advance(at_ms - clock.now_ns() / 1e6);
      cache.eraseOverdue();
      over.push(secrets.filter(({ wipes }) => wipes > 0).length);
    }
    expect(over[0]).toBe(0);
    for (const [quarter, expected] of [50, 100, 150].entries())
      expect(Math.abs(over[quarter + 1]! - expected)).toBeLessThan(25);
    expect(over[4]).toBe(200);
  });
});

type Step =
  | { do: 'get'; connectionId: number; table: string }
  | { do: 'succeed' | 'fail'; load: number }
  | { do: 'advance'; by_ms: number }
  | { do: 'close'; connectionId: number }
  | { do: 'invalidate' }
  | { do: 'wipe' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 16,
    arbitrary: fc.record({
      do: fc.constant('get' as const),
      connectionId: fc.nat(1),
      table: fc.constantFrom('t', 'u'),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom('succeed' as const, 'succeed' as const, 'fail' as const),
      load: fc.nat(3),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('advance' as const),
      by_ms: fc.constantFrom(1, 100, 700, 999, 1000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('close' as const), connectionId: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.constantFrom<Step>({ do: 'invalidate' }, { do: 'wipe' }) },
);

interface Loading {
  lookup: CacheLookup;
  began_ms: number;
  /** The entry that it is to replace. */
  replaces: Secret | undefined;
  answer: Deferred<Secret>;
}

async function play(options: Partial<KeyCacheOptions>, steps: readonly Step[]): Promise<void> {
  const ttl_ms = 1000;
  const clock = new SimulatedClock();
  const cache = new KeyCache<Secret>({ scope: 'connection', ttl_ms, expiry: 'absolute', clock, ...options });
  const now_ms = () => clock.now_ns() / 1e6;
  let underWay: Loading[] = [];
  let started = 0;
  const brought = new Map<Secret, Loading>();
  for (const step of steps) {
    if (step.do === 'get') {
      const lookup = { ...LOOKUP, connectionId: step.connectionId, table: step.table };
      const asked: Loading = { lookup, began_ms: now_ms(), replaces: undefined, answer: deferred<Secret>() };
      let loaded = false;
      const answer = cache.get(lookup, () => {
        loaded = true;
        return asked.answer.promise;
      });
      if (answer instanceof Promise) answer.catch(() => {});
      else {
        const { lookup: of, began_ms } = brought.get(answer)!;
        expect(answer.wipes).toBe(0);
        expect(of).toEqual(lookup);
        expect(now_ms() - began_ms).toBeLessThan(ttl_ms);
        asked.replaces = answer;
      }
      await turn();
      if (loaded) {
        started++;
        const twins = underWay.filter(
          ({ replaces }) => replaces !== undefined && replaces === asked.replaces,
        );
        expect(twins).toEqual([]);
        underWay.push(asked);
      }
    } else if (step.do === 'advance') clock.advance(step.by_ms);
    else if (step.do === 'close') cache.closeConnection(step.connectionId);
    else if (step.do === 'invalidate') cache.invalidateTable('t');
    else if (step.do === 'wipe') cache.wipe();
    else await settle(step.do, step.load);
    const { lookups, hits, misses, coalesced, duplicates, refreshes } = cache.counters();
    expect(hits + misses + coalesced).toBe(lookups);
    expect(misses + refreshes).toBe(started);
    if (options.singleFlight === false) expect(coalesced).toBe(0);
    else expect(duplicates).toBe(0);
    if (options.earlyRefresh_ms === undefined) expect(refreshes).toBe(0);
  }
  while (underWay.length > 0) await settle('succeed', 0);
  const live = [...brought.keys()].filter((secret) => secret.wipes === 0);
  const places = live.map(
    (secret) => `${brought.get(secret)!.lookup.connectionId} ${brought.get(secret)!.lookup.table}`,
  );
  expect(new Set(places).size).toBe(places.length);
  cache.closeConnection(0);
  cache.closeConnection(1);
  for (const secret of brought.keys()) expect(secret.wipes).toBe(1);

  async function settle(how: 'succeed' | 'fail', index: number): Promise<void> {
    const loading = underWay[index % Math.max(1, underWay.length)];
    if (loading === undefined) return;
    underWay = underWay.filter((other) => other !== loading);
    if (how === 'fail') loading.answer.reject(new Error('load'));
    else {
      const secret = new Secret(brought.size);
      brought.set(secret, loading);
      loading.answer.resolve(secret);
    }
    await turn();
  }
}

it.each<[string, Partial<KeyCacheOptions>]>([
  ['early refresh', { earlyRefresh_ms: 400 }],
  ['early refresh with jitter', { earlyRefresh_ms: 400, jitter: 0.3 }],
  ['no single flight', { singleFlight: false }],
  ['no single flight, early refresh', { singleFlight: false, earlyRefresh_ms: 400 }],
  ['jitter', { jitter: 0.5 }],
])('never serves what is overdue, and lets go of everything once: %s', async (_, options) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), (steps) => play(options, steps)),
    { seed: 1, numRuns: 60 },
  );
});
