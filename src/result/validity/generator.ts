/** Rules about the load generator and the machine: whose time is in the figures? */
import type { HistogramSnapshot } from '../../recording/recording.ts';
import { highestOf } from '../../recording/recording.ts';
import { traitsOf } from '../../workload/workload.ts';
import { turnLength_ns } from '../blocks.ts';
import {
  type Facts,
  type Finding,
  milliseconds,
  PERCENTILE_WORDS,
  PERCENTILES,
  percent,
  sum,
} from './facts.ts';

/** What the generator's own delay may add to a percentile, as a share of it. */
const OWN_DELAY = 0.1;
/** Without a target there is no response time to hold a delay against. */
const DELAY_OF_NOTHING_NS = 1e6;
const DISPLACED = 0.1;
const LANES_BUSY = 0.8;
const MACHINE_IDLE = 0.1;

/**
 * A response holds its lag. What that does to a percentile is the difference to the same percentile without the lags:
 * operations that are late are rarely those that are slow, so a lag percentile would say too much.
 */
export function startedOnTime({ arm, openLoop, all, lag, generator, measured }: Facts): Finding | undefined {
  if (!openLoop) return undefined;
  const remedy = 'Lower the rate, use more lanes or a quieter machine.';
  if (traitsOf(arm).needs === 'nothing') {
    const { count, sum_ns } = measured.gaps.planned;
    const allowed_ns = Math.max(DELAY_OF_NOTHING_NS, count === 0 ? 0 : sum_ns / count);
    if (lag.p99 === null || lag.p99 <= allowed_ns) return undefined;
    return {
      severity: 'suspect',
      reason: `Operations started late: p99 ${milliseconds(lag.p99)} after they were due (${milliseconds(allowed_ns)} allowed). ${remedy}`,
    };
  }
  for (const [percentile] of PERCENTILES) {
    const response_ns = all.response_ns[percentile];
    const without_ns = generator.undelayed_ns[percentile];
    if (response_ns === null || without_ns === null || response_ns <= (1 + OWN_DELAY) * without_ns) continue;
    const word = PERCENTILE_WORDS[percentile];
    return {
      severity: 'suspect',
      reason: `Operations started late: response ${word} is ${milliseconds(response_ns)}, and ${milliseconds(without_ns)} without the load generator's own delay (10 % more allowed). ${remedy}`,
    };
  }
  return undefined;
}

/** Operations that were meant to be apart and came together are another load than the one that was asked for. */
export function keptItsGaps({ openLoop, generator }: Facts): Finding | undefined {
  const { displaced } = generator;
  if (!openLoop || displaced === null || displaced <= DISPLACED) return undefined;
  return {
    severity: 'suspect',
    reason: `${percent(displaced)} of the gaps between operations differ from the plan's by more than the target would not notice (10 % allowed): operations came in bursts. Lower the rate, use more lanes or a quieter machine.`,
  };
}

/** Answers that wait for a busy lane to read them look like slow answers, and no lag tells. */
export function lanesHadTime({ generator }: Facts): Finding | undefined {
  const { lanes_cpu, busiest_lane } = generator;
  const allowed = '80 % allowed';
  const remedy = 'Use more lanes (or more callers, which lanes share out), or less load.';
  if (lanes_cpu !== null && lanes_cpu > LANES_BUSY) {
    return {
      severity: 'suspect',
      reason: `The lanes were busy ${percent(lanes_cpu)} of the time (${allowed}): rates and times are the load generator's as much as the target's. ${remedy}`,
    };
  }
  if (busiest_lane === null || busiest_lane <= LANES_BUSY) return undefined;
  return {
    severity: 'suspect',
    reason: `A lane had work ${percent(busiest_lane)} of the time (${allowed}), on a CPU or waiting for one: answers waited to be read. ${remedy} Another machine for the target helps too.`,
  };
}

/** A pause delays the answers that come in it, and no lag tells: it is in a percentile where it hits enough of them. */
export function collectorKeptOut({ arm, measured, turns, lanes, all }: Facts): Finding | undefined {
  if (traitsOf(arm).inLane) return undefined;
  const length_ns = lanes * sum(turns, turnLength_ns);
  for (const [percentile, beyond] of PERCENTILES) {
    const response_ns = all.response_ns[percentile];
    if (response_ns === null) continue;
    const long_ns = sum(measured.threads, ({ pauses }) => sumAbove(pauses, OWN_DELAY * response_ns));
    if (long_ns <= beyond * length_ns) continue;
    return {
      severity: 'suspect',
      reason: `Pauses of the lanes' garbage collector of more than a tenth of response ${PERCENTILE_WORDS[percentile]} took ${percent(long_ns / length_ns)} of the time, and so hit enough answers to be in it. Use more lanes, or less load.`,
    };
  }
  return undefined;
}

function sumAbove({ cells, max_ns }: HistogramSnapshot, limit_ns: number): number {
  let total_ns = 0;
  for (let i = 0; i < cells.length; i += 2) {
    const value_ns = Math.min(highestOf(cells[i]!), max_ns);
    if (value_ns >= limit_ns) total_ns += value_ns * cells[i + 1]!;
  }
  return total_ns;
}

export function machineHadTime({ generator }: Facts): Finding | undefined {
  const { machine_idle } = generator;
  if (machine_idle === null || machine_idle >= MACHINE_IDLE) return undefined;
  return {
    severity: 'suspect',
    reason: `The machine's cores were idle ${percent(machine_idle)} of the time (10 % needed): the load generator, the target and whatever else runs here wait for each other. Less load, another machine for the target, or nothing else beside.`,
  };
}
