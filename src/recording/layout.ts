/**
 * The HdrHistogram cell layout (Gil Tene, hdrhistogram.org) for 1 ns to one hour at 3 significant digits: values
 * below 2048 have a cell each, and every further doubling is cut into 1024 cells. A power of two per doubling lets
 * `clz32` find the cell without a logarithm.
 */

export const HIGHEST_NS = 3.6e12;
export const SIGNIFICANT_DIGITS = 3;
/** Cells of one doubling. */
const HALF = 1024;
const HALF_BITS = 10;
const DOUBLINGS = 32;
export const CELLS = (DOUBLINGS + 1) * HALF;
const TWO_32 = 2 ** 32;

/** Cell of a value from 0 to `HIGHEST_NS`; a fraction of a nanosecond is dropped. */
export function cellOf(value_ns: number): number {
  if (value_ns < TWO_32) {
    const low = value_ns >>> 0;
    const doubling = 21 - Math.clz32(low | 2047);
    return (doubling << HALF_BITS) + (low >>> doubling);
  }
  // Above 2^32 the lowest 22 bits at least lie below the cell's width, so the upper word and what remains of the
  // lower one hold the whole index.
  const high = Math.floor(value_ns / TWO_32);
  const doubling = 53 - Math.clz32(high);
  return (doubling << HALF_BITS) + Math.floor(value_ns / 2 ** doubling);
}

/** Smallest value of a cell. */
export function lowestOf(cell: number): number {
  if (cell < 2 * HALF) return cell;
  const doubling = (cell >>> HALF_BITS) - 1;
  return ((cell & (HALF - 1)) + HALF) * 2 ** doubling;
}

/** Greatest whole value of a cell: what HdrHistogram reports for a percentile that falls in it. */
export function highestOf(cell: number): number {
  return lowestOf(cell + 1) - 1;
}
