/** Is what was measured one thing, or did it change as it went? */
import { LatencyHistogram, mergeKinds, type TurnRecording } from '../../recording/recording.ts';
import { mean, studentQuantile } from '../../std/stats.ts';
import type { Arm } from '../../workload/types.ts';
import { type Facts, type Finding, percent } from './facts.ts';

const BLOCKS_MIN = 6;
const OPERATIONS_MIN = 30;
/** Change of the median response time from the first block to the last, as a share. */
const DRIFT = 0.1;
/** How sure of it: two-sided. */
const CONFIDENCE = 0.995;

/**
 * A line through the logarithms of the blocks' medians: a trend has a slope, and so has a shift of level. It counts
 * where it is large, and where the blocks scatter too little around it for it to be chance.
 */
export function wasSteady({ arm, blocks }: Facts): Finding | undefined {
  if (!asksTheSame(arm) || arm.events.length > 0) return undefined;
  const logs = blocks.map(medianOf).filter((median_ns) => median_ns !== null && median_ns > 0);
  if (logs.length < Math.max(BLOCKS_MIN, blocks.length)) return undefined;
  const { change, error } = trend(logs.map((median_ns) => Math.log(median_ns!)));
  const sure = studentQuantile((1 + CONFIDENCE) / 2, logs.length - 2);
  if (Math.abs(change) <= Math.log(1 + DRIFT) || Math.abs(change) <= sure * error) return undefined;
  const drift = Math.exp(change) - 1;
  return {
    severity: 'suspect',
    reason: `The response p50 ${drift > 0 ? 'rose' : 'fell'} by ${percent(Math.abs(drift))} from the first block to the last (10 % allowed): there is no one figure for it, though ratios between arms hold. Lengthen the warm-up, or look for what changes: the size of a table, heat, other load.`,
  };
}

/** Whether the measured phases ask for the same all the time. */
function asksTheSame({ arrivals, phases }: Arm): boolean {
  if (arrivals.loop === 'closed') return true;
  const rates = phases.filter((phase) => phase.measured).map(({ rate }) => rate);
  return rates.every(
    (rate) =>
      rate?.kind === 'constant' && rates[0]?.kind === 'constant' && rate.rate_per_s === rates[0].rate_per_s,
  );
}

function medianOf({ kinds }: TurnRecording): number | null {
  const { response } = mergeKinds(Object.values(kinds));
  return response.count < OPERATIONS_MIN ? null : LatencyHistogram.from(response).valueAtPercentile(50);
}

/** Least squares over 0, 1, 2, …: the change from first to last, and its standard error. */
function trend(values: readonly number[]): { change: number; error: number } {
  const steps = values.length - 1;
  const [centre, middle] = [mean(values), steps / 2];
  let [across, along] = [0, 0];
  for (const [i, value] of values.entries()) {
    across += (i - middle) * (value - centre);
    along += (i - middle) ** 2;
  }
  const slope = across / along;
  const left = values.reduce((total, value, i) => total + (value - centre - slope * (i - middle)) ** 2, 0);
  return { change: slope * steps, error: steps * Math.sqrt(left / (values.length - 2) / along) };
}
