import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  distanceFrom,
  exponentialCdf,
  exponentialQuantile,
  gapsOf,
  quantileOf,
  queueResponses,
  stratifiedExponential,
} from '../../src/selftest/laws.ts';
import { createRandom } from '../../src/std/random.ts';

describe('the exponential law', () => {
  it('has the quantiles that it is known for', () => {
    expect(exponentialQuantile(0.5, 10)).toBeCloseTo(10 * Math.LN2, 12);
    expect(exponentialQuantile(1 - Math.exp(-1), 10)).toBeCloseTo(10, 12);
    expect(exponentialQuantile(0, 10)).toBeCloseTo(0, 12);
  });

  it('is inverted by its distribution function', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 0.9999, noNaN: true }),
        fc.integer({ min: 1, max: 1e9 }),
        (p, mean) => {
          expect(exponentialCdf(mean)(exponentialQuantile(p, mean))).toBeCloseTo(p, 9);
        },
      ),
    );
  });

  it('is met by its strata at every percentile that is checked', () => {
    const strata = stratifiedExponential(2000, 10);
    for (const p of [0.5, 0.9, 0.99])
      expect(Math.abs(quantileOf(strata, p) / exponentialQuantile(p, 10) - 1)).toBeLessThan(0.006);
    expect(strata.reduce((sum, value) => sum + value) / 2000).toBeCloseTo(10, 1);
  });
});

describe('quantiles', () => {
  it('are nearest ranks', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect([0, 0.01, 0.5, 0.95, 0.99, 1].map((p) => quantileOf(values, p))).toEqual([1, 1, 50, 95, 99, 100]);
    expect(quantileOf([], 0.5)).toBeNaN();
  });
});

describe('one queue', () => {
  it('keeps everybody waiting behind a stall, each less than the one before', () => {
    const dues = [0, 10, 20, 30, 40, 50];
    expect(queueResponses(dues, [1, 25, 1, 1, 1, 1])).toEqual([1, 25, 16, 7, 1, 1]);
  });

  it('has the closed form of a stall: its length less the time since, and the stays of those in between', () => {
    const [every, stay, stalled, at] = [10, 1, 1000, 450];
    const stays = Array.from({ length: 1000 }, (_, index) => (index === at ? stalled : stay));
    const dues = stays.map((_, index) => index * every);
    const law = dues.map((_, index) => {
      const behind = index - at;
      return behind < 0 ? stay : Math.max(stay, stalled - behind * (every - stay));
    });
    expect(queueResponses(dues, stays)).toEqual(law);
    expect(quantileOf(law, 0.95)).toBe(550);
    expect(quantileOf(law, 0.99)).toBe(910);
  });

  it('is never shorter than the stay, and a longer stay shortens nobody', () => {
    const stays = fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(stays, fc.nat(49), (drawn, at) => {
        const dues = drawn.map((_, index) => index * 7);
        const responses = queueResponses(dues, drawn);
        const longer = queueResponses(
          dues,
          drawn.map((stay, index) => (index === at ? stay + 10 : stay)),
        );
        responses.forEach((response, index) => {
          expect(response).toBeGreaterThanOrEqual(drawn[index]!);
          expect(longer[index]).toBeGreaterThanOrEqual(response);
        });
      }),
    );
  });
});

describe('the distance from a law', () => {
  it('is small for draws from it, and large for bursts', () => {
    const random = createRandom(3);
    const draws = Array.from({ length: 2000 }, () => exponentialQuantile(random.next(), 5));
    expect(distanceFrom(draws, exponentialCdf(5))).toBeLessThan(0.03);
    const burst = Array.from({ length: 2000 }, (_, index) => (index % 10 === 9 ? 50 : 0));
    expect(distanceFrom(burst, exponentialCdf(5))).toBeGreaterThan(0.8);
    expect(distanceFrom([], exponentialCdf(5))).toBeNaN();
  });

  it('is half of a step, for one value in the middle', () => {
    expect(distanceFrom([0.5], (value) => value)).toBe(0.5);
  });

  it('is taken of gaps, one fewer than the times', () => {
    expect(gapsOf([1, 3, 6])).toEqual([2, 3]);
    expect(gapsOf([])).toEqual([]);
  });
});
