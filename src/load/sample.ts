/** One operation of so many is asked where its time goes. */
export const SAMPLED_ONE_IN = 16;

/**
 * Whether an operation is in the sample: by its index alone, and in step with nothing that repeats in a plan (users of
 * a closed loop, keys in sequence), since multiples of the golden ratio spread evenly over any such series.
 * @param index of the plan; touches of the set-up are below 0
 */
export function isSampled(index: number): boolean {
  return index >= 0 && Math.imul(index, 0x9e3779b1) >>> 0 < 2 ** 32 / SAMPLED_ONE_IN;
}
