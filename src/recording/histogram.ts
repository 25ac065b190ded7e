import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type JsHistogram,
} from 'hdr-histogram-js';
import { CELLS, cellOf, HIGHEST_NS, highestOf, lowestOf, SIGNIFICANT_DIGITS } from './layout.ts';
import type { HistogramSnapshot } from './types.ts';

/** Greatest count of a cell. */
const CELL_MAX = 2 ** 32 - 1;

/**
 * Counts of integer nanoseconds in the HdrHistogram layout, with exact count, min, max and sum beside.
 * Recording neither allocates nor throws. 135 KB.
 */
export class LatencyHistogram {
  readonly #counts = new Uint32Array(CELLS);
  #count = 0;
  #min_ns = HIGHEST_NS;
  #max_ns = 0;
  #sum_ns = 0;
  #clamped = 0;

  static from(snapshot: HistogramSnapshot): LatencyHistogram {
    const histogram = new LatencyHistogram();
    histogram.add(snapshot);
    return histogram;
  }

  /**
   * Reads base64 HdrHistogram V2 of any range and precision. Min, max and sum are as exact as its cells.
   * @throws Error when the text is not that.
   */
  static decode(text: string): LatencyHistogram {
    const hdr = decodeFromCompressedBase64(text, 32, false) as JsHistogram;
    const histogram = new LatencyHistogram();
    if (hdr.totalCount === 0) return histogram;
    // By index: the library's own iterator takes milliseconds for a histogram of this range.
    const last = hdr.countsArrayIndex(hdr.maxValue);
    for (let index = 0; index <= last; index++) {
      const count = hdr.getCountAtIndex(index);
      if (count > 0) histogram.#recordMany(hdr.medianEquivalentValue(hdr.valueFromIndex(index)), count);
    }
    return histogram;
  }

  /** What lies outside of the range, or is not a number, goes to its nearer end and is counted as clamped. */
  record(value_ns: number): void {
    let value = value_ns;
    if (!(value >= 0 && value <= HIGHEST_NS)) {
      this.#clamped++;
      value = value > HIGHEST_NS ? HIGHEST_NS : 0;
    }
    const cell = cellOf(value);
    this.#counts[cell] = this.#counts[cell]! + 1;
    this.#count++;
    this.#sum_ns += value;
    if (value < this.#min_ns) this.#min_ns = value;
    if (value > this.#max_ns) this.#max_ns = value;
  }

  #recordMany(value_ns: number, count: number): void {
    this.record(value_ns);
    const value = Math.min(value_ns, HIGHEST_NS);
    this.#increase(cellOf(value), count - 1);
    this.#count += count - 1;
    this.#sum_ns += value * (count - 1);
    if (value_ns > HIGHEST_NS) this.#clamped += count - 1;
  }

  get count(): number {
    return this.#count;
  }

  /** 0 when nothing was recorded, as are the maximum and the mean. */
  get min_ns(): number {
    return this.#count === 0 ? 0 : this.#min_ns;
  }

  get max_ns(): number {
    return this.#max_ns;
  }

  get sum_ns(): number {
    return this.#sum_ns;
  }

  get mean_ns(): number {
    return this.#count === 0 ? 0 : this.#sum_ns / this.#count;
  }

  get clamped(): number {
    return this.#clamped;
  }

  /** @throws RangeError when a cell would pass 2^32 − 1. */
  add(snapshot: HistogramSnapshot): void {
    if (snapshot.count === 0) return;
    const { cells } = snapshot;
    for (let i = 0; i < cells.length; i += 2) this.#increase(cells[i]!, cells[i + 1]!);
    this.#min_ns = Math.min(this.#min_ns, snapshot.min_ns);
    this.#max_ns = Math.max(this.#max_ns, snapshot.max_ns);
    this.#count += snapshot.count;
    this.#sum_ns += snapshot.sum_ns;
    this.#clamped += snapshot.clamped;
  }

  #increase(cell: number, count: number): void {
    const sum = this.#counts[cell]! + count;
    if (sum > CELL_MAX) {
      throw new RangeError(
        `a histogram cell holds at most ${CELL_MAX} values and would hold ${sum}: merge fewer histograms`,
      );
    }
    this.#counts[cell] = sum;
  }

  reset(): void {
    if (this.#count > 0) this.#counts.fill(0, cellOf(this.#min_ns), cellOf(this.#max_ns) + 1);
    this.#count = 0;
    this.#min_ns = HIGHEST_NS;
    this.#max_ns = 0;
    this.#sum_ns = 0;
    this.#clamped = 0;
  }

  snapshot(): HistogramSnapshot {
    const { min_ns, max_ns } = this;
    const first = cellOf(min_ns);
    const last = this.#count === 0 ? -1 : cellOf(max_ns);
    let occupied = 0;
    for (let cell = first; cell <= last; cell++) if (this.#counts[cell]! > 0) occupied++;
    const cells = new Uint32Array(2 * occupied);
    let at = 0;
    for (let cell = first; cell <= last; cell++) {
      if (this.#counts[cell] === 0) continue;
      cells[at++] = cell;
      cells[at++] = this.#counts[cell]!;
    }
    return { count: this.#count, min_ns, max_ns, sum_ns: this.#sum_ns, clamped: this.#clamped, cells };
  }

  /**
   * The value that `rank` of the recorded ones (1 … count) do not exceed, to the upper end of its cell and never
   * beyond the exact maximum. 0 when nothing was recorded.
   */
  valueAtRank(rank: number): number {
    if (this.#count === 0) return 0;
    const last = cellOf(this.#max_ns);
    let seen = 0;
    for (let cell = cellOf(this.#min_ns); cell < last; cell++) {
      seen += this.#counts[cell]!;
      if (seen >= rank) return Math.min(highestOf(cell), this.#max_ns);
    }
    return this.#max_ns;
  }

  /** @param percentile 0 … 100. The rank is rounded up, short of a rounding error in the product. */
  valueAtPercentile(percentile: number): number {
    return this.valueAtRank(rankOf(percentile, this.#count));
  }

  /** Values between each edge and the one before it, by the upper end of their cells; those beyond the last join it. */
  countsUpTo(edges_ns: readonly number[]): number[] {
    const counts = edges_ns.map(() => 0);
    const { cells } = this.snapshot();
    let bucket = 0;
    for (let i = 0; i < cells.length; i += 2) {
      const value = highestOf(cells[i]!);
      while (bucket < counts.length - 1 && value > edges_ns[bucket]!) bucket++;
      counts[bucket] = counts[bucket]! + cells[i + 1]!;
    }
    return counts;
  }

  toHdr(): JsHistogram {
    const hdr = build({
      bitBucketSize: 32,
      autoResize: false,
      lowestDiscernibleValue: 1,
      highestTrackableValue: HIGHEST_NS,
      numberOfSignificantValueDigits: SIGNIFICANT_DIGITS,
    }) as JsHistogram;
    const { cells } = this.snapshot();
    const last = cells.length - 2;
    for (let i = 0; i < last; i += 2) hdr.recordValueWithCount(lowestOf(cells[i]!), cells[i + 1]!);
    // The value itself in the last cell, so that the library's own maximum is exact too.
    if (last >= 0) hdr.recordValueWithCount(this.#max_ns, cells[last + 1]!);
    return hdr;
  }

  /** base64 of the compressed V2 encoding, which `.hlog` lines and every HdrHistogram library understand. */
  encode(): string {
    return encodeIntoCompressedBase64(this.toHdr());
  }
}

/** Nearest rank of a percentile (0 … 100) among `count`: at least 1. */
export function rankOf(percentile: number, count: number): number {
  const exact = (percentile / 100) * count;
  return Math.max(1, Math.ceil(exact - exact * Number.EPSILON));
}

export const EMPTY_SNAPSHOT: HistogramSnapshot = Object.freeze({
  count: 0,
  min_ns: 0,
  max_ns: 0,
  sum_ns: 0,
  clamped: 0,
  cells: new Uint32Array(0),
});

/** Time lines merge thousands of times: clearing what was touched is cheaper than 135 KB of zeros each time. */
const scratch = new LatencyHistogram();

export function mergeSnapshots(snapshots: readonly HistogramSnapshot[]): HistogramSnapshot {
  const occupied = snapshots.filter((snapshot) => snapshot.count > 0);
  if (occupied.length === 0) return EMPTY_SNAPSHOT;
  if (occupied.length === 1) return occupied[0]!;
  scratch.reset();
  for (const snapshot of occupied) scratch.add(snapshot);
  return scratch.snapshot();
}
