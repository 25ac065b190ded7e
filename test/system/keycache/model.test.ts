import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SimulatedClock } from '../../../src/std/clock.ts';
import { type CacheLookup, KeyCache } from '../../../src/system/keycache/keycache.ts';
import { type Deferred, deferred, Secret } from './secret.ts';

const TTL_MS = 2500;

type Step =
  | { do: 'get'; connection: number; principal: string; table: string }
  | { do: 'succeed' | 'fail'; load: number }
  | { do: 'advance'; by_ms: number }
  | { do: 'close'; connection: number }
  | { do: 'invalidate'; table: string }
  | { do: 'wipe' };

const connection = fc.nat(2);
const table = fc.constantFrom('t', 'u');
const get: fc.Arbitrary<Step> = fc.record({
  do: fc.constant('get'),
  connection,
  principal: fc.constantFrom('a', 'a', 'a', 'b'),
  table,
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { arbitrary: get, weight: 16 },
  {
    arbitrary: fc.record({ do: fc.constantFrom('succeed', 'succeed', 'fail'), load: fc.nat(3) }),
    weight: 12,
  },
  {
    arbitrary: fc.record({ do: fc.constant('advance'), by_ms: fc.constantFrom(1, 900, TTL_MS - 1, TTL_MS) }),
    weight: 2,
  },
  { arbitrary: fc.record({ do: fc.constant('close'), connection }), weight: 1 },
  { arbitrary: fc.record({ do: fc.constant('invalidate'), table }), weight: 1 },
  { arbitrary: fc.record({ do: fc.constant('wipe') }), weight: 1 },
);

/** A load as the model sees it, and what it brought. */
interface Cell {
  lookup: CacheLookup;
  since_ms: number;
  loading: Deferred<Secret> | undefined;
  secret: Secret | undefined;
  answers: Promise<unknown>[];
}

/** What the cache should do, in the plainest way: a list, oldest use first. */
class Model {
  readonly counts = { lookups: 0, hits: 0, misses: 0, coalesced: 0, expired: 0 };
  readonly loads: Cell[] = [];
  cells: Cell[] = [];
  readonly scope: 'connection' | 'caller';
  readonly sliding: boolean;
  readonly maxEntries: number;

  constructor(scope: 'connection' | 'caller', sliding: boolean, maxEntries: number) {
    this.scope = scope;
    this.sliding = sliding;
    this.maxEntries = maxEntries;
  }

  find(lookup: CacheLookup): Cell | undefined {
    return this.cells.find(
      (cell) =>
        cell.lookup.principal === lookup.principal &&
        cell.lookup.table === lookup.table &&
        (this.scope === 'caller' || cell.lookup.connectionId === lookup.connectionId),
    );
  }

  get(lookup: CacheLookup, now_ms: number): { cell: Cell; kind: 'hits' | 'misses' | 'coalesced' } {
    const found = this.find(lookup);
    const fresh = found !== undefined && now_ms - found.since_ms < TTL_MS;
    if (found !== undefined && !fresh && found.loading === undefined) this.counts.expired++;
    if (found !== undefined) this.remove((cell) => cell === found);
    const kind = !fresh ? 'misses' : found.loading === undefined ? 'hits' : 'coalesced';
    const cell = fresh
      ? found
      : { lookup, since_ms: now_ms, loading: deferred<Secret>(), secret: undefined, answers: [] };
    if (this.sliding) cell.since_ms = now_ms;
    if (kind === 'misses') this.loads.push(cell);
    this.cells.push(cell);
    this.counts.lookups++;
    this.counts[kind]++;
    return { cell, kind };
  }

  succeed(cell: Cell, secret: Secret, now_ms: number): void {
    cell.secret = secret;
    cell.loading = undefined;
    if (!this.cells.includes(cell)) return;
    this.remove((other) => other === cell);
    if (now_ms - cell.since_ms >= TTL_MS) return;
    this.cells.push(cell);
    const settled = this.cells.filter((other) => other.loading === undefined);
    if (settled.length > this.maxEntries) this.remove((other) => other === settled[0]);
  }

  remove(which: (cell: Cell) => boolean): void {
    this.cells = this.cells.filter((cell) => !which(cell));
  }
}

async function play(model: Model, steps: readonly Step[]): Promise<void> {
  const clock = new SimulatedClock();
  const cache = new KeyCache<Secret>({
    scope: model.scope,
    ttl_ms: TTL_MS,
    expiry: model.sliding ? 'sliding' : 'absolute',
    maxEntries: model.maxEntries,
    clock,
  });
  let now_ms = 0;
  const secrets: Secret[] = [];
  for (const step of steps) {
    if (step.do === 'get') {
      const lookup = { connectionId: step.connection, principal: step.principal, host: 0, table: step.table };
      const { cell, kind } = model.get(lookup, now_ms);
      const load = cell.loading?.promise ?? Promise.reject(new Error('not asked'));
      load.catch(() => {});
      const answer = cache.get(lookup, () => load);
      if (kind === 'hits') {
        expect(answer).toBe(cell.secret);
        expect(cell.secret!.wipes).toBe(0);
      } else {
        expect(answer).toBeInstanceOf(Promise);
        cell.answers.push(answer as Promise<Secret>);
      }
    } else if (step.do === 'succeed' || step.do === 'fail') {
      const underWay = model.loads.filter((cell) => cell.loading !== undefined);
      const cell = underWay[step.load % underWay.length];
      if (cell !== undefined) await settle(step.do, cell);
    } else if (step.do === 'advance') {
      clock.advance(step.by_ms);
      now_ms += step.by_ms;
    } else if (step.do === 'close') {
      cache.closeConnection(step.connection);
      model.remove((cell) => model.scope === 'connection' && cell.lookup.connectionId === step.connection);
    } else if (step.do === 'invalidate') {
      cache.invalidateTable(step.table);
      model.remove((cell) => cell.lookup.table === step.table);
    } else {
      cache.wipe();
      model.cells = [];
    }
    const counts = cache.counters();
    expect(counts).toMatchObject(model.counts);
    expect(counts.hits + counts.misses + counts.coalesced).toBe(counts.lookups);
    expect(secrets.filter((secret) => secret.wipes === 0).length).toBeLessThanOrEqual(model.maxEntries);
    for (const secret of secrets) expect(secret.wipes).toBeLessThanOrEqual(1);
  }
  for (const cell of model.loads.filter((load) => load.loading !== undefined)) await settle('succeed', cell);
  cache.wipe();
  for (const secret of secrets) expect(secret.wipes).toBe(1);

  async function settle(how: 'succeed' | 'fail', cell: Cell): Promise<void> {
    const { resolve, reject } = cell.loading!;
    if (how === 'succeed') {
      const secret = new Secret(secrets.length);
      secrets.push(secret);
      resolve(secret);
      model.succeed(cell, secret, now_ms);
      expect(new Set(await Promise.all(cell.answers))).toEqual(new Set([secret]));
      return;
    }
    const failure = new Error('load');
    reject(failure);
    cell.loading = undefined;
    model.remove((other) => other === cell);
    for (const answer of await Promise.allSettled(cell.answers))
      expect(answer).toEqual({ status: 'rejected', reason: failure });
  }
}

it.each<['connection' | 'caller', 'absolute' | 'sliding', number]>([
  ['connection', 'absolute', 100],
  ['connection', 'sliding', 100],
  ['connection', 'absolute', 2],
  ['caller', 'absolute', 100],
  ['caller', 'sliding', 1],
])('does what the model does: scope %s, %s expiry, %i entries', async (scope, expiry, maxEntries) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 100 }), (steps) =>
      play(new Model(scope, expiry === 'sliding', maxEntries), steps),
    ),
    { seed: 1, numRuns: 120 },
  );
});
