import { LatencyHistogram, mergeSnapshots } from './histogram.ts';
import type { HistogramSnapshot, SecondRow } from './types.ts';

/** Seconds that are being written to at a time: operations complete nearly in the order in which they were due. */
const OPEN_SECONDS = 4;

interface OpenSecond {
  second: number;
  errors: number;
  response: LatencyHistogram;
}

/**
 * Rows by the second in which operations were due. A few seconds are open; an older one is put away as a row and,
 * should a straggler still belong to it, opened again and added to that row. Allocates once a second.
 */
export class SecondRows {
  readonly #open: OpenSecond[] = [];
  #newest: OpenSecond;
  readonly #rows = new Map<number, { errors: number; response: HistogramSnapshot }>();

  constructor() {
    for (let i = 0; i < OPEN_SECONDS; i++) {
      this.#open.push({ second: Number.NaN, errors: 0, response: new LatencyHistogram() });
    }
    this.#newest = this.#open[0]!;
  }

  completed(second: number, response_ns: number): void {
    this.#find(second).response.record(response_ns);
  }

  failed(second: number): void {
    this.#find(second).errors++;
  }

  /** Rows that are put away. */
  get size(): number {
    return this.#rows.size;
  }

  /** Every row so far, in order, and starts anew. */
  take(measured: boolean): SecondRow[] {
    for (const open of this.#open) this.#putAway(open);
    return this.takePutAway(measured);
  }

  /** The rows that are put away, in order: a straggler of one of them makes another row of that second. */
  takePutAway(measured: boolean): SecondRow[] {
    const rows = [...this.#rows]
      .sort(([a], [b]) => a - b)
      .map(([second, row]) => ({ second, measured, errors: row.errors, response: row.response }));
    this.#rows.clear();
    return rows;
  }

  #find(second: number): OpenSecond {
    if (this.#newest.second === second) return this.#newest;
    let oldest = this.#open[0]!;
    for (const open of this.#open) {
      if (open.second === second) {
        this.#newest = open;
        return open;
      }
      // NaN, an unused one, is chosen first: no number is below it.
      if (!(open.second >= oldest.second)) oldest = open;
    }
    this.#putAway(oldest);
    oldest.second = second;
    this.#newest = oldest;
    return oldest;
  }

  #putAway(open: OpenSecond): void {
    if (!Number.isNaN(open.second)) {
      const earlier = this.#rows.get(open.second);
      const response = open.response.snapshot();
      this.#rows.set(open.second, {
        errors: open.errors + (earlier?.errors ?? 0),
        response: earlier ? mergeSnapshots([earlier.response, response]) : response,
      });
    }
    open.second = Number.NaN;
    open.errors = 0;
    open.response.reset();
  }
}
