import type { Arm, Phase, RateShape, ThinkTime, TraceSettings, Workload } from '../workload/types.ts';
import { keepsConnections, kmsIdentity, traitsOf } from '../workload/workload.ts';
import { expectedDecryptCalls } from './decrypts.ts';
import { createIntensity } from './intensity.ts';
import { armTimes, planTurns } from './turns.ts';

/** What a run of the workload would do, without doing it. */
export interface PlanDescription {
  name: string;
  seed: number;
  arms: ArmDescription[];
  blocks: number;
  turns: number;
  /** All turns one after the other, but for those by count, which last as long as they take. */
  play_s: number;
  /** Turns by count of a closed loop. */
  countedTurns: number;
  /** With servers started and tables filled, roughly; at least, where there are turns by count. */
  estimated_s: number;
  /** Processes of the embedded system. */
  servers: { stores: number; kms: number };
}

export interface ArmDescription {
  name: string;
  driver: Arm['driver'];
  target: string;
  mode: Arm['connections']['mode'];
  encryption: Arm['table']['encryption'];
  items: number;
  itemBytes: Arm['table']['itemBytes'];
  loop: 'open' | 'closed';
  /** On average over all phases; null in a closed loop. */
  rate_per_s: number | null;
  /** Of an open loop whose rate changes: the lowest and the highest. */
  rateRange?: { min_per_s: number; max_per_s: number };
  /** Null in an open loop. */
  concurrency: number | null;
  /** Of a closed loop whose users think. */
  think?: ThinkTime;
  /** Phases by count of a closed loop last as long as they take: they are not in it. */
  warmUp_s: number;
  measured_s: number;
  /** Operations of a closed loop's phases by count; 0 where there are none. */
  warmUpCount: number;
  measuredCount: number;
  /** Expected, warm-up included; null in a closed loop by time, where it depends on how fast answers come. */
  operations: number | null;
  /** Connections kept open, or null where each operation opens its own. */
  keptConnections: number | null;
  /** Operations that each of them carries before another takes its place; all of them where absent. */
  connectionOperations?: { min: number; max: number };
  /** KMS Decrypt calls expected from set-up to drain; null where a closed loop or a foreign cache decides. */
  decryptCalls: number | null;
}

/** Rough costs of setting up, for the estimate only. */
const START_s = 1.5;
const FILL_s_PER_ITEM = 0.0002;

export function describePlan(workload: Workload): PlanDescription {
  const arms = workload.arms.map(describeArm);
  const turns = planTurns(workload);
  const play_s = turns.reduce((sum, turn) => sum + ((turn.to_ns ?? turn.from_ns) - turn.from_ns), 0) / 1e9;
  const fill_s = arms.reduce(
    (sum, arm) => sum + (traitsOf(arm).needs === 'nothing' ? 0 : arm.items * FILL_s_PER_ITEM),
    0,
  );
  return {
    name: workload.name,
    seed: workload.seed,
    arms,
    blocks: workload.compare.blocks,
    turns: turns.length,
    play_s,
    countedTurns: turns.filter((turn) => turn.to_ns === null).length,
    estimated_s: START_s + play_s + fill_s,
    servers: countServers(workload.arms),
  };
}

function describeArm(arm: Arm): ArmDescription {
  const { warmUp, measured } = armTimes(arm);
  const total_s = (warmUp.duration_ns + measured.duration_ns) / 1e9;
  const { arrivals } = arm;
  const operations = operationsOf(arm);
  const byCount = warmUp.operations + measured.operations > 0;
  return {
    name: arm.name,
    driver: arm.driver,
    target: arm.target,
    mode: arm.connections.mode,
    encryption: arm.table.encryption,
    items: arm.table.items,
    itemBytes: arm.table.itemBytes,
    loop: arm.arrivals.loop,
    rate_per_s: arrivals.loop === 'closed' || operations === null ? null : operations / total_s,
    rateRange: rateRange(arm.phases),
    concurrency: arrivals.loop === 'closed' ? arrivals.concurrency : null,
    think: arrivals.loop === 'closed' && arrivals.think.mean_ns > 0 ? arrivals.think : undefined,
    warmUp_s: warmUp.duration_ns / 1e9,
    measured_s: measured.duration_ns / 1e9,
    warmUpCount: warmUp.operations,
    measuredCount: measured.operations,
    operations,
    keptConnections: keepsConnections(arm) ? arm.callers * arm.connections.perCaller : null,
    connectionOperations: arm.connections.operations,
    decryptCalls: byCount
      ? timelessDecryptCalls(arm, operations)
      : expectedDecryptCalls(arm, operations, total_s * 1000),
  };
}

/** Nobody knows how long operations take: whatever expires in that time makes the figure unknown. */
function timelessDecryptCalls(arm: Arm, operations: number | null): number | null {
  const calls = expectedDecryptCalls(arm, operations, Number.NaN);
  return Number.isNaN(calls) ? null : calls;
}

/** Null where it depends on how fast answers come. */
function operationsOf(arm: Arm): number | null {
  if (arm.arrivals.loop === 'open') return expectedOperations(arm);
  const { warmUp, measured } = armTimes(arm);
  const byTime = warmUp.duration_ns + measured.duration_ns > 0;
  return byTime ? null : warmUp.operations + measured.operations;
}

function rateRange(phases: readonly Phase[]): ArmDescription['rateRange'] {
  const rates = phases.flatMap(({ rate }) => (rate ? extremes(rate) : []));
  if (rates.length === 0) return undefined;
  const [min_per_s, max_per_s] = [Math.min(...rates), Math.max(...rates)];
  return min_per_s === max_per_s ? undefined : { min_per_s, max_per_s };
}

/** A shape's rates, the lowest and the highest among them. */
function extremes(rate: RateShape): number[] {
  switch (rate.kind) {
    case 'constant':
      return [rate.rate_per_s];
    case 'ramp':
      return [rate.from_per_s, rate.to_per_s];
    case 'steps':
      return rate.rates_per_s;
    case 'spike':
      return [rate.base_per_s, rate.spike_per_s];
    case 'sine':
      return [rate.mean_per_s - rate.amplitude_per_s, rate.mean_per_s + rate.amplitude_per_s];
  }
}

function expectedOperations({ phases, trace }: Arm): number {
  if (trace) return replayedOperations(phases, trace);
  const expected = phases.map(
    ({ operations, rate, duration_ns }) => operations ?? createIntensity(rate!, duration_ns!).total,
  );
  return Math.round(expected.reduce((sum, count) => sum + count, 0));
}

/** As if the trace were as busy throughout as on average, where only a part of it is played. */
function replayedOperations(phases: Arm['phases'], { speed, survey }: TraceSettings): number {
  const played_ns = phases.reduce((sum, { duration_ns }) => sum + (duration_ns ?? 0), 0);
  const whole_ns = (survey.span_us * 1e3) / (speed ?? 1);
  return Math.round(survey.records * Math.min(1, played_ns / whole_ns));
}

/** Each arm with a server to talk to has a store process; arms share a KMS where nothing sets them apart. */
function countServers(arms: readonly Arm[]): PlanDescription['servers'] {
  const embedded = arms.filter((arm) => arm.target === 'embedded' && traitsOf(arm).needs !== 'nothing');
  return {
    stores: embedded.filter((arm) => traitsOf(arm).needs === 'server').length,
    kms: new Set(embedded.map(kmsIdentity)).size,
  };
}
