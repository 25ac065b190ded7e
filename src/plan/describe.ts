import type { Arm, TraceSettings, Workload } from '../workload/types.ts';
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
  /** All turns one after the other. */
  play_s: number;
  /** With servers started and tables filled, roughly. */
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
  /** Null in an open loop. */
  concurrency: number | null;
  warmUp_s: number;
  measured_s: number;
  /** Expected, warm-up included; null in a closed loop, where it depends on how fast answers come. */
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
    estimated_s: START_s + play_s + fill_s,
    servers: countServers(workload.arms),
  };
}

function describeArm(arm: Arm): ArmDescription {
  const { warmUp, measured } = armTimes(arm);
  const total_s = (warmUp.duration_ns + measured.duration_ns) / 1e9;
  const operations = arm.arrivals.loop === 'open' ? expectedOperations(arm) : null;
  return {
    name: arm.name,
    driver: arm.driver,
    target: arm.target,
    mode: arm.connections.mode,
    encryption: arm.table.encryption,
    items: arm.table.items,
    itemBytes: arm.table.itemBytes,
    loop: arm.arrivals.loop,
    rate_per_s: operations === null ? null : operations / total_s,
    concurrency: arm.arrivals.loop === 'closed' ? arm.arrivals.concurrency : null,
    warmUp_s: warmUp.duration_ns / 1e9,
    measured_s: measured.duration_ns / 1e9,
    operations,
    keptConnections: keepsConnections(arm) ? arm.callers * arm.connections.perCaller : null,
    connectionOperations: arm.connections.operations,
    decryptCalls: expectedDecryptCalls(arm, operations, total_s * 1000),
  };
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
