import { mean, studentQuantile, variance } from '../std/stats.ts';

export interface RatioInterval {
  ratio: number;
  /** Null with fewer than two blocks a side: no spread, no interval. */
  low: number | null;
  high: number | null;
}

/**
 * arm / base from paired blocks: the geometric mean of the blocks' ratios, with Student's t on their logarithms
 * (n − 1 degrees of freedom). What slows both arms of a block alike cancels out, and the coverage is the nominal
 * one for as few as five blocks; a percentile bootstrap's is not. Values must be positive.
 */
export function pairedRatio(
  base: readonly number[],
  arm: readonly number[],
  confidence: number,
): RatioInterval {
  const logs = base.map((value, i) => Math.log(arm[i]! / value));
  const error = Math.sqrt(variance(logs) / logs.length);
  return interval(mean(logs), error, logs.length - 1, confidence);
}

/**
 * b / a from blocks of two different runs: Welch's t on logarithms, degrees of freedom after Satterthwaite. It knows
 * the spread within each run, and nothing of what changed between them. Values must be positive.
 */
export function unpairedRatio(a: readonly number[], b: readonly number[], confidence: number): RatioInterval {
  const [logsA, logsB] = [a.map(Math.log), b.map(Math.log)];
  const [partA, partB] = [variance(logsA) / logsA.length, variance(logsB) / logsB.length];
  const df = (partA + partB) ** 2 / (partA ** 2 / (logsA.length - 1) + partB ** 2 / (logsB.length - 1));
  // Two runs without any spread leave 0 / 0 degrees of freedom, and an interval of no width.
  const usable = partA + partB === 0 ? logsA.length + logsB.length - 2 : df;
  return interval(mean(logsB) - mean(logsA), Math.sqrt(partA + partB), usable, confidence);
}

function interval(log: number, error: number, df: number, confidence: number): RatioInterval {
  if (!(df > 0)) return { ratio: Math.exp(log), low: null, high: null };
  const margin = studentQuantile((1 + confidence) / 2, df) * error;
  return { ratio: Math.exp(log), low: Math.exp(log - margin), high: Math.exp(log + margin) };
}
