import { uniformsOf } from '../std/random.ts';
import type { Arrivals } from '../workload/types.ts';
import { STREAMS } from './streams.ts';

type OpenArrivals = Extract<Arrivals, { loop: 'open' }>;

/** Due times of an open loop, from operation 0 on. */
export interface ArrivalSchedule {
  /** Due time of the next operation: whole nanoseconds since the time line began, never decreasing. */
  next_ns(): number;
}

export function createArrivals(arrivals: OpenArrivals, seed: number): ArrivalSchedule {
  const gap_ns = 1e9 / arrivals.rate_per_s;
  return arrivals.process === 'constant' ? new ConstantArrivals(gap_ns) : new PoissonArrivals(gap_ns, seed);
}

class ConstantArrivals implements ArrivalSchedule {
  readonly #gap_ns: number;
  #index = 0;

  constructor(gap_ns: number) {
    this.#gap_ns = gap_ns;
  }

  next_ns(): number {
    return Math.round(this.#index++ * this.#gap_ns);
  }
}

/** Independent exponential gaps. The sum is compensated (Kahan), so that it is as exact after an hour as at first. */
class PoissonArrivals implements ArrivalSchedule {
  readonly #mean_ns: number;
  readonly #uniform: (index: number) => number;
  #index = 0;
  #sum_ns = 0;
  #lost_ns = 0;

  constructor(mean_ns: number, seed: number) {
    this.#mean_ns = mean_ns;
    this.#uniform = uniformsOf(seed, STREAMS.gap);
  }

  next_ns(): number {
    const gap_ns = -Math.log(1 - this.#uniform(this.#index++)) * this.#mean_ns;
    const corrected_ns = gap_ns - this.#lost_ns;
    const sum_ns = this.#sum_ns + corrected_ns;
    this.#lost_ns = sum_ns - this.#sum_ns - corrected_ns;
    this.#sum_ns = sum_ns;
    return Math.round(sum_ns);
  }
}
