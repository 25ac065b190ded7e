import {
  failedIn,
  type KindRecording,
  LatencyHistogram,
  mergeKinds,
  mergeTurns,
  type TurnRecording,
} from '../recording/recording.ts';
import { OPERATION_KINDS } from '../workload/types.ts';
import { difference, summariseBlock, sumOf, turnLength_ns } from './blocks.ts';
import { summariseBreakdown } from './breakdown.ts';
import { costOf } from './cost.ts';
import { summariseGenerator } from './generator.ts';
import { summariseHappened } from './happened.ts';
import { checkIdentities } from './identities.ts';
import { summarise, summariseHistogram } from './percentiles.ts';
import { TimelineBuilder } from './timeline.ts';
import {
  type ArmEvidence,
  type ArmResult,
  type OperationSummary,
  RESULT_SCHEMA,
  type Result,
  type RunEvidence,
  type SystemSample,
  type TurnEvidence,
} from './types.ts';
import { judge } from './validity.ts';

/** What a run measured, as the result that is kept; comparisons and gates are for others to add. */
export function buildResult(evidence: RunEvidence): Result {
  const { workload } = evidence;
  return {
    schema: RESULT_SCHEMA,
    workload: workload.written,
    name: workload.name,
    seed: workload.seed,
    startedAt: evidence.startedAt,
    interrupted: evidence.interrupted,
    lanes: evidence.lanes,
    environment: evidence.environment,
    arms: evidence.arms.map((arm) => buildArm(arm, evidence)),
    comparisons: [],
    gates: [],
  };
}

function buildArm(evidence: ArmEvidence, { interrupted, lanes }: RunEvidence): ArmResult {
  const { arm, total } = evidence;
  const turns = evidence.turns.filter((turn) => turn.measured);
  const recordings = turns.map((turn) => turn.recording);
  const measured = mergeTurns(recordings);
  const blocks = turns.filter((turn) => !turn.interrupted);
  const unmeasured = evidence.turns.filter((turn) => !turn.measured);
  const preparation = mergeTurns([evidence.setup, ...unmeasured.map((turn) => turn.recording)]);
  const whole = mergeTurns([preparation, measured]);
  const operations_total = endedIn(whole);
  const operations = summariseOperations(measured);
  const lag = summarise(measured.lag, measured.unissued);
  const identities = checkIdentities(evidence, whole);
  const kms = summariseKms(evidence, operations_total);
  const openLoop = arm.arrivals.loop === 'open';
  const rate = ratesOf(recordings, openLoop);
  const lanesWithCallers = Math.min(lanes, arm.callers);
  const generator = summariseGenerator(arm, turns, measured, lanesWithCallers);
  return {
    name: arm.name,
    settings: arm,
    verdict: judge({
      arm,
      interrupted,
      lost: evidence.lost,
      openLoop,
      measured,
      turns: recordings,
      blocks: blocks.map((turn) => turn.recording),
      preparation,
      unissued: whole.unissued,
      vanished: arm.operations.delete > 0 ? 0 : mergeKinds(Object.values(whole.kinds)).missing,
      lanes: lanesWithCallers,
      all: operations.all,
      achieved_per_s: rate.achieved_per_s,
      lag,
      generator,
      identities,
      events: evidence.events ?? [],
    }),
    operations,
    rate,
    schedule_lag_ns: lag,
    in_flight_mean: ratio(measured.inFlight_ns, length_ns(recordings)),
    generator,
    operations_total,
    kms,
    cache: summariseCache(total),
    connections: whole.connections,
    unissued: whole.unissued,
    server: { requests: total.store?.requests ?? null },
    identities,
    breakdown_ns: summariseBreakdown(measured.breakdown),
    breakdown_samples: measured.breakdown?.samples ?? 0,
    cpu_us_per_op: cpuPerOp(turns, measured),
    cost_usd_per_million_ops: costOf(arm, kms?.calls_per_op ?? null),
    blocks: blocks.map(summariseBlock),
    timeline: evidence.timeline ?? timelineOf(evidence),
    happened: summariseHappened(arm.events, evidence.events ?? [], whole.windows, played_ns(evidence)),
  };
}

/** How far the arm's time line got: its turns follow each other on it. */
function played_ns({ turns }: ArmEvidence): number {
  return turns.reduce((sum, { recording }) => sum + recording.duration_ns, 0);
}

function summariseOperations(measured: TurnRecording): ArmResult['operations'] {
  const operations: ArmResult['operations'] = {
    all: summariseKind(mergeKinds(Object.values(measured.kinds)), measured.unissued),
  };
  for (const kind of OPERATION_KINDS) {
    const recording = measured.kinds[kind];
    // An operation that was never started may have been of any kind: each kind's percentiles allow for all of them.
    if (recording.count > 0) operations[kind] = summariseKind(recording, measured.unissued);
  }
  return operations;
}

function summariseKind(kind: KindRecording, unissued: number): OperationSummary {
  const censored = failedIn(kind) + unissued;
  return {
    count: kind.count,
    errors: kind.errors,
    early: kind.early,
    missing: kind.missing,
    response_ns: summarise(kind.response, censored),
    service_ns: summarise(kind.service, censored),
  };
}

function ratesOf(turns: readonly TurnRecording[], openLoop: boolean): ArmResult['rate'] {
  const planned_s = turns.reduce((sum, turn) => sum + turn.duration_ns, 0) / 1e9;
  const actual_s = length_ns(turns) / 1e9;
  const { planned, issued, kinds } = mergeTurns(turns);
  const answered = Object.values(kinds).reduce((sum, kind) => sum + kind.count - failedIn(kind), 0);
  return {
    planned_per_s: openLoop ? ratio(planned, planned_s) : null,
    offered_per_s: ratio(issued, planned_s),
    achieved_per_s: ratio(answered, actual_s),
  };
}

function summariseKms({ total, kmsTimeHdr }: ArmEvidence, operations: number): ArmResult['kms'] {
  if (!total.kms) return null;
  const { calls, throttled, failed } = total.kms;
  return {
    calls,
    throttled,
    failed,
    calls_per_op: ratio(sumOf(calls), operations),
    time_ns: kmsTimeHdr === null ? null : summariseHistogram(LatencyHistogram.decode(kmsTimeHdr), 0),
  };
}

function summariseCache({ store }: SystemSample): ArmResult['cache'] {
  return store ? { ...store.cache, hit_rate: ratio(store.cache.hits, store.cache.lookups) } : null;
}

function cpuPerOp(turns: readonly TurnEvidence[], measured: TurnRecording): ArmResult['cpu_us_per_op'] {
  const operations = endedIn(measured);
  const perOp = (counter: (sample: SystemSample) => number | null) => {
    const gained = turns.map((turn) => difference(turn.before, turn.after, counter));
    const known = gained.filter((cpu_us) => cpu_us !== null);
    return known.length < gained.length
      ? null
      : ratio(
          known.reduce((sum, cpu_us) => sum + cpu_us, 0),
          operations,
        );
  };
  return {
    lanes: measured.cpu_us === null ? null : ratio(measured.cpu_us, operations),
    store: perOp((sample) => sample.store?.cpu_us ?? null),
    kms: perOp((sample) => sample.kms?.cpu_us ?? null),
    pacing: measured.pacing_cpu_us === null ? null : ratio(measured.pacing_cpu_us, operations),
  };
}

function timelineOf({ turns }: ArmEvidence): ArmResult['timeline'] {
  const builder = new TimelineBuilder();
  for (const turn of turns) builder.add(turn.recording.seconds);
  return builder.build();
}

/** Operations that ended, answered well or not. */
function endedIn({ kinds }: TurnRecording): number {
  return Object.values(kinds).reduce((sum, kind) => sum + kind.count, 0);
}

function length_ns(turns: readonly TurnRecording[]): number {
  return turns.reduce((sum, turn) => sum + turnLength_ns(turn), 0);
}

function ratio(amount: number, per: number): number | null {
  return per > 0 ? amount / per : null;
}
