const KEPT = 64;

/**
 * How late something usually is, by the latest times that this was measured: their lower quartile, which a crowded
 * machine moves the least, and never more than a bound.
 */
export class Lateness {
  readonly #most_ns: number;
  readonly #samples: number[] = [];
  #next = 0;
  /** 0 before the first measurement. */
  usual_ns = 0;

  constructor(most_ns: number) {
    this.#most_ns = most_ns;
  }

  add(late_ns: number): void {
    this.#samples[this.#next] = late_ns;
    this.#next = (this.#next + 1) % KEPT;
    // Often enough: neighbours are alike.
    if (this.#next % 8 === 0 || this.#samples.length < 8) {
      const sorted = this.#samples.toSorted((a, b) => a - b);
      this.usual_ns = Math.min(this.#most_ns, sorted[sorted.length >>> 2]!);
    }
  }
}
