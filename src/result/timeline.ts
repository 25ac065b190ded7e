import { LatencyHistogram, mergeSnapshots, type SecondRow } from '../recording/recording.ts';
import { percentileOf } from './percentiles.ts';
import type { Timeline, TimelineRow } from './types.ts';

export const TIMELINE_ROWS_MAX = 600;

/** Nine edges a decade from 10 µs (to 77 s), then everything: the same for all arms, so that they can be compared. */
const BUCKETS_NS: readonly number[] = [
  ...Array.from({ length: 63 }, (_, i) => Math.round(1e4 * 10 ** (i / 9))),
  3.6e12,
];

/**
 * A time line of bounded size, however long the run: when it is full, pairs of rows become one and rows twice as
 * wide. Seconds may come in any order, and more than once (from two turns that share one): they add up.
 */
export class TimelineBuilder {
  #row_s = 1;
  #rows = new Map<number, SecondRow>();

  add(seconds: readonly SecondRow[]): void {
    for (const second of seconds) {
      this.#put(second);
      while (this.#rows.size > TIMELINE_ROWS_MAX) this.#halve();
    }
  }

  build(): Timeline {
    const rows = [...this.#rows.values()].sort((a, b) => a.second - b.second);
    return { row_s: this.#row_s, buckets_ns: [...BUCKETS_NS], rows: rows.map(timelineRow) };
  }

  #put(row: SecondRow): void {
    const second = Math.floor(row.second / this.#row_s) * this.#row_s;
    const there = this.#rows.get(second);
    this.#rows.set(second, {
      second,
      measured: row.measured && (there?.measured ?? true),
      errors: row.errors + (there?.errors ?? 0),
      response: there ? mergeSnapshots([there.response, row.response]) : row.response,
    });
  }

  #halve(): void {
    const rows = this.#rows.values();
    this.#rows = new Map();
    this.#row_s *= 2;
    for (const row of rows) this.#put(row);
  }
}

function timelineRow(row: SecondRow): TimelineRow {
  const histogram = LatencyHistogram.from(row.response);
  return {
    second: row.second,
    measured: row.measured,
    count: histogram.count + row.errors,
    errors: row.errors,
    p50: percentileOf(histogram, 50, row.errors),
    p99: percentileOf(histogram, 99, row.errors),
    max: histogram.count > 0 && row.errors === 0 ? histogram.max_ns : null,
    buckets: histogram.countsUpTo(BUCKETS_NS),
  };
}
