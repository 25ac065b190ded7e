import { getHeapStatistics } from 'node:v8';
import fc from 'fast-check';
import { build, decodeFromCompressedBase64, type JsHistogram } from 'hdr-histogram-js';
import { describe, expect, it } from 'vitest';
import { CELLS, cellOf, HIGHEST_NS, highestOf, lowestOf } from '../../src/recording/layout.ts';
import { LatencyHistogram, mergeSnapshots } from '../../src/recording/recording.ts';

/** Every magnitude is as likely as every other, edges of doublings included. */
const latency_ns = fc
  .oneof(
    fc.integer({ min: 0, max: 4096 }),
    fc.double({ min: 0, max: Math.log2(HIGHEST_NS), noNaN: true }).map((bits) => Math.floor(2 ** bits)),
    fc
      .tuple(fc.integer({ min: 11, max: 41 }), fc.constantFrom(-1, 0, 1))
      .map(([bits, off]) => 2 ** bits + off),
  )
  .filter((value_ns) => value_ns <= HIGHEST_NS);

const latencies_ns = fc.array(latency_ns, { minLength: 1, maxLength: 300 });

function oracle(values_ns: readonly number[] = []): JsHistogram {
  const hdr = build({
    bitBucketSize: 32,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST_NS,
    numberOfSignificantValueDigits: 3,
  }) as JsHistogram;
  for (const value_ns of values_ns) hdr.recordValue(value_ns);
  return hdr;
}

function recorded(values_ns: readonly number[]): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (const value_ns of values_ns) histogram.record(value_ns);
  return histogram;
}

describe('the cell layout', () => {
  it("is hdr-histogram-js's", () => {
    const hdr = oracle();
    expect(CELLS).toBe(hdr.countsArrayLength);
    fc.assert(
      fc.property(latency_ns, (value_ns) => {
        const cell = cellOf(value_ns);
        expect(cell).toBe(hdr.countsArrayIndex(value_ns));
        expect(lowestOf(cell)).toBe(hdr.lowestEquivalentValue(value_ns));
        expect(highestOf(cell)).toBe(hdr.highestEquivalentValue(value_ns));
      }),
      { seed: 1, numRuns: 3000 },
    );
  });

  it('tells values apart to a thousandth', () => {
    fc.assert(
      fc.property(latency_ns, (value_ns) => {
        const cell = cellOf(value_ns);
        expect(lowestOf(cell)).toBeLessThanOrEqual(value_ns);
        expect(highestOf(cell)).toBeGreaterThanOrEqual(value_ns);
        expect(highestOf(cell) - lowestOf(cell)).toBeLessThanOrEqual(value_ns / 1000);
      }),
      { seed: 2, numRuns: 1000 },
    );
  });
});

describe('LatencyHistogram', () => {
  it("gives hdr-histogram-js's percentiles, never beyond the exact maximum", () => {
    fc.assert(
      fc.property(latencies_ns, fc.double({ min: 0.01, max: 100, noNaN: true }), (values_ns, percentile) => {
        const expected = Math.min(oracle(values_ns).getValueAtPercentile(percentile), Math.max(...values_ns));
        expect(recorded(values_ns).valueAtPercentile(percentile)).toBe(expected);
      }),
      { seed: 3, numRuns: 500 },
    );
  });

  it('keeps count, minimum, maximum and sum exactly', () => {
    fc.assert(
      fc.property(latencies_ns, (values_ns) => {
        const { count, min_ns, max_ns, sum_ns, clamped } = recorded(values_ns).snapshot();
        expect({ count, min_ns, max_ns, sum_ns, clamped }).toEqual({
          count: values_ns.length,
          min_ns: Math.min(...values_ns),
          max_ns: Math.max(...values_ns),
          sum_ns: values_ns.reduce((sum, value_ns) => sum + value_ns, 0),
          clamped: 0,
        });
      }),
      { seed: 4, numRuns: 200 },
    );
  });

  it('merges to what recording everything in one gives', () => {
    fc.assert(
      fc.property(fc.array(latencies_ns, { maxLength: 4 }), (parts) => {
        const merged = mergeSnapshots(parts.map((part) => recorded(part).snapshot()));
        expect(merged).toEqual(recorded(parts.flat()).snapshot());
      }),
      { seed: 5, numRuns: 200 },
    );
  });

  it('reads back its own encoding to the cell, as does hdr-histogram-js', () => {
    fc.assert(
      fc.property(latencies_ns, (values_ns) => {
        const histogram = recorded(values_ns);
        const text = histogram.encode();
        expect(LatencyHistogram.decode(text).snapshot().cells).toEqual(histogram.snapshot().cells);
        const hdr = decodeFromCompressedBase64(text);
        expect(hdr.totalCount).toBe(values_ns.length);
        expect(hdr.getValueAtPercentile(50)).toBe(oracle(values_ns).getValueAtPercentile(50));
      }),
      { seed: 6, numRuns: 50 },
    );
  });

  it('hands the exact maximum to hdr-histogram-js', () => {
    expect(recorded([5, 123_456_789]).toHdr().maxValue).toBe(123_456_789);
  });

  it('decodes histograms of another range and precision', () => {
    const hdr = build({
      lowestDiscernibleValue: 1,
      highestTrackableValue: 1e10,
      numberOfSignificantValueDigits: 2,
    });
    hdr.recordValueWithCount(5_000_000, 7);
    hdr.recordValueWithCount(9e9, 2);
    const text = (hdr as JsHistogram & { encodeIntoCompressedBase64(): string }).encodeIntoCompressedBase64();
    const histogram = LatencyHistogram.decode(text);
    expect(histogram.count).toBe(9);
    expect(histogram.valueAtPercentile(50)).toBeGreaterThan(4.95e6);
    expect(histogram.valueAtPercentile(50)).toBeLessThan(5.05e6);
  });

  it.each([
    ['negative', -1, 0],
    ['not a number', Number.NaN, 0],
    ['beyond an hour', 3.7e12, HIGHEST_NS],
    ['infinite', Number.POSITIVE_INFINITY, HIGHEST_NS],
  ])('counts a value that is %s as clamped, at the nearer end', (_, value_ns, end_ns) => {
    const { count, clamped, max_ns } = recorded([value_ns]).snapshot();
    expect({ count, clamped, max_ns }).toEqual({ count: 1, clamped: 1, max_ns: end_ns });
  });

  it('is empty after a reset, whatever was in it', () => {
    fc.assert(
      fc.property(latencies_ns, (values_ns) => {
        const histogram = recorded(values_ns);
        histogram.reset();
        expect(histogram.snapshot()).toEqual(new LatencyHistogram().snapshot());
        histogram.record(7);
        expect([...histogram.snapshot().cells]).toEqual([7, 1]);
      }),
      { seed: 7, numRuns: 100 },
    );
  });

  it('refuses to wrap a cell', () => {
    const almost = {
      ...recorded([10]).snapshot(),
      count: 2 ** 32 - 1,
      cells: Uint32Array.of(10, 2 ** 32 - 1),
    };
    const histogram = LatencyHistogram.from(almost);
    expect(() => histogram.add(recorded([10]).snapshot())).toThrow(RangeError);
  });

  it('counts by upper edges, the last one taking the rest', () => {
    expect(recorded([1, 10, 11, 100, 5000]).countsUpTo([10, 100])).toEqual([2, 3]);
  });

  it('records without allocating', () => {
    const histogram = new LatencyHistogram();
    // Below 2^31: V8 boxes a greater number for any call that it doesn't inline.
    const values_ns = Float64Array.from({ length: 1024 }, (_, i) => Math.floor(2 ** (i / 34)));
    const grown_bytes = [1, 2, 3, 4, 5].map(() => {
      const before = getHeapStatistics().used_heap_size;
      for (let i = 0; i < 300_000; i++) histogram.record(values_ns[i & 1023]!);
      return getHeapStatistics().used_heap_size - before;
    });
    // The first rounds are interpreted. A collection may fall into one round, but not into all of them.
    expect(Math.min(...grown_bytes.map(Math.abs))).toBeLessThan(300_000);
  });
});
