import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LatencyHistogram } from '../../src/recording/recording.ts';
import {
  censoredPercentile,
  percentileOf,
  samplesNeeded,
  summariseHistogram,
} from '../../src/result/percentiles.ts';

function histogramOf(count: number): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (let i = 1; i <= count; i++) histogram.record(i);
  return histogram;
}

describe('the rule on samples', () => {
  it.each([
    [50, 10],
    [90, 100],
    [99, 1000],
    [99.9, 10_000],
  ])('asks for enough of them beyond p%d', (percentile, needed) => {
    expect(samplesNeeded(percentile)).toBe(needed);
    expect(percentileOf(histogramOf(needed - 1), percentile, 0)).toBeNull();
    expect(percentileOf(histogramOf(needed), percentile, 0)).not.toBeNull();
  });
});

describe('censored operations', () => {
  it('count as infinitely slow: the percentile is that of a list with infinities at its end', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1500 }),
        fc.integer({ min: 0, max: 300 }),
        fc.constantFrom(50, 90, 99),
        (count, censored, percentile) => {
          const all = [...Array.from({ length: count }, (_, i) => i + 1), ...Array(censored).fill(Infinity)];
          const exact = all[Math.ceil((percentile / 100) * all.length - 1e-9) - 1];
          const expected = exact === Infinity ? null : exact;
          expect(censoredPercentile(histogramOf(count), percentile, censored)).toBe(expected);
        },
      ),
      { seed: 21, numRuns: 200 },
    );
  });

  it('withhold a percentile that falls among them', () => {
    const histogram = histogramOf(990);
    expect(percentileOf(histogram, 99, 10)).toBe(990);
    expect(percentileOf(histogram, 99, 11)).toBeNull();
  });

  it('withhold mean and maximum, which nobody knows', () => {
    expect(summariseHistogram(histogramOf(100), 0)).toMatchObject({ min: 1, mean: 50.5, max: 100 });
    expect(summariseHistogram(histogramOf(100), 1)).toMatchObject({ min: 1, mean: null, max: null });
  });
});

describe('a summary of nothing', () => {
  it('is null throughout', () => {
    const { hdr, count, ...figures } = summariseHistogram(new LatencyHistogram(), 0);
    expect(count).toBe(0);
    expect(Object.values(figures)).toEqual(Array(7).fill(null));
    expect(LatencyHistogram.decode(hdr).count).toBe(0);
  });
});
