import { uniformsOf } from '../std/random.ts';

/** One look in every stretch of this length, at a random moment of it. */
const STRETCH_NS = 250e3;
/** Any seed would do: moments must only know nothing of the schedule and of the answers. */
const SEED = 0x100c5;

/**
 * The time integral of a count, estimated by looking at it at seeded random moments. It knows no duration of anything,
 * so that it can be held against what durations add up to.
 */
export class Looks {
  readonly #uniform = uniformsOf(SEED, 0);
  #looks = 0;
  #stretch_ns = 0;
  #next_ns = Number.POSITIVE_INFINITY;
  #sum = 0;

  begin(now_ns: number): void {
    this.#sum = 0;
    this.#stretch_ns = now_ns - STRETCH_NS;
    this.#moveOn();
  }

  /** The count was `count` from the last call until now. */
  upTo(now_ns: number, count: number): void {
    while (this.#next_ns <= now_ns) {
      this.#sum += count;
      this.#moveOn();
    }
  }

  /** What the integral is from `begin` to the last `upTo`, without bias. */
  get integral_ns(): number {
    return this.#sum * STRETCH_NS;
  }

  #moveOn(): void {
    this.#stretch_ns += STRETCH_NS;
    this.#next_ns = this.#stretch_ns + this.#uniform(this.#looks++) * STRETCH_NS;
  }
}
