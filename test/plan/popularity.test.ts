import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Permutation } from '../../src/plan/permutation.ts';
import { createKeyChooser, ZipfRanks } from '../../src/plan/popularity.ts';
import { createRandom } from '../../src/std/random.ts';
import type { Popularity } from '../../src/workload/types.ts';
import { chiSquareZ } from './chi-square.ts';

/** How often each key comes up in `draws` operations. */
function countKeys(choose: (index: number) => number, items: number, draws: number): number[] {
  const counts = new Array<number>(items).fill(0);
  for (let index = 0; index < draws; index++) counts[choose(index)]!++;
  return counts;
}

function zipfProbabilities(items: number, s: number): number[] {
  const weights = Array.from({ length: items }, (_, i) => (i + 1) ** -s);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

describe('permutation', () => {
  test('is a bijection of [0, n) for any n and seed', () => {
    const size = fc.oneof(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 1, max: 3000 }));
    const property = fc.property(size, fc.maxSafeNat(), (n, seed) => {
      const permutation = new Permutation(n, seed);
      const images = new Set(Array.from({ length: n }, (_, value) => permutation.of(value)));
      expect(images.size).toBe(n);
      expect(Math.min(...images)).toBe(0);
      expect(Math.max(...images)).toBe(n - 1);
    });
    fc.assert(property, { seed: 1, numRuns: 150 });
  });

  test('stays within a billion, and differs between neighbours', () => {
    const permutation = new Permutation(1e9, 5);
    const images = Array.from({ length: 20_000 }, (_, value) => permutation.of(value));
    expect(new Set(images).size).toBe(images.length);
    expect(images.every((image) => Number.isInteger(image) && image >= 0 && image < 1e9)).toBe(true);
  });

  test('spreads neighbours evenly over the whole range', () => {
    const permutation = new Permutation(100_000, 3);
    const tenths = new Array<number>(100).fill(0);
    for (let value = 0; value < 5000; value++) tenths[Math.floor(permutation.of(value) / 1000)]!++;
    expect(Math.abs(chiSquareZ(tenths, new Array(100).fill(0.01)))).toBeLessThan(3.5);
  });

  test('depends on the seed', () => {
    const [a, b] = [new Permutation(1000, 1), new Permutation(1000, 2)];
    const same = Array.from({ length: 1000 }, (_, value) => a.of(value) === b.of(value)).filter(
      Boolean,
    ).length;
    expect(same).toBeLessThan(10);
  });
});

describe('zipf', () => {
  test.each([
    [10, 0.5],
    [1000, 0.99],
    [1000, 1],
    [50, 1.000000001],
    [300, 2],
    [5, 8],
    [2, 1],
  ])('of %d ranks with s = %f has the exact probabilities', (n, s) => {
    const zipf = new ZipfRanks(n, s);
    const random = createRandom(17, n);
    const counts = new Array<number>(n).fill(0);
    for (let accepted = 0; accepted < 100_000; ) {
      const rank = zipf.rank(random.next());
      if (rank === undefined) continue;
      counts[rank - 1]!++;
      accepted++;
    }
    expect(chiSquareZ(counts, zipfProbabilities(n, s))).toBeLessThan(3.5);
  });

  test('tells a slightly different exponent apart', () => {
    const zipf = new ZipfRanks(1000, 0.99);
    const counts = new Array<number>(1000).fill(0);
    const random = createRandom(17);
    for (let i = 0; i < 100_000; i++) {
      const rank = zipf.rank(random.next());
      if (rank !== undefined) counts[rank - 1]!++;
    }
    expect(chiSquareZ(counts, zipfProbabilities(1000, 0.95))).toBeGreaterThan(10);
  });

  test('gives whole ranks in range at the very edges, for any n and s', () => {
    const edges = fc.constantFrom(0, Number.EPSILON, 0.5, 1 - Number.EPSILON, 1 - Number.EPSILON / 2);
    const s = fc.oneof(
      fc.double({ min: 0.01, max: 10, noNaN: true }),
      fc.constantFrom(1, 1 + 1e-12, 1 - 1e-12),
    );
    const property = fc.property(fc.integer({ min: 1, max: 1e9 }), s, edges, (n, exponent, uniform) => {
      const rank = new ZipfRanks(n, exponent).rank(uniform) ?? 1;
      expect(Number.isInteger(rank) && rank >= 1 && rank <= n).toBe(true);
    });
    fc.assert(property, { seed: 4, numRuns: 1000 });
  });

  test('rejects few draws', () => {
    const zipf = new ZipfRanks(1e6, 0.99);
    const random = createRandom(2);
    let rejected = 0;
    for (let i = 0; i < 20_000; i++) if (zipf.rank(random.next()) === undefined) rejected++;
    expect(rejected / 20_000).toBeLessThan(0.1);
  });
});

describe('keys', () => {
  test('uniform: each as often as any other', () => {
    const counts = countKeys(createKeyChooser({ kind: 'uniform' }, 500, 8), 500, 100_000);
    expect(Math.abs(chiSquareZ(counts, new Array(500).fill(1 / 500)))).toBeLessThan(3.5);
  });

  test('zipf: the same frequencies as its ranks, and hot keys apart from each other', () => {
    const counts = countKeys(createKeyChooser({ kind: 'zipf', s: 0.99 }, 500, 8), 500, 100_000);
    const hottest = [...counts.entries()].sort(([, a], [, b]) => b - a).slice(0, 10);
    const [, first] = zipfProbabilities(500, 0.99);
    expect(hottest[1]![1] / 100_000).toBeCloseTo(first!, 2);
    const keys = hottest.map(([key]) => key).sort((a, b) => a - b);
    expect(keys.at(-1)! - keys[0]!).toBeGreaterThan(250);
  });

  test('uniform: inserted items as often as those that were there at first', () => {
    const choose = createKeyChooser({ kind: 'uniform' }, 300, 8);
    const counts = countKeys((index) => choose(index, 200), 500, 100_000);
    expect(Math.abs(chiSquareZ(counts, new Array(500).fill(1 / 500)))).toBeLessThan(3.5);
  });

  test('latest: the newest key is the most popular one, and age ranks the others', () => {
    const choose = createKeyChooser({ kind: 'latest', s: 0.99 }, 500, 8);
    for (const inserted of [0, 137]) {
      const counts = countKeys((index) => choose(index, inserted), 500 + inserted, 100_000);
      const byAge = counts.toReversed().slice(0, 500);
      expect(chiSquareZ(byAge, zipfProbabilities(500, 0.99))).toBeLessThan(3.5);
      expect(counts.slice(0, inserted).every((count) => count === 0)).toBe(true);
    }
  });

  test.each([
    [0.2, 0.8, 0.2],
    [0.05, 0.5, 0.05],
    // Less than one item is one, and all operations may go to the hot ones.
    [0.0001, 0.9, 0.002],
    [0.1, 1, 0.1],
  ])('hotspot: %f of the items get %f of the operations, all of a part alike', (items, operations, hot) => {
    const choose = createKeyChooser({ kind: 'hotspot', items, operations }, 500, 8);
    const counts = countKeys(choose, 500, 100_000).sort((a, b) => b - a);
    const edge = hot * 500;
    const share = counts.slice(0, edge).reduce((sum, count) => sum + count, 0) / 100_000;
    expect(Math.abs(share - operations)).toBeLessThanOrEqual(
      3.5 * Math.sqrt((operations * (1 - operations)) / 1e5),
    );
    for (const [part, of] of [
      [counts.slice(0, edge), operations],
      [counts.slice(edge), 1 - operations],
    ] as const) {
      const chiSquare = chiSquareZ(part, new Array(part.length).fill(1 / part.length));
      if (part.length > 1 && of > 0) expect(Math.abs(chiSquare)).toBeLessThan(3.5);
    }
  });

  test('hotspot: of items that are all hot each is as often asked for as any other', () => {
    const choose = createKeyChooser({ kind: 'hotspot', items: 1, operations: 0.8 }, 50, 8);
    const counts = countKeys(choose, 50, 20_000);
    expect(Math.abs(chiSquareZ(counts, new Array(50).fill(1 / 50)))).toBeLessThan(3.5);
  });

  test('sequential: each in its turn', () => {
    const choose = createKeyChooser({ kind: 'sequential' }, 3, 8);
    expect(Array.from({ length: 7 }, (_, index) => choose(index))).toEqual([0, 1, 2, 0, 1, 2, 0]);
  });

  const popularity = fc.oneof(
    fc.constantFrom<Popularity>({ kind: 'uniform' }, { kind: 'sequential' }),
    fc.record({ kind: fc.constantFrom('zipf', 'latest'), s: fc.double({ min: 0.01, max: 10, noNaN: true }) }),
    fc.record({
      kind: fc.constant('hotspot'),
      items: fc.double({ min: 1e-6, max: 1, noNaN: true }),
      operations: fc.double({ min: 1e-6, max: 1, noNaN: true }),
    }),
  ) as fc.Arbitrary<Popularity>;

  test('exist when they are asked for, whatever the popularity, the items and the inserts', () => {
    const number = fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 1e9 }));
    const property = fc.property(
      popularity,
      number,
      fc.nat(1e6),
      fc.maxSafeNat(),
      (kind, items, inserted, seed) => {
        const choose = createKeyChooser(kind, items, seed);
        for (const index of [0, 1, 2, 77, 2 ** 31, 1e12]) {
          const key = choose(index, inserted);
          expect(Number.isInteger(key) && key >= 0 && key < items + inserted).toBe(true);
        }
      },
    );
    fc.assert(property, { seed: 6, numRuns: 500 });
  });

  test('are a function of seed and index', () => {
    const property = fc.property(popularity, (kind) => {
      const choose = createKeyChooser(kind, 500, 8);
      const forwards = Array.from({ length: 50 }, (_, index) => choose(index));
      const backwards = Array.from({ length: 50 }, (_, i) => choose(49 - i)).reverse();
      expect(backwards).toEqual(forwards);
    });
    fc.assert(property, { seed: 7, numRuns: 50 });
  });
});
