import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LatencyHistogram, type SecondRow } from '../../src/recording/recording.ts';
import { TimelineBuilder } from '../../src/result/result.ts';

function rowOf(second: number, latencies_ns: readonly number[], errors = 0, measured = true): SecondRow {
  const response = new LatencyHistogram();
  for (const latency_ns of latencies_ns) response.record(latency_ns);
  return { second, measured, errors, response: response.snapshot() };
}

describe('a time line', () => {
  it('keeps a row a second while there is room', () => {
    const builder = new TimelineBuilder();
    builder.add([rowOf(0, [2e6, 4e6], 1, false), rowOf(3, Array(20).fill(1e6))]);
    const { row_s, rows, buckets_ns } = builder.build();
    expect(row_s).toBe(1);
    expect(
      rows.map(({ second, measured, count, errors, max }) => ({ second, measured, count, errors, max })),
    ).toEqual([
      { second: 0, measured: false, count: 3, errors: 1, max: null },
      { second: 3, measured: true, count: 20, errors: 0, max: 1e6 },
    ]);
    expect(rows[0]!.p50).toBeNull();
    expect(rows[1]!.p50).toBe(1e6);
    expect(buckets_ns).toHaveLength(64);
    const edge = buckets_ns.findIndex((edge_ns) => edge_ns >= 1e6 * 1.001);
    expect(rows[1]!.buckets[edge]! + rows[1]!.buckets[edge - 1]!).toBe(20);
  });

  it('adds up a second that two turns share', () => {
    const builder = new TimelineBuilder();
    builder.add([rowOf(1, [1e6], 0, false)]);
    builder.add([rowOf(1, [3e6], 0)]);
    builder.add([rowOf(2, [3e6]), rowOf(2, [], 2)]);
    expect(builder.build().rows).toMatchObject([
      { second: 1, measured: false, count: 2, errors: 0, max: 3e6 },
      { second: 2, measured: true, count: 3, errors: 2, max: null },
    ]);
  });

  it('stays within 600 rows and loses no operation, however long and in whatever order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 997 }), (seconds, stride) => {
        const builder = new TimelineBuilder();
        for (let i = 0; i < seconds; i++) builder.add([rowOf((i * stride) % seconds, [1e6 + i], i % 2)]);
        const { rows, row_s } = builder.build();
        expect(rows.length).toBeLessThanOrEqual(600);
        expect(rows.reduce((sum, row) => sum + row.count, 0)).toBe(seconds + Math.floor(seconds / 2));
        expect(rows.reduce((sum, row) => sum + row.buckets.reduce((a, b) => a + b), 0)).toBe(seconds);
        expect(
          rows.every((row, i) => row.second % row_s === 0 && (i === 0 || row.second > rows[i - 1]!.second)),
        ).toBe(true);
        expect(Math.log2(row_s) % 1).toBe(0);
      }),
      { seed: 22, numRuns: 6 },
    );
  });
});
