const KEPT = 64;

/** How late an event loop learns of what happens, as the median of the latest times that this was measured. */
export class Lateness {
  readonly #samples: number[] = [];
  #next = 0;
  /** 0 before the first measurement. */
  median_ns = 0;

  add(late_ns: number): void {
    this.#samples[this.#next] = late_ns;
    this.#next = (this.#next + 1) % KEPT;
    // Often enough: neighbours are alike.
    if (this.#next % 8 === 0 || this.#samples.length < 8) this.median_ns = medianOf(this.#samples);
  }
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >>> 1]!;
}
