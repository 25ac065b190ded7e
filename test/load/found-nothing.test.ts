import { expect, it } from 'vitest';
import { NOTHING_FOUND, type Outcome } from '../../src/drivers/drivers.ts';
import { Lane } from '../../src/load/load.ts';
import { createPlan, type PlannedOperation } from '../../src/plan/plan.ts';
import { failedIn, mergeKinds, mergeTurns, type TurnRecording } from '../../src/recording/recording.ts';
import { parseWorkload } from '../../src/workload/workload.ts';
import { SimulatedDriver, Simulation } from './simulation.ts';

const MS = 1e6;
const S = 1e9;
const ITEMS = 50;

const INSERTING = `
name: lane
connections: { mode: fresh }
table: { items: ${ITEMS} }
keys: { popularity: latest }
operations: { get: 60, insert: 30, readModifyWrite: 10 }
arrivals: { process: constant, rate: 100/s }
phases: [ { for: 10s } ]
compare: { blocks: 2 }
`;

async function play(outcomeOf: (operation: PlannedOperation) => Outcome): Promise<TurnRecording> {
  const arm = parseWorkload(INSERTING, 'lane.yaml').arms[0]!;
  const simulation = new Simulation();
  const driver = new SimulatedDriver(simulation, () => 3 * MS, outcomeOf);
  const lane = new Lane({
    arm,
    plan: createPlan(arm, 1),
    lane: 0,
    lanes: 1,
    driver,
    clock: simulation.clock,
    pacer: simulation.pacer,
    stopped: () => false,
    cpu_us: () => 0,
    threadLoad: () => ({
      active_ns: 0,
      pauses: { count: 0, min_ns: 0, max_ns: 0, sum_ns: 0, clamped: 0, cells: new Uint32Array() },
    }),
  });
  return simulation.run(lane.play({ arm: 0, block: 0, from_ns: 0, to_ns: 10 * S, measured: true }, S));
}

it('counts reads that find nothing apart from successes and failures: early ones, and missing ones', async () => {
  const reads = (kind: string) => kind === 'get' || kind === 'readModifyWrite';
  const expected = { early: 0, missing: 0, failed: 0 };
  const recording = await play(({ kind, key, index }) => {
    if (index % 10 === 9) {
      expected.failed++;
      return 'ThrottlingException';
    }
    if (!reads(kind) || index % 3 > 0) return undefined;
    if (key >= ITEMS) expected.early++;
    else expected.missing++;
    return NOTHING_FOUND;
  });
  const all = mergeKinds(Object.values(recording.kinds));
  expect(all.count).toBe(1000);
  expect(all).toMatchObject({ early: expected.early, missing: expected.missing });
  expect(failedIn(all)).toBe(expected.failed);
  expect(all.response.count).toBe(1000 - expected.early - expected.missing - expected.failed);
  expect(all.service.count).toBe(all.response.count);
  expect(Math.min(expected.early, expected.missing, expected.failed)).toBeGreaterThan(5);
  expect(recording.kinds.insert).toMatchObject({ early: 0, missing: 0, foundNothing_ns: 0 });
});

it('keeps the time of reads that found nothing, so that the books of what was in flight close', async () => {
  const recording = await play(({ kind }) => (kind === 'get' ? NOTHING_FOUND : undefined));
  const all = mergeKinds(Object.values(recording.kinds));
  expect(all.foundNothing_ns).toBe((all.early + all.missing) * 3 * MS);
  expect(all.foundNothing_ns + all.response.sum_ns).toBe(recording.inFlight_ns);
});

it('adds them up over turns', async () => {
  const recording = await play(({ kind }) => (kind === 'get' ? NOTHING_FOUND : undefined));
  const { early, missing, foundNothing_ns } = recording.kinds.get;
  const twice = mergeTurns([recording, recording]).kinds.get;
  expect(twice).toMatchObject({
    early: 2 * early,
    missing: 2 * missing,
    foundNothing_ns: 2 * foundNothing_ns,
  });
});
