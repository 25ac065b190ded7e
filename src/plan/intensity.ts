import type { RateShape } from '../workload/types.ts';

/** How many operations are expected by a moment of a phase, and its inverse. Times in ns from the phase's start. */
export interface Intensity {
  /** Expected from the start to the end of the phase. */
  readonly total: number;
  /** The first moment by which `expected` operations are due; Infinity beyond the total. */
  timeOf_ns(expected: number): number;
}

export function createIntensity(shape: RateShape, duration_ns: number): Intensity {
  switch (shape.kind) {
    case 'constant':
      return linear([{ length_ns: duration_ns, from_per_s: shape.rate_per_s, to_per_s: shape.rate_per_s }]);
    case 'ramp':
      return linear([{ length_ns: duration_ns, from_per_s: shape.from_per_s, to_per_s: shape.to_per_s }]);
    case 'steps': {
      const length_ns = duration_ns / shape.rates_per_s.length;
      return linear(
        shape.rates_per_s.map((rate_per_s) => ({ length_ns, from_per_s: rate_per_s, to_per_s: rate_per_s })),
      );
    }
    case 'spike': {
      const { base_per_s, spike_per_s, at_ns, for_ns } = shape;
      const level = (length_ns: number, rate_per_s: number) => ({
        length_ns,
        from_per_s: rate_per_s,
        to_per_s: rate_per_s,
      });
      return linear([
        level(at_ns, base_per_s),
        level(for_ns, spike_per_s),
        level(Math.max(0, duration_ns - at_ns - for_ns), base_per_s),
      ]);
    }
    case 'sine':
      return new SineIntensity(shape, duration_ns);
  }
}

/** A stretch over which the rate changes evenly. */
interface Stretch {
  length_ns: number;
  from_per_s: number;
  to_per_s: number;
}

function linear(stretches: readonly Stretch[]): Intensity {
  const ends: { from_ns: number; before: number; stretch: Stretch; total: number }[] = [];
  let from_ns = 0;
  let before = 0;
  for (const stretch of stretches) {
    const total = ((stretch.from_per_s + stretch.to_per_s) / 2e9) * stretch.length_ns;
    ends.push({ from_ns, before, stretch, total });
    from_ns += stretch.length_ns;
    before += total;
  }
  let at = 0;
  return {
    total: before,
    timeOf_ns(expected) {
      // Asked for growing numbers, mostly: the search goes on from where the last one ended.
      if (expected < ends[at]!.before) at = 0;
      while (at < ends.length && expected >= ends[at]!.before + ends[at]!.total) at++;
      if (at === ends.length) {
        at = ends.length - 1;
        return Number.POSITIVE_INFINITY;
      }
      const { from_ns: start_ns, before: done, stretch } = ends[at]!;
      return start_ns + timeWithin_ns(expected - done, stretch);
    },
  };
}

/** Solves from·t + slope·t²/2 = expected, in the form that loses nothing where the slope is small. */
function timeWithin_ns(expected: number, { length_ns, from_per_s, to_per_s }: Stretch): number {
  if (expected === 0) return 0;
  const from = from_per_s / 1e9;
  const slope = (to_per_s - from_per_s) / 1e9 / length_ns;
  return (2 * expected) / (from + Math.sqrt(Math.max(0, from * from + 2 * slope * expected)));
}

/** mean·t + amplitude·P/2π·(1 − cos(2πt/P)). */
class SineIntensity implements Intensity {
  readonly total: number;
  readonly #mean: number;
  readonly #swing: number;
  readonly #angular: number;
  readonly #duration_ns: number;

  constructor(shape: Extract<RateShape, { kind: 'sine' }>, duration_ns: number) {
    this.#mean = shape.mean_per_s / 1e9;
    this.#angular = (2 * Math.PI) / shape.period_ns;
    this.#swing = shape.amplitude_per_s / 1e9 / this.#angular;
    this.#duration_ns = duration_ns;
    this.total = this.#until(duration_ns);
  }

  timeOf_ns(expected: number): number {
    if (expected >= this.total) return Number.POSITIVE_INFINITY;
    // It lies within one swing of where a constant rate would have it; halving needs 50 steps for any period.
    let low = Math.max(0, (expected - 2 * this.#swing) / this.#mean);
    let high = Math.min(this.#duration_ns, expected / this.#mean);
    while (high - low > 0.25) {
      const middle = (low + high) / 2;
      if (this.#until(middle) < expected) low = middle;
      else high = middle;
      if (middle === low && middle === high) break;
    }
    return high;
  }

  #until(t_ns: number): number {
    return this.#mean * t_ns + this.#swing * (1 - Math.cos(this.#angular * t_ns));
  }
}
