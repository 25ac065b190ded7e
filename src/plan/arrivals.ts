import { uniformsOf } from '../std/random.ts';
import type { Arrivals, Phase } from '../workload/types.ts';
import { createIntensity, type Intensity } from './intensity.ts';
import { STREAMS } from './streams.ts';

type Process = Extract<Arrivals, { loop: 'open' }>['process'];

/** Due times of an open loop, from operation 0 on. */
export interface ArrivalSchedule {
  /** Due time of the next operation: whole nanoseconds since the time line began, never decreasing; Infinity after the last one. */
  next_ns(): number;
}

/** Due times over an arm's phases, each of which begins anew. */
export function createArrivals(process: Process, phases: readonly Phase[], seed: number): ArrivalSchedule {
  const uniform = uniformsOf(seed, STREAMS.gap);
  let index = 0;
  let from_ns = 0;
  let last_ns = 0;
  let next = 0;
  let current: PhaseArrivals | undefined;
  return {
    next_ns() {
      for (;;) {
        if (!current) {
          const phase = phases[next++];
          if (!phase) return Number.POSITIVE_INFINITY;
          current = arrivalsIn(phase, process);
        }
        const due_ns = current.next_ns(process === 'poisson' ? uniform(index) : 0);
        if (due_ns < current.duration_ns) {
          index++;
          // Rounded to its phase's end it would fall out of the phase; and rates leave no moment exact to the last bit.
          const whole_ns = Math.min(Math.round(due_ns), current.duration_ns - 1);
          last_ns = Math.max(last_ns, from_ns + whole_ns);
          return last_ns;
        }
        from_ns += current.duration_ns;
        current = undefined;
      }
    },
  };
}

interface PhaseArrivals {
  /** Whole ns. */
  duration_ns: number;
  /** Due time of the phase's next operation, ns from its start; at least its duration when there is none. */
  next_ns(uniform: number): number;
}

function arrivalsIn(phase: Phase, process: Process): PhaseArrivals {
  const duration_ns = phase.duration_ns!;
  const intensity = createIntensity(phase.rate!, duration_ns);
  if (process === 'constant') return new ConstantArrivals(intensity, duration_ns, phase.operations);
  if (phase.operations !== null) return new CountedPoissonArrivals(duration_ns, phase.operations);
  return new PoissonArrivals(intensity, duration_ns);
}

class ConstantArrivals implements PhaseArrivals {
  readonly duration_ns: number;
  readonly #intensity: Intensity;
  readonly #count: number;
  #done = 0;

  constructor(intensity: Intensity, duration_ns: number, count: number | null) {
    this.duration_ns = duration_ns;
    this.#intensity = intensity;
    // The last of a phase by count must not fall victim to rounding.
    this.#count = count ?? Number.POSITIVE_INFINITY;
  }

  next_ns(): number {
    if (this.#done >= this.#count) return Number.POSITIVE_INFINITY;
    return this.#intensity.timeOf_ns(this.#done++);
  }
}

/**
 * Exponential gaps on the scale of expected operations, which become times of any rate (time change of a Poisson
 * process). The sum is compensated (Kahan), so that it is as exact after an hour as at first.
 */
class PoissonArrivals implements PhaseArrivals {
  readonly duration_ns: number;
  readonly #intensity: Intensity;
  #sum = 0;
  #lost = 0;

  constructor(intensity: Intensity, duration_ns: number) {
    this.duration_ns = duration_ns;
    this.#intensity = intensity;
  }

  next_ns(uniform: number): number {
    const gap = -Math.log(1 - uniform);
    const corrected = gap - this.#lost;
    const sum = this.#sum + corrected;
    this.#lost = sum - this.#sum - corrected;
    this.#sum = sum;
    return this.#intensity.timeOf_ns(sum);
  }
}

/** A Poisson process of which the count is known: so many uniform times in order, drawn from the first on. */
class CountedPoissonArrivals implements PhaseArrivals {
  readonly duration_ns: number;
  #left: number;
  #at_ns = 0;

  constructor(duration_ns: number, count: number) {
    this.duration_ns = duration_ns;
    this.#left = count;
  }

  next_ns(uniform: number): number {
    if (this.#left === 0) return Number.POSITIVE_INFINITY;
    // The least of k uniform times in what is left of the phase.
    this.#at_ns += (this.duration_ns - this.#at_ns) * (1 - (1 - uniform) ** (1 / this.#left--));
    return Math.min(this.#at_ns, this.duration_ns - 1);
  }
}
