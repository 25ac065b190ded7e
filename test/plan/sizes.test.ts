import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createItemBytes, createSizes } from '../../src/plan/sizes.ts';
import type { Sizes } from '../../src/workload/types.ts';
import { armOf } from './arms.ts';
import { chiSquareZ } from './chi-square.ts';

const DRAWS = 100_000;

function draw(sizes: Sizes, count = DRAWS, limits = { least: 64, most: 400 * 1024 }): number[] {
  const sizeOf = createSizes(sizes, { seed: 21, stream: 9, ...limits });
  return Array.from({ length: count }, (_, index) => sizeOf(index));
}

/** Standard deviations that a share of the draws is away from what it should be. */
function deviations(drawn: readonly number[], within: (size: number) => boolean, share: number): number {
  const found = drawn.filter(within).length / drawn.length;
  return Math.abs(found - share) / Math.sqrt((share * (1 - share)) / drawn.length);
}

test('fixed', () => {
  expect(new Set(draw({ kind: 'fixed', value: 777 }, 100))).toEqual(new Set([777]));
});

test('uniform: every whole number of the range alike, both ends included', () => {
  const counts = new Array<number>(50).fill(0);
  for (const size of draw({ kind: 'uniform', min: 100, max: 149 })) counts[size - 100]!++;
  expect(Math.abs(chiSquareZ(counts, new Array(50).fill(0.02)))).toBeLessThan(3.5);
});

test('histogram: each size in its share, and none with the share 0', () => {
  const classes = [
    { value: 64, share: 0.5 },
    { value: 1024, share: 0 },
    { value: 4096, share: 0.3 },
    { value: 9000, share: 0.2 },
  ];
  const drawn = draw({ kind: 'histogram', classes });
  const counts = classes.map(({ value }) => drawn.filter((size) => size === value).length);
  expect(counts[1]).toBe(0);
  expect(chiSquareZ([counts[0]!, counts[2]!, counts[3]!], [0.5, 0.3, 0.2])).toBeLessThan(3.5);
});

describe('log-normal', () => {
  test.each([
    [1024, 16_384],
    [2000, 2100],
    [10_000, 40_000],
  ])('has its p50 at %d and its p99 at %d, and is even on a logarithmic scale', (p50, p99) => {
    const drawn = draw({ kind: 'log-normal', p50, p99 });
    expect(deviations(drawn, (size) => size < p50 + 0.5, 0.5)).toBeLessThan(4);
    expect(deviations(drawn, (size) => size < p99 + 0.5, 0.99)).toBeLessThan(4);
    // The first percentile lies as far below the median as the last one above.
    expect(deviations(drawn, (size) => size <= p50 ** 2 / p99, 0.01)).toBeLessThan(4);
  });

  test('is cut off at the ends of what is allowed', () => {
    const drawn = draw({ kind: 'log-normal', p50: 100, p99: 400_000 }, 20_000);
    expect(Math.min(...drawn)).toBe(64);
    expect(Math.max(...drawn)).toBe(400 * 1024);
  });

  test('of equal percentiles is fixed', () => {
    expect(new Set(draw({ kind: 'log-normal', p50: 500, p99: 500 }, 1000))).toEqual(new Set([500]));
  });
});

test('are whole, within what was asked for, and a function of seed, stream and index', () => {
  const size = fc.integer({ min: 64, max: 400 * 1024 });
  const sizes = fc.oneof(
    fc
      .tuple(size, size)
      .map(([a, b]): Sizes => ({ kind: 'uniform', min: Math.min(a, b), max: Math.max(a, b) })),
    fc
      .tuple(size, size)
      .map(([a, b]): Sizes => ({ kind: 'log-normal', p50: Math.min(a, b), p99: Math.max(a, b) })),
    fc.array(size, { minLength: 1, maxLength: 9 }).map(
      (values): Sizes => ({
        kind: 'histogram',
        classes: values.map((value) => ({ value, share: 1 / values.length })),
      }),
    ),
  );
  const property = fc.property(sizes, fc.maxSafeNat(), fc.nat(), (kind, seed, from) => {
    const options = { seed, least: 64, most: 400 * 1024 };
    const sizeOf = createSizes(kind, { ...options, stream: 9 });
    const indices = Array.from({ length: 40 }, (_, i) => from + i);
    const drawn = indices.map(sizeOf);
    for (const bytes of drawn)
      expect(Number.isInteger(bytes) && bytes >= 64 && bytes <= 400 * 1024).toBe(true);
    expect(indices.toReversed().map(sizeOf).toReversed()).toEqual(drawn);
  });
  fc.assert(property, { seed: 22, numRuns: 200 });
});

test('the items that are there at first are the same for every seed of a workload', () => {
  const bytesOf = createItemBytes(armOf('table: { itemBytes: { uniform: [64B, 1000B] } }').table);
  expect([0, 1, 2, 3].map(bytesOf)).toEqual([0, 1, 2, 3].map(bytesOf));
  expect(new Set(Array.from({ length: 100 }, (_, key) => bytesOf(key))).size).toBeGreaterThan(80);
});

test('no item is too small for its attributes', () => {
  const bytesOf = createItemBytes(
    armOf('table: { fields: 100, itemBytes: { logNormal: { p50: 1KiB, p99: 64KiB } } }').table,
  );
  const drawn = Array.from({ length: 1000 }, (_, key) => bytesOf(key));
  expect(Math.min(...drawn)).toBe(16 + 'field'.length * 100 + 190 + 100);
});
