import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createKindChooser } from '../../src/plan/kinds.ts';
import { type Arm, OPERATION_KINDS, type OperationKind } from '../../src/workload/types.ts';
import { chiSquareZ } from './chi-square.ts';

function sharesOf(weights: Partial<Record<OperationKind, number>>): Arm['operations'] {
  const sum = Object.values(weights).reduce((total, weight) => total + weight, 0);
  return Object.fromEntries(
    OPERATION_KINDS.map((kind) => [kind, (weights[kind] ?? 0) / sum]),
  ) as Arm['operations'];
}

const indices = (count: number, from = 0) => Array.from({ length: count }, (_, i) => from + i);

describe('inserts', () => {
  const weights = fc.record({
    insert: fc.oneof(fc.integer({ min: 1, max: 100 }), fc.double({ min: 1e-3, max: 1e3, noNaN: true })),
    get: fc.integer({ min: 0, max: 100 }),
    scan: fc.integer({ min: 0, max: 7 }),
  });

  test('before an operation are as many as there are, in closed form', () => {
    const property = fc.property(weights, fc.maxSafeNat(), (mix, seed) => {
      const { kindOf, insertsBefore } = createKindChooser(sharesOf(mix), seed);
      let counted = 0;
      for (const index of indices(1234)) {
        expect(insertsBefore(index)).toBe(counted);
        if (kindOf(index) === 'insert') counted++;
      }
    });
    fc.assert(property, { seed: 11, numRuns: 60 });
  });

  test('are the same in any order, as far out as a plan goes', () => {
    const property = fc.property(weights, fc.maxSafeNat(), fc.nat(1e12), (mix, seed, from) => {
      const shares = sharesOf(mix);
      const { kindOf, insertsBefore } = createKindChooser(shares, seed);
      const range = indices(300, from);
      const forwards = range.map((index) => [kindOf(index), insertsBefore(index)]);
      const backwards = range.toReversed().map((index) => [kindOf(index), insertsBefore(index)]);
      expect(backwards.toReversed()).toEqual(forwards);
      for (const [i, [kind, before]] of forwards.slice(0, -1).entries()) {
        expect(forwards[i + 1]![1]).toBe(Number(before) + Number(kind === 'insert'));
      }
      expect(Math.abs(insertsBefore(from) - shares.insert * from)).toBeLessThan(101);
    });
    fc.assert(property, { seed: 12, numRuns: 100 });
  });

  test.each([5, 7, 29, 58, 100])('of %d in a hundred are exactly so many in every hundred', (insert) => {
    const { insertsBefore } = createKindChooser(sharesOf({ insert, get: 100 - insert }), 3);
    for (const stratum of [...indices(2000), ...indices(500, 1e8)]) {
      expect(insertsBefore(stratum * 100)).toBe(stratum * insert);
    }
  });

  test('lie anywhere within their hundred', () => {
    const { kindOf } = createKindChooser(sharesOf({ insert: 5, get: 95 }), 3);
    const places = new Array<number>(100).fill(0);
    for (const index of indices(100_000)) if (kindOf(index) === 'insert') places[index % 100]!++;
    expect(Math.abs(chiSquareZ(places, new Array(100).fill(0.01)))).toBeLessThan(3.5);
  });
});

test('the other kinds keep their shares among each other beside inserts', () => {
  const { kindOf } = createKindChooser(sharesOf({ insert: 10, get: 60, scan: 20, readModifyWrite: 10 }), 9);
  const kinds = indices(50_000).map(kindOf);
  const counts = ['get', 'scan', 'readModifyWrite'].map((kind) => kinds.filter((one) => one === kind).length);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(45_000);
  expect(chiSquareZ(counts, [6 / 9, 2 / 9, 1 / 9])).toBeLessThan(3.5);
});
