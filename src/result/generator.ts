import {
  failedIn,
  type HistogramSnapshot,
  highestOf,
  lowestOf,
  mergeKinds,
  type TurnRecording,
} from '../recording/recording.ts';
import { type Arm, traitsOf } from '../workload/workload.ts';
import { difference, turnLength_ns } from './blocks.ts';
import { summarise } from './percentiles.ts';
import type { GeneratorSummary, SystemSample, TurnEvidence } from './types.ts';

/** A gap is displaced when it differs by more than this share of the mean gap, or of the median response time. */
const GAP_TOLERANCE = 0.25;
const RESPONSE_TOLERANCE = 0.1;
/** In place of a response time where there is no target. */
const RESPONSE_OF_NOTHING_NS = 1e6;
/** A share of fewer gaps says nothing. */
const GAPS_MIN = 100;
/** The kernel counts in ticks of 10 ms. */
const MACHINE_MIN_MS = 1000;

/** @param lanes those that have callers */
export function summariseGenerator(
  arm: Arm,
  turns: readonly TurnEvidence[],
  measured: TurnRecording,
  lanes: number,
): GeneratorSummary {
  const length_ns = turns.reduce((sum, { recording }) => sum + turnLength_ns(recording), 0);
  const share = (time_ns: number): number | null => (length_ns > 0 ? time_ns / length_ns : null);
  // In a store that lives in the lanes they are the store's too.
  const own = !traitsOf(arm).inLane;
  const { threads, cpu_us } = measured;
  const failed = failedIn(mergeKinds(Object.values(measured.kinds)));
  const undelayed_ns = summarise(measured.undelayed, failed + measured.unissued);
  const pauses = threads.map((thread) => thread.pauses);
  return {
    undelayed_ns,
    displaced: arm.arrivals.loop === 'open' ? displacedShare(arm, measured, undelayed_ns.p50) : null,
    lanes_cpu: own && cpu_us !== null ? share((cpu_us * 1e3) / lanes) : null,
    busiest_lane:
      own && threads.length > 0 ? share(Math.max(...threads.map(({ active_ns }) => active_ns))) : null,
    gc_share: threads.length > 0 ? share(pauses.reduce((sum, { sum_ns }) => sum + sum_ns, 0) / lanes) : null,
    gc_max_ns: threads.length > 0 ? Math.max(...pauses.map(({ max_ns }) => max_ns)) : null,
    in_flight_looks: share(measured.inFlightLooks_ns),
    machine_idle: idleShare(turns),
    server_cores: {
      store: cores(turns, length_ns, (sample) => sample.store?.cpu_us ?? null),
      kms: cores(turns, length_ns, (sample) => sample.kms?.cpu_us ?? null),
    },
  };
}

function idleShare(turns: readonly TurnEvidence[]): number | null {
  let [idle_ms, total_ms] = [0, 0];
  for (const { machine } of turns) {
    idle_ms += machine?.idle_ms ?? 0;
    total_ms += machine?.total_ms ?? 0;
  }
  return total_ms < MACHINE_MIN_MS || turns.some(({ machine }) => machine === null)
    ? null
    : idle_ms / total_ms;
}

function cores(
  turns: readonly TurnEvidence[],
  length_ns: number,
  counter: (sample: SystemSample) => number | null,
): number | null {
  const gained = turns.map(({ before, after }) => difference(before, after, counter));
  if (length_ns === 0 || gained.some((cpu_us) => cpu_us === null)) return null;
  return (gained.reduce<number>((sum, cpu_us) => sum + cpu_us!, 0) * 1e3) / length_ns;
}

function displacedShare(arm: Arm, { gaps }: TurnRecording, response_ns: number | null): number | null {
  const { count, sum_ns } = gaps.planned;
  if (count < GAPS_MIN) return null;
  const nothing = traitsOf(arm).needs === 'nothing';
  const noticed_ns = nothing
    ? GAP_TOLERANCE * RESPONSE_OF_NOTHING_NS
    : RESPONSE_TOLERANCE * (response_ns ?? 0);
  return unexplained(gaps.planned, gaps.actual, Math.max((GAP_TOLERANCE * sum_ns) / count, noticed_ns));
}

/**
 * The least share of values that have to move by more than `tolerance` to make one distribution of the other
 * (Strassen): the Kolmogorov–Smirnov distance, blind to what a tolerance explains. Without it, gaps of a constant rate
 * would be all wrong for a nanosecond.
 */
export function unexplained(a: HistogramSnapshot, b: HistogramSnapshot, tolerance_ns: number): number {
  return Math.max(excess(a, b, tolerance_ns), excess(b, a, tolerance_ns));
}

/** The greatest of share of `a` up to t − share of `b` up to t + tolerance. */
function excess(a: HistogramSnapshot, b: HistogramSnapshot, tolerance_ns: number): number {
  let [below, reached, at, greatest] = [0, 0, 0, 0];
  for (let i = 0; i < a.cells.length; i += 2) {
    below += a.cells[i + 1]!;
    const limit_ns = highestOf(a.cells[i]!) + tolerance_ns;
    while (at < b.cells.length && lowestOf(b.cells[at]!) <= limit_ns) {
      reached += b.cells[at + 1]!;
      at += 2;
    }
    greatest = Math.max(greatest, below / a.count - reached / b.count);
  }
  return greatest;
}
