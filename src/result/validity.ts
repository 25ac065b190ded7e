import { mergeKinds, type TurnRecording } from '../recording/recording.ts';
import { median } from '../std/stats.ts';
import { turnLength_ns } from './blocks.ts';
import type { ArmResult, Identity, OperationSummary, Summary } from './types.ts';

/** What a verdict is passed on. */
export interface Facts {
  interrupted: boolean;
  openLoop: boolean;
  /** The measured turns as one. */
  measured: TurnRecording;
  turns: readonly TurnRecording[];
  /** Of each measured turn that was played to its end: how much longer than planned it took to answer, as a share. */
  overruns: readonly number[];
  /** The set-up and the warm-up turns as one. */
  preparation: TurnRecording;
  /** The whole arm's, set-up and warm-up included. */
  unissued: number;
  /** Share of the measured time that the lanes were on a CPU; null where that says nothing about them. */
  lanesBusy: number | null;
  all: OperationSummary;
  lag: Summary;
  identities: readonly Identity[];
}

export interface Finding {
  severity: 'suspect' | 'invalid';
  /** What is wrong and what to do, in words. */
  reason: string;
}

/** A rule about one thing that can spoil a measurement. A new one is a line in `CHECKS`. */
type Check = (facts: Facts) => Finding | Finding[] | undefined;

/** Median overrun of the turns. */
const OVERRUN_SUSPECT = 0.1;
const OVERRUN_INVALID = 0.5;
const LAG_SHARE_OF_RESPONSE = 0.1;
const LANES_BUSY = 0.8;
const LITTLE_TOLERANCE = 0.05;
const LITTLE_SAMPLES = 100;

const CHECKS: readonly Check[] = [
  identitiesHold,
  somethingWasMeasured,
  everythingWasIssued,
  carriedTheRate,
  ranToItsEnd,
  noErrors,
  preparedWell,
  laneKeptUp,
  laneHadTime,
  littlesLaw,
  withinRange,
];

/** Every finding's reason, worst first; any invalid one makes the arm invalid, any other suspect. */
export function judge(facts: Facts): ArmResult['verdict'] {
  const findings = CHECKS.flatMap((check) => check(facts) ?? []);
  const invalid = findings.filter((finding) => finding.severity === 'invalid');
  const suspect = findings.filter((finding) => finding.severity === 'suspect');
  const value = invalid.length > 0 ? 'invalid' : suspect.length > 0 ? 'suspect' : 'valid';
  return { value, reasons: [...invalid, ...suspect].map((finding) => finding.reason) };
}

function identitiesHold({ identities }: Facts): Finding[] {
  return identities
    .filter((identity) => identity.state === 'broken')
    .map(({ name, detail }) => ({
      severity: 'invalid',
      reason: `The counters disagree: ${name} (${detail}). Something was lost or counted twice; look for other clients of the target.`,
    }));
}

function somethingWasMeasured({ all }: Facts): Finding | undefined {
  if (all.response_ns.count > 0) return undefined;
  const failed =
    all.count > 0
      ? `All ${all.count} measured operations failed (${codes(all.errors)}).`
      : 'No operation ended in a measured phase.';
  return { severity: 'invalid', reason: `${failed} Check the target, or lengthen the measured phase.` };
}

function everythingWasIssued({ unissued, measured }: Facts): Finding | undefined {
  if (unissued === 0) return undefined;
  const where = measured.unissued === unissued ? '' : ` (${measured.unissued} of them in measured phases)`;
  return {
    severity: 'invalid',
    reason: `${unissued} operations fell due and were never started${where}: the arm cannot carry this rate. Lower arrivals.rate, or raise connections.perCaller or maxInFlight.`,
  };
}

/**
 * A backlog that grows in every turn is answered after it, and starts from nothing in the next one: response times
 * tell how long turns are then. The median, so that one stall or time-out is not taken for that.
 */
function carriedTheRate({ openLoop, overruns }: Facts): Finding | undefined {
  const overrun = overruns.length === 0 ? 0 : median(overruns);
  if (!openLoop || overrun <= OVERRUN_SUSPECT) return undefined;
  const what = `The last answers came ${percent(overrun)} of a turn's length after its end (the median of the turns)`;
  return overrun > OVERRUN_INVALID
    ? {
        severity: 'invalid',
        reason: `${what}: the arm cannot carry this rate, and its response times depend on how long turns last. Lower arrivals.rate.`,
      }
    : {
        severity: 'suspect',
        reason: `${what}: either the arm cannot carry this rate, or its turns are short against its response times. Lower arrivals.rate, or take longer phases or fewer blocks.`,
      };
}

function ranToItsEnd({ interrupted }: Facts): Finding | undefined {
  return interrupted
    ? {
        severity: 'suspect',
        reason: 'The run was interrupted: later blocks are missing. Run it again to its end.',
      }
    : undefined;
}

function noErrors({ all }: Facts): Finding | undefined {
  const failed = all.count - all.response_ns.count;
  if (failed === 0 || all.response_ns.count === 0) return undefined;
  return {
    severity: 'suspect',
    reason: `${failed} of ${all.count} operations failed (${percent(failed / all.count)}: ${codes(all.errors)}). Percentiles count them as infinitely slow; see what the target logged.`,
  };
}

function preparedWell({ preparation }: Facts): Finding | undefined {
  const { count, errors, response } = mergeKinds(Object.values(preparation.kinds));
  if (count === response.count) return undefined;
  return {
    severity: 'suspect',
    reason: `${count - response.count} of ${count} operations of set-up and warm-up failed (${codes(errors)}): connections or key caches may have been colder than planned when measuring began. See what the target logged.`,
  };
}

/** A response holds its lag, so a lag percentile bounds what the generator added to the response's percentile. */
function laneKeptUp({ openLoop, all, lag }: Facts): Finding | undefined {
  if (!openLoop) return undefined;
  for (const percentile of ['p50', 'p99'] as const) {
    const response_ns = all.response_ns[percentile];
    const late_ns = lag[percentile];
    if (response_ns === null || late_ns === null || late_ns <= LAG_SHARE_OF_RESPONSE * response_ns) continue;
    return {
      severity: 'suspect',
      reason: `Operations started late: ${percentile} ${milliseconds(late_ns)} after they were due, against a response ${percentile} of ${milliseconds(response_ns)} (10 % allowed). Response times hold some of the load generator's own delay: lower the rate, use more lanes or a quieter machine.`,
    };
  }
  return undefined;
}

/** Answers that wait for a busy lane to read them look like slow answers, and no lag tells. */
function laneHadTime({ lanesBusy }: Facts): Finding | undefined {
  if (lanesBusy === null || lanesBusy <= LANES_BUSY) return undefined;
  return {
    severity: 'suspect',
    reason: `The lanes were busy ${percent(lanesBusy)} of the time (80 % allowed): rates and times are the load generator's as much as the target's. Use more lanes (or more callers, which lanes share out), or less load.`,
  };
}

/** N = X · R (Little 1961): the time integral of operations in flight is the sum of the times they were in flight. */
function littlesLaw({ turns, all, measured }: Facts): Finding | undefined {
  // What failed or was withdrawn was in flight too, for times that no histogram holds.
  const untimed = all.count - all.response_ns.count + measured.unissued;
  if (untimed > 0 || all.count < LITTLE_SAMPLES) return undefined;
  const spent_ns = sum(
    turns,
    (turn) =>
      Object.values(turn.kinds).reduce((total, kind) => total + kind.response.sum_ns, 0) - turn.lag.sum_ns,
  );
  const off = measured.inFlight_ns / spent_ns - 1;
  if (Math.abs(off) <= LITTLE_TOLERANCE) return undefined;
  const length_s = sum(turns, turnLength_ns) / 1e9;
  return {
    severity: 'suspect',
    reason: `Operations in flight over ${length_s.toFixed(1)} s do not add up to their response times (${percent(off)} off, 5 % allowed; Little's law): time was lost in the load generator. Use more lanes.`,
  };
}

function withinRange({ measured }: Facts): Finding | undefined {
  const clamped =
    measured.lag.clamped +
    Object.values(measured.kinds).reduce(
      (total, kind) => total + kind.response.clamped + kind.service.clamped,
      0,
    );
  if (clamped === 0) return undefined;
  return {
    severity: 'suspect',
    reason: `${clamped} times lay outside of 0 to one hour and were recorded as the nearer end: the clock moved back, or an operation outlasted the range.`,
  };
}

function sum<Item>(items: readonly Item[], value: (item: Item) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}

function codes(errors: Record<string, number>): string {
  const sorted = Object.entries(errors).sort(([, a], [, b]) => b - a);
  const shown = sorted.slice(0, 3).map(([code, count]) => `${count} × ${code}`);
  return [...shown, ...(sorted.length > 3 ? [`${sorted.length - 3} more codes`] : [])].join(', ');
}

function percent(share: number): string {
  const amount = share * 100;
  return `${Math.abs(amount) < 10 ? amount.toPrecision(2) : Math.round(amount)} %`;
}

function milliseconds(duration_ns: number): string {
  return `${Number((duration_ns / 1e6).toPrecision(3))} ms`;
}
