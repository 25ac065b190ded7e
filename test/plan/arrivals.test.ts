import { describe, expect, test } from 'vitest';
import { createArrivals } from '../../src/plan/arrivals.ts';
import { STREAMS } from '../../src/plan/streams.ts';
import { uniformAt } from '../../src/std/random.ts';
import type { Phase } from '../../src/workload/types.ts';

function endless(rate_per_s: number): Phase[] {
  const rate = { kind: 'constant', rate_per_s } as const;
  return [{ name: 'steady', duration_ns: 1e15, operations: null, rate, measured: true }];
}

function dueTimes(process: 'constant' | 'poisson', rate_per_s: number, count: number, seed = 1): number[] {
  const arrivals = createArrivals(process, endless(rate_per_s), seed);
  return Array.from({ length: count }, () => arrivals.next_ns());
}

describe('constant arrivals', () => {
  test('fall due at index / rate', () => {
    expect(dueTimes('constant', 4, 4)).toEqual([0, 250e6, 500e6, 750e6]);
  });

  test('do not drift where the gap is no whole number', () => {
    expect(dueTimes('constant', 3, 30_001).at(-1)).toBe(10_000e9);
  });
});

describe('poisson arrivals', () => {
  const COUNT = 50_000;
  const due_ns = dueTimes('poisson', 1000, COUNT);
  const gaps_s = due_ns.map((due, i) => (due - (due_ns[i - 1] ?? 0)) / 1e9);

  test('are whole nanoseconds and never decrease', () => {
    expect(due_ns.every(Number.isInteger)).toBe(true);
    expect(gaps_s.every((gap) => gap >= 0)).toBe(true);
  });

  test('keep the rate: the time of n arrivals is gamma distributed', () => {
    const deviation = (due_ns.at(-1)! / 1e9 - COUNT / 1000) / (Math.sqrt(COUNT) / 1000);
    expect(Math.abs(deviation)).toBeLessThan(3);
  });

  test('have exponential gaps (Kolmogorov and Smirnov)', () => {
    const sorted = gaps_s.toSorted((a, b) => a - b);
    const distance = sorted.reduce((largest, gap, i) => {
      const cdf = 1 - Math.exp(-gap * 1000);
      return Math.max(largest, cdf - i / COUNT, (i + 1) / COUNT - cdf);
    }, 0);
    // 1.63 / √n is the bound at 1 %.
    expect(distance).toBeLessThan(1.63 / Math.sqrt(COUNT));
  });

  test('have gaps that say nothing about the next one', () => {
    const mean = gaps_s.reduce((sum, gap) => sum + gap, 0) / COUNT;
    const products = gaps_s.slice(1).reduce((sum, gap, i) => sum + (gap - mean) * (gaps_s[i]! - mean), 0);
    expect(Math.abs(products / COUNT / mean ** 2)).toBeLessThan(3 / Math.sqrt(COUNT));
  });

  test('repeat with the seed, and only with it', () => {
    expect(dueTimes('poisson', 1000, 20, 1)).toEqual(due_ns.slice(0, 20));
    expect(dueTimes('poisson', 1000, 20, 2)).not.toEqual(due_ns.slice(0, 20));
  });

  test('lose nothing in the sum over an hour', () => {
    const rate_per_s = 200;
    const count = 3600 * rate_per_s;
    const arrivals = createArrivals('poisson', endless(rate_per_s), 9);
    // Whole units of 2^-22 ns add up exactly in a BigInt.
    let exact = 0n;
    let last_ns = 0;
    for (let index = 0; index < count; index++) {
      last_ns = arrivals.next_ns();
      const gap_ns = -Math.log(1 - uniformAt(9, STREAMS.gap, index)) * (1e9 / rate_per_s);
      exact += BigInt(Math.round(gap_ns * 2 ** 22));
    }
    expect(Math.abs(last_ns - Number(exact) / 2 ** 22)).toBeLessThan(0.6);
  });
});
