/** What servers of known behaviour must look like, in closed form: quantiles, distances, one queue. */

/** The value that a share `p` of an exponential distribution does not exceed. */
export function exponentialQuantile(p: number, mean: number): number {
  return -mean * Math.log1p(-p);
}

/** One value from the middle of each of `count` equally likely strata: their percentiles are the distribution's own. */
export function stratifiedExponential(count: number, mean: number): number[] {
  return Array.from({ length: count }, (_, stratum) => exponentialQuantile((stratum + 0.5) / count, mean));
}

/** Nearest rank, as histograms have it. @param p 0 … 1. NaN of nothing */
export function quantileOf(values: Iterable<number>, p: number): number {
  const sorted = Float64Array.from(values).sort();
  const exact = p * sorted.length;
  return sorted[Math.max(1, Math.ceil(exact - exact * Number.EPSILON)) - 1] ?? Number.NaN;
}

/**
 * Response times on one connection that carries one request at a time, first come first served: each begins when it is
 * due and the one before it is done, and takes its stay (Lindley's recursion).
 */
export function queueResponses(dues: readonly number[], stays: ArrayLike<number>): number[] {
  let free = Number.NEGATIVE_INFINITY;
  return dues.map((due, index) => {
    free = Math.max(due, free) + stays[index]!;
    return free - due;
  });
}

/** From each time to the next. */
export function gapsOf(times: ArrayLike<number>): number[] {
  return Array.from(
    { length: Math.max(0, times.length - 1) },
    (_, index) => times[index + 1]! - times[index]!,
  );
}

/**
 * Greatest distance between the distribution of the values and a law (Kolmogorov–Smirnov): an effect size from 0 to 1,
 * which does not grow with the number of values. NaN of nothing.
 */
export function distanceFrom(values: Iterable<number>, cdf: (value: number) => number): number {
  const sorted = Float64Array.from(values).sort();
  if (sorted.length === 0) return Number.NaN;
  return sorted.reduce((greatest, value, index) => {
    const share = cdf(value);
    return Math.max(greatest, share - index / sorted.length, (index + 1) / sorted.length - share);
  }, 0);
}

export function exponentialCdf(mean: number): (value: number) => number {
  return (value) => (value <= 0 ? 0 : -Math.expm1(-value / mean));
}
