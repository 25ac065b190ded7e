import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createIntensity } from '../../src/plan/intensity.ts';
import type { RateShape } from '../../src/workload/types.ts';
import { rateAt, shapes } from './rates.ts';

/** ∫ rate dt from the start, by Simpson's rule over pieces within which the rate has no jump. */
function integral(shape: RateShape, duration_ns: number, until_ns: number): number {
  const jumps = jumpsOf(shape, duration_ns).filter((jump) => jump < until_ns);
  const ends = [0, ...jumps, until_ns];
  let sum = 0;
  for (let piece = 1; piece < ends.length; piece++) {
    const [from, to] = [ends[piece - 1]!, ends[piece]!];
    const steps = shape.kind === 'sine' ? 2000 : 2;
    const width = (to - from) / steps;
    for (let step = 0; step < steps; step++) {
      const a = from + step * width;
      // Just within the piece: a jump belongs to neither side of it.
      const at = (share: number) => rateAt(shape, duration_ns, a + width * share);
      sum += ((at(1e-9) + 4 * at(0.5) + at(1 - 1e-9)) / 6) * (width / 1e9);
    }
  }
  return sum;
}

function jumpsOf(shape: RateShape, duration_ns: number): number[] {
  if (shape.kind === 'steps') {
    return shape.rates_per_s.map((_, i) => (i * duration_ns) / shape.rates_per_s.length).slice(1);
  }
  return shape.kind === 'spike' ? [shape.at_ns, shape.at_ns + shape.for_ns] : [];
}

const DURATION_NS = 20e9;
/** Of a moment tens of seconds away. */
const ROUNDING_NS = 1e-3;
/** Down to what a uniform number of 53 bits can tell from 0. */
const share = fc.oneof(fc.constant(0), fc.double({ min: 2 ** -53, max: 0.999, noNaN: true }));

describe('the moment by which so many operations are expected', () => {
  test('has that integral before it, for every shape', () => {
    const property = fc.property(shapes(DURATION_NS), share, (shape, share) => {
      const { total, timeOf_ns } = bound(shape);
      const expected = share * total;
      const moment_ns = timeOf_ns(expected);
      expect(moment_ns).toBeGreaterThanOrEqual(0);
      expect(moment_ns).toBeLessThanOrEqual(DURATION_NS);
      // To a nanosecond at the greatest rate, and the error of Simpson's rule.
      expect(Math.abs(integral(shape, DURATION_NS, moment_ns) - expected)).toBeLessThan(1e-4 + 1e-9 * total);
    });
    fc.assert(property, { seed: 11, numRuns: 300 });
  });

  test('never decreases, whatever is asked for before', () => {
    const shares = fc.array(share, { minLength: 2, maxLength: 40 });
    const property = fc.property(shapes(DURATION_NS), shares, (shape, asked) => {
      const { total, timeOf_ns } = bound(shape);
      const answers = asked.map((share) => ({ share, moment_ns: timeOf_ns(share * total * 0.999) }));
      answers.sort((a, b) => a.share - b.share);
      for (const [i, { moment_ns }] of answers.entries())
        expect(moment_ns).toBeGreaterThan((answers[i - 1]?.moment_ns ?? 0) - ROUNDING_NS);
    });
    fc.assert(property, { seed: 12, numRuns: 300 });
  });

  test('is never, for more than there are', () => {
    const property = fc.property(shapes(DURATION_NS), (shape) => {
      const { total, timeOf_ns } = bound(shape);
      expect(timeOf_ns(total * (1 + 1e-9))).toBe(Number.POSITIVE_INFINITY);
      expect(total).toBeCloseTo(integral(shape, DURATION_NS, DURATION_NS), 3);
    });
    fc.assert(property, { seed: 13, numRuns: 200 });
  });

  test('is exact where it can be said by hand', () => {
    const ramp = bound({ kind: 'ramp', from_per_s: 0, to_per_s: 100 });
    // 0 → 100/s over 20 s: half of the 1,000 by √½ of the time.
    expect(ramp.total).toBe(1000);
    expect(ramp.timeOf_ns(500)).toBeCloseTo(DURATION_NS * Math.SQRT1_2, 0);
    const steps = bound({ kind: 'steps', rates_per_s: [0, 10, 0, 40] });
    expect(steps.total).toBe(250);
    expect(steps.timeOf_ns(0)).toBe(5e9);
    expect(steps.timeOf_ns(50)).toBe(15e9);
    expect(steps.timeOf_ns(90)).toBe(16e9);
  });
});

function bound(shape: RateShape) {
  const intensity = createIntensity(shape, DURATION_NS);
  return {
    total: intensity.total,
    timeOf_ns: (expected: number) => intensity.timeOf_ns(expected),
  };
}
