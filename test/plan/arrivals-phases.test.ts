import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createArrivals } from '../../src/plan/arrivals.ts';
import { createIntensity } from '../../src/plan/intensity.ts';
import { createPlan } from '../../src/plan/plan.ts';
import type { Phase, RateShape } from '../../src/workload/types.ts';
import { armOf } from './arms.ts';
import { kolmogorovDistance } from './kolmogorov.ts';
import { rateAt, shapes } from './rates.ts';

const DURATION_NS = 20e9;

function phase(rate: RateShape, operations: number | null = null, duration_ns = DURATION_NS): Phase {
  return { name: 'phase', duration_ns, operations, rate, measured: true };
}

function allOf(process: 'constant' | 'poisson', phases: Phase[], seed = 1): number[] {
  const arrivals = createArrivals(process, phases, seed);
  const due_ns: number[] = [];
  for (let next = arrivals.next_ns(); next < Number.POSITIVE_INFINITY; next = arrivals.next_ns())
    due_ns.push(next);
  return due_ns;
}

const SHAPES: [string, RateShape][] = [
  ['constant', { kind: 'constant', rate_per_s: 1000 }],
  ['a ramp', { kind: 'ramp', from_per_s: 0, to_per_s: 2000 }],
  ['a ramp down', { kind: 'ramp', from_per_s: 2000, to_per_s: 50 }],
  ['steps', { kind: 'steps', rates_per_s: [500, 0, 3000, 100] }],
  ['a spike', { kind: 'spike', base_per_s: 500, spike_per_s: 5000, at_ns: 7e9, for_ns: 1e9 }],
  ['a sine', { kind: 'sine', mean_per_s: 1000, amplitude_per_s: 1000, period_ns: 3e9 }],
];

describe.each(SHAPES)('poisson arrivals at a rate that is %s', (_, shape) => {
  const { total } = createIntensity(shape, DURATION_NS);
  const runs = [1, 2, 3, 4, 5].map((seed) => allOf('poisson', [phase(shape)], seed));

  test('are as many as expected, but for noise', () => {
    for (const { length } of runs) expect(Math.abs(length - total) / Math.sqrt(total)).toBeLessThan(4);
  });

  test('are spread as the rate is', () => {
    // Given their number, arrivals of a Poisson process are independent draws of the rate's own distribution.
    const cdf = cdfOf(shape);
    for (const due_ns of runs) {
      expect(kolmogorovDistance(due_ns, cdf)).toBeLessThan(1.95 / Math.sqrt(due_ns.length));
    }
  });

  test('have exponential gaps, on the scale of expected operations', () => {
    const cdf = cdfOf(shape);
    for (const due_ns of runs) {
      const gaps = due_ns.slice(1).map((due, i) => (cdf(due) - cdf(due_ns[i]!)) * total);
      expect(kolmogorovDistance(gaps, (gap) => 1 - Math.exp(-gap))).toBeLessThan(
        1.95 / Math.sqrt(gaps.length),
      );
    }
  });
});

const CELLS = 100_000;

/** Share of the operations expected by a moment, from the rates themselves. Every jump of them is between two cells. */
function cdfOf(shape: RateShape): (at_ns: number) => number {
  const width = DURATION_NS / CELLS;
  const sums = new Float64Array(CELLS + 1);
  for (let cell = 0; cell < CELLS; cell++)
    sums[cell + 1] = sums[cell]! + rateAt(shape, DURATION_NS, (cell + 0.5) * width);
  return (at_ns) => {
    const cell = Math.floor(at_ns / width);
    const before = sums[cell]!;
    return (before + (sums[cell + 1]! - before) * (at_ns / width - cell)) / sums[CELLS]!;
  };
}

function bound(shape: RateShape) {
  const intensity = createIntensity(shape, DURATION_NS);
  return { total: intensity.total, timeOf_ns: (expected: number) => intensity.timeOf_ns(expected) };
}

describe('constant arrivals', () => {
  test('are one expected operation apart, for every shape', () => {
    const property = fc.property(shapes(DURATION_NS), (shape) => {
      const { total, timeOf_ns } = bound(shape);
      const due_ns = allOf('constant', [phase(shape)]);
      expect(Math.abs(due_ns.length - Math.ceil(total))).toBeLessThanOrEqual(1);
      for (const [index, due] of due_ns.entries())
        expect(Math.abs(due - timeOf_ns(index))).toBeLessThanOrEqual(1);
    });
    fc.assert(property, { seed: 21, numRuns: 30 });
  });
});

describe('phases', () => {
  const process = fc.constantFrom('constant' as const, 'poisson' as const);

  test('by count have exactly their count, each within its phase', () => {
    const counted = fc.record({
      count: fc.integer({ min: 1, max: 500 }),
      rate: fc.double({ min: 0.5, max: 1e5, noNaN: true }),
    });
    const property = fc.property(process, fc.array(counted, { minLength: 1, maxLength: 5 }), (how, parts) => {
      const phases = parts.map(({ count, rate }) =>
        phase({ kind: 'constant', rate_per_s: rate }, count, Math.ceil((count / rate) * 1e9)),
      );
      const due_ns = allOf(how, phases, 3);
      let from_ns = 0;
      let index = 0;
      for (const { operations, duration_ns } of phases) {
        const own = due_ns.slice(index, index + operations!);
        expect(own).toHaveLength(operations!);
        expect(own[0]).toBeGreaterThanOrEqual(Math.floor(from_ns));
        expect(own.at(-1)).toBeLessThanOrEqual(Math.ceil(from_ns + duration_ns!));
        from_ns += duration_ns!;
        index += operations!;
      }
      expect(due_ns).toHaveLength(index);
    });
    fc.assert(property, { seed: 22, numRuns: 200 });
  });

  test('by count of a Poisson process are spread evenly, with gaps as of sorted uniform times', () => {
    const [count, runs] = [20, 1000];
    const rate = { kind: 'constant', rate_per_s: 20 } as const;
    const all = Array.from({ length: runs }, (_, seed) => allOf('poisson', [phase(rate, count, 1e9)], seed));
    expect(kolmogorovDistance(all.flat(), (at_ns) => at_ns / 1e9)).toBeLessThan(1.63 / Math.sqrt(runs));
    // The first of n uniform times is beyond t with (1 − t)^n, and so is every gap between them.
    const gapCdf = (gap_ns: number) => 1 - (1 - gap_ns / 1e9) ** count;
    for (const place of [0, 7, 19]) {
      const gaps = all.map((due_ns) => due_ns[place]! - (due_ns[place - 1] ?? 0));
      expect(kolmogorovDistance(gaps, gapCdf)).toBeLessThan(1.63 / Math.sqrt(runs));
    }
  });

  test('follow each other: due times never decrease, and each phase begins anew', () => {
    const phases = fc.array(shapes(DURATION_NS), { minLength: 2, maxLength: 3 });
    const property = fc.property(process, phases, (how, parts) => {
      const due_ns = allOf(
        how,
        parts.map((shape) => phase(shape)),
        5,
      );
      for (const [i, due] of due_ns.entries()) expect(due).toBeGreaterThanOrEqual(due_ns[i - 1] ?? 0);
      if (how === 'poisson') return;
      const own = allOf('constant', [phase(parts[1]!)]);
      const second = due_ns.filter((due) => due >= DURATION_NS && due < 2 * DURATION_NS);
      expect(second.slice(0, 50)).toEqual(own.slice(0, 50).map((due) => due + DURATION_NS));
    });
    fc.assert(property, { seed: 23, numRuns: 20 });
  });

  test('are the same for 1, 2 and 4 lanes', () => {
    const arm = armOf(`callers: 7
arrivals: { process: poisson, rate: { from: 0/s, to: 400/s } }
phases: [ { for: 1s }, { count: 100, rate: 200/s }, { for: 2s, rate: { mean: 100/s, amplitude: 80/s, period: 300ms } } ]`);
    const operationsBy = (lanes: number) => {
      const due: [number, number][] = [];
      for (let lane = 0; lane < lanes; lane++) {
        const stream = createPlan(arm, 9).stream(lane, lanes);
        for (let next = stream.next(); next; next = stream.next()) due.push([next.index, next.due_ns]);
      }
      return due.sort(([a], [b]) => a - b);
    };
    const alone = operationsBy(1);
    expect(alone.length).toBeGreaterThan(300);
    expect(operationsBy(2)).toEqual(alone);
    expect(operationsBy(4)).toEqual(alone);
  });
});
