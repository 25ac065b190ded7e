import { describe, expect, it } from 'vitest';
import { Lane } from '../../src/load/load.ts';
import { createPlan, type Turn } from '../../src/plan/plan.ts';
import { mergeKinds, type TurnRecording } from '../../src/recording/recording.ts';
import { parseWorkload } from '../../src/workload/workload.ts';
import { SimulatedDriver, Simulation } from './simulation.ts';

const MS = 1e6;
const S = 1e9;

const BY_TIME: Turn = { arm: 0, block: 0, from_ns: 0, to_ns: 10 * S, measured: true };
const byCount = (operations: number): Turn => ({ ...BY_TIME, to_ns: null, operations });

interface Setting {
  users: number;
  think?: string;
  service_ns?: ConstructorParameters<typeof SimulatedDriver>[1];
  stopped?: (simulation: Simulation) => boolean;
  lane?: number;
  lanes?: number;
}

/** A lane of a closed loop whose users have a connection each. */
function laneOf({
  users,
  think = '0',
  service_ns = () => 10 * MS,
  stopped = () => false,
  ...place
}: Setting) {
  const text = `
name: closed
callers: 4
connections: { mode: fresh, timeout: 5s }
arrivals: { loop: closed, concurrency: ${users}, think: ${think} }
phases: [ { for: 10s } ]
`;
  const simulation = new Simulation();
  const arm = parseWorkload(text, 'closed.yaml').arms[0]!;
  const driver = new SimulatedDriver(simulation, service_ns);
  const lane = new Lane({
    arm,
    plan: createPlan(arm, 1),
    lane: 0,
    lanes: 1,
    driver,
    clock: simulation.clock,
    pacer: simulation.pacer,
    stopped: () => stopped(simulation),
    cpu_us: () => 0,
    threadLoad: () => ({ active_ns: 0, pauses: mergeKinds([]).response }),
    ...place,
  });
  const play = (turn: Turn, start_ns = S): Promise<TurnRecording> =>
    simulation.run(lane.play(turn, start_ns));
  return { play, driver, simulation };
}

const all = (recording: TurnRecording) => mergeKinds(Object.values(recording.kinds));

describe('think time', () => {
  it('passes between an answer and the next operation, and is in no response time', async () => {
    const { play, driver } = laneOf({ users: 1, think: '90ms' });
    const recording = await play(BY_TIME);
    // The first thinks for a part of its time only; then one operation every 100 ms.
    const starts = driver.performed.map(({ at_ns }) => at_ns);
    expect(starts[0]).toBeLessThan(S + 90 * MS);
    for (const [i, start_ns] of starts.entries()) expect(start_ns).toBe(starts[0]! + i * 100 * MS);
    expect(recording.issued).toBe(100);
    expect(all(recording).response.max_ns).toBe(10 * MS);
    expect(recording.lag.max_ns).toBe(0);
    expect(recording.duration_ns).toBe(10 * S);
  });

  it('of thousands of users makes the throughput that it should, without a start in step', async () => {
    const { play, driver } = laneOf({ users: 3000, think: 'exponential 990ms' });
    const recording = await play(BY_TIME);
    // 3,000 users, each once a second for 10 s: 30,000 but for noise of less than √30,000.
    expect(Math.abs(recording.issued - 30_000)).toBeLessThan(4 * Math.sqrt(30_000));
    const firstTenth = driver.performed.filter(({ at_ns }) => at_ns < 1.1 * S).length;
    expect(Math.abs(firstTenth - 300)).toBeLessThan(5 * Math.sqrt(300));
    expect(recording.lag.max_ns).toBe(0);
  });

  it('counts from when the operation was due where the lane is late', async () => {
    const { play, simulation } = laneOf({ users: 1, think: '90ms' });
    const { at } = simulation;
    // Asleep from 5 s to 7 s.
    simulation.at = (at_ns) => at.call(simulation, at_ns > 5 * S && at_ns < 7 * S ? 7 * S : at_ns);
    const recording = await play(BY_TIME);
    expect(recording.lag.max_ns).toBeGreaterThan(1.8 * S);
    expect(all(recording).response.max_ns - recording.lag.max_ns).toBe(10 * MS);
  });

  it('is the same for an operation, whatever the number of lanes', async () => {
    const timesBy = async (lanes: number) => {
      const performed = [];
      for (let lane = 0; lane < lanes; lane++) {
        const { play, driver } = laneOf({ users: 40, think: 'exponential 50ms', lane, lanes });
        await play(byCount(400));
        performed.push(...driver.performed.map(({ operation, at_ns }) => `${operation.index} ${at_ns}`));
      }
      return performed.sort();
    };
    const alone = await timesBy(1);
    expect(alone).toHaveLength(400);
    expect(await timesBy(2)).toEqual(alone);
    expect(await timesBy(4)).toEqual(alone);
  });
});

describe('a turn by count', () => {
  it('ends with its last answer, which says how long it was', async () => {
    const { play, driver } = laneOf({ users: 4 });
    const recording = await play(byCount(10));
    expect(recording).toMatchObject({ planned: 10, issued: 10, unissued: 0 });
    // Users 0 and 1 have three operations of 10 ms, the others two.
    expect(recording.duration_ns).toBe(30 * MS);
    expect(recording.elapsed_ns).toBe(30 * MS);
    expect(driver.performed.map(({ operation }) => operation.index).sort((a, b) => a - b)).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
    ]);
  });

  it('lasts as long as its answers take, beyond any drain', async () => {
    const { play } = laneOf({ users: 1, service_ns: ({ index }) => (index === 2 ? 14 * S : 10 * MS) });
    const recording = await play(byCount(5));
    expect(recording).toMatchObject({ planned: 5, issued: 5, duration_ns: 14.04 * S });
    expect(all(recording).errors).toEqual({});
  });

  it('plays no operation for a lane whose users have none', async () => {
    const { play } = laneOf({ users: 4, lane: 3, lanes: 4 });
    expect(await play(byCount(2))).toMatchObject({ planned: 0, issued: 0, duration_ns: 0 });
  });

  it('stops when told to, and accounts for what was due until then only', async () => {
    const { play } = laneOf({ users: 4, stopped: ({ clock }) => clock.now_ns() >= S + 50 * MS });
    const recording = await play(byCount(1000));
    expect(recording).toMatchObject({ planned: 20, issued: 20, unissued: 0, duration_ns: 50 * MS });
  });

  it('gives up on a driver that never answers, and says what was not done', async () => {
    const { play, driver } = laneOf({
      users: 2,
      service_ns: ({ index }) => (index < 10 ? 10 * MS : Number.POSITIVE_INFINITY),
    });
    const recording = await play(byCount(100));
    expect(all(recording).errors).toEqual({ Abandoned: 2 });
    expect(recording).toMatchObject({ planned: 100, issued: 12, unissued: 88 });
    expect(driver.abandoned).toBe(1);
  });

  it('goes on after a turn by time where that ended', async () => {
    const { play, driver } = laneOf({ users: 2 });
    const { issued } = await play({ ...BY_TIME, to_ns: S });
    await play(byCount(10), 20 * S);
    expect(issued).toBe(200);
    const indices = driver.performed.map(({ operation }) => operation.index).sort((a, b) => a - b);
    expect(indices).toEqual(Array.from({ length: 210 }, (_, index) => index));
  });
});
