import { type HistogramSnapshot, LatencyHistogram, rankOf } from '../recording/recording.ts';
import type { Summary } from './types.ts';

/** A percentile is worth printing when so many samples lie beyond it; the median when there are so many in all. */
const SAMPLES_BEYOND = 10;

/** Operations that a percentile needs before it is printed. */
export function samplesNeeded(percentile: number): number {
  return percentile <= 50 ? SAMPLES_BEYOND : Math.round(SAMPLES_BEYOND / (1 - percentile / 100));
}

/**
 * Percentile over `histogram` and `censored` operations, which failed or were never started and count as infinitely
 * slow. Null where there are too few samples, or where it falls among the censored ones.
 */
export function percentileOf(
  histogram: LatencyHistogram,
  percentile: number,
  censored: number,
): number | null {
  const count = histogram.count + censored;
  if (count < samplesNeeded(percentile)) return null;
  return censoredPercentile(histogram, percentile, censored);
}

/** The same without the rule on samples, for estimates that state their own uncertainty. */
export function censoredPercentile(
  histogram: LatencyHistogram,
  percentile: number,
  censored: number,
): number | null {
  const rank = rankOf(percentile, histogram.count + censored);
  return rank > histogram.count ? null : histogram.valueAtRank(rank);
}

export function summarise(snapshot: HistogramSnapshot, censored: number): Summary {
  return summariseHistogram(LatencyHistogram.from(snapshot), censored);
}

export function summariseHistogram(histogram: LatencyHistogram, censored: number): Summary {
  const some = histogram.count > 0;
  const complete = some && censored === 0;
  return {
    count: histogram.count,
    min: some ? histogram.min_ns : null,
    mean: complete ? histogram.mean_ns : null,
    max: complete ? histogram.max_ns : null,
    p50: percentileOf(histogram, 50, censored),
    p90: percentileOf(histogram, 90, censored),
    p99: percentileOf(histogram, 99, censored),
    p999: percentileOf(histogram, 99.9, censored),
    hdr: histogram.encode(),
  };
}
