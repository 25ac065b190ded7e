import { describe, expect, it } from 'vitest';
import type { Driver } from '../../src/drivers/drivers.ts';
import { Lane, type Pacer } from '../../src/load/load.ts';
import { createPlan, type Turn } from '../../src/plan/plan.ts';
import {
  EMPTY_SNAPSHOT,
  LatencyHistogram,
  mergeKinds,
  type TurnRecording,
} from '../../src/recording/recording.ts';
import { type Arm, parseWorkload } from '../../src/workload/workload.ts';
import { SimulatedDriver, Simulation } from './simulation.ts';

const MS = 1e6;
const S = 1e9;

const ONE_CONNECTION = `
name: lane
callers: 1
connections: { mode: keep-alive, perCaller: 1 }
arrivals: { loop: open, process: constant, rate: 100/s }
phases: [ { name: steady, for: 10s } ]
compare: { blocks: 2 }
`;

describe('an open loop', () => {
  it('counts a stall against every operation that was due in it', async () => {
    // One connection, 100/s, 1 ms each, but a second's stall of the operation due at 5 s: the 100 operations due in
    // the stall wait for it, the first a second, the last next to nothing.
    const { recording } = await play(ONE_CONNECTION, {
      service_ns: (operation) => (operation.due_ns === 5 * S ? S : MS),
    });
    const { response, service } = mergeKinds(Object.values(recording.kinds));
    expect(response.count).toBe(1000);
    const responses = LatencyHistogram.from(response);
    // While the backlog drains, 1 ms an operation against one due every 10 ms, ⌈100 / 0.9⌉ operations are late.
    expect(responses.valueAtPercentile(99)).toBeGreaterThan(900 * MS);
    expect(responses.valueAtPercentile(95)).toBeGreaterThan(500 * MS);
    expect(LatencyHistogram.from(service).valueAtPercentile(99)).toBeLessThan(1.01 * MS);
    expect(response.max_ns).toBe(S);
  });

  it('issues every operation at its due time when nothing is in the way', async () => {
    const { driver, recording } = await play(ONE_CONNECTION, { service_ns: () => MS });
    expect(driver.performed).toHaveLength(1000);
    for (const { operation, at_ns } of driver.performed) expect(at_ns).toBe(S + operation.due_ns);
    expect(recording).toMatchObject({ planned: 1000, issued: 1000, unissued: 0 });
    expect(recording.lag.max_ns).toBe(0);
    expect(recording.inFlight_ns).toBe(1000 * MS);
  });

  it('starts operations late that a stall of the lane at the end of the turn held up', async () => {
    const simulation = new Simulation();
    // Asleep from 9.8 s of the turn until half a second after its end.
    const pacer: Pacer = {
      ...simulation.pacer,
      wait: (until_ns) => simulation.at(until_ns >= 10.8 * S && until_ns < 11 * S ? 11.5 * S : until_ns),
    };
    const { lane } = laneOf(ONE_CONNECTION, simulation, { service_ns: () => MS }, { pacer });
    const turn: Turn = { arm: 0, block: 0, from_ns: 0, to_ns: 10 * S, measured: true };
    const recording = await simulation.run(lane.play(turn, S));
    expect(recording).toMatchObject({ issued: 1000, unissued: 0 });
    expect(recording.lag.max_ns).toBe(0.7 * S);
    expect(recording.undelayed.max_ns).toBeLessThan(200 * MS);
  });

  it('lets operations of other connections pass a stalled one', async () => {
    const { recording } = await play(ONE_CONNECTION.replace('perCaller: 1', 'perCaller: 8'), {
      service_ns: (operation) => (operation.due_ns === 5 * S ? S : MS),
    });
    const { response } = mergeKinds(Object.values(recording.kinds));
    expect(LatencyHistogram.from(response).valueAtPercentile(97)).toBeLessThan(1.01 * MS);
  });

  it('gives fresh connections no queue', async () => {
    const { recording } = await play(ONE_CONNECTION.replace('keep-alive', 'fresh'), {
      service_ns: () => 100 * MS,
    });
    const { response, count } = mergeKinds(Object.values(recording.kinds));
    expect(count).toBe(1000);
    expect(response.max_ns).toBe(100 * MS);
    expect(recording.inFlight_ns / (10 * S)).toBeCloseTo(10, 5);
  });

  it('never has more than maxInFlight pending and issues the others late', async () => {
    let inFlight = 0;
    let most = 0;
    const { recording } = await play(
      ONE_CONNECTION.replace('mode: keep-alive, perCaller: 1', 'mode: fresh, maxInFlight: 5'),
      {
        service_ns: () => {
          inFlight++;
          most = Math.max(most, inFlight);
          return 20 * MS;
        },
        failure: () => {
          inFlight--;
          return undefined;
        },
      },
    );
    expect(most).toBeLessThanOrEqual(5);
    expect(recording.planned).toBe(1000);
    expect(recording.issued).toBe(1000);
  });

  it('has one alarm at most waiting while it is full, however many operations settle', async () => {
    const simulation = new Simulation();
    const text = ONE_CONNECTION.replace('mode: keep-alive, perCaller: 1', 'mode: fresh, maxInFlight: 5');
    let waiting = 0;
    let most = 0;
    const pacer: Pacer = {
      ...simulation.pacer,
      wait: async (until_ns) => {
        most = Math.max(most, ++waiting);
        await simulation.pacer.wait(until_ns);
        waiting--;
      },
    };
    const { lane } = laneOf(text, simulation, { service_ns: () => 80 * MS }, { pacer });
    const turn: Turn = { arm: 0, block: 0, from_ns: 0, to_ns: 10 * S, measured: true };
    expect((await simulation.run(lane.play(turn, S))).issued).toBeGreaterThan(500);
    expect(most).toBeLessThanOrEqual(2);
  });

  it('counts what it could not issue when the target is too slow, and goes on', async () => {
    // 4 connections' worth of room, a second each: 4/s of the 100/s are carried.
    const { recording } = await play(
      ONE_CONNECTION.replace('mode: keep-alive, perCaller: 1', 'mode: fresh, maxInFlight: 4'),
      { service_ns: () => S },
    );
    expect(recording.planned).toBe(1000);
    expect(recording.issued).toBeLessThanOrEqual(44);
    expect(recording.unissued).toBe(1000 - recording.issued);
  });

  it('abandons what does not end within the drain, and withdraws what waited behind it', async () => {
    const { recording, driver } = await play(ONE_CONNECTION, {
      service_ns: (operation) => (operation.due_ns >= 9.5 * S ? Number.POSITIVE_INFINITY : MS),
    });
    const all = mergeKinds(Object.values(recording.kinds));
    expect(all.errors).toEqual({ Abandoned: 1 });
    expect(recording.unissued).toBe(49);
    expect(recording.planned).toBe(recording.issued + recording.unissued);
    expect(driver.abandoned).toBe(1);
  });

  it('counts failures by code and keeps them out of the histograms', async () => {
    const { recording } = await play(ONE_CONNECTION, {
      service_ns: () => MS,
      failure: ({ index }) => (index % 10 === 0 ? 'ThrottlingException' : undefined),
    });
    const all = mergeKinds(Object.values(recording.kinds));
    expect(all.errors).toEqual({ ThrottlingException: 100 });
    expect(all.count).toBe(1000);
    expect(all.response.count).toBe(900);
  });

  it('counts an operation whose driver throws as failed', async () => {
    const { recording } = await play(ONE_CONNECTION, {
      service_ns: ({ index }) => {
        if (index === 3) throw new TypeError('a defect of the driver');
        return MS;
      },
    });
    expect(mergeKinds(Object.values(recording.kinds)).errors).toEqual({ TypeError: 1 });
  });

  it('stops when told to, and accounts for what was due until then only', async () => {
    let performed = 0;
    const { recording } = await play(
      ONE_CONNECTION,
      {
        service_ns: () => {
          performed++;
          return MS;
        },
      },
      { stopped: () => performed >= 100 },
    );
    expect(recording).toMatchObject({ planned: 100, issued: 100, unissued: 0 });
  });

  it('lasts as long as it was let, so that an interruption does not lower its rate', async () => {
    let performed = 0;
    const { recording } = await play(
      ONE_CONNECTION,
      {
        service_ns: () => {
          performed++;
          return MS;
        },
      },
      { stopped: () => performed >= 100 },
    );
    // The hundredth operation is due at 0.99 s of the 10 s.
    expect(recording.duration_ns).toBe(0.99 * S);
    expect(recording.elapsed_ns).toBe(0.991 * S);
  });
});

describe('turns', () => {
  it('cut the time line without losing or repeating an operation', async () => {
    const simulation = new Simulation();
    const { lane, driver } = laneOf(ONE_CONNECTION, simulation, { service_ns: () => 3 * MS });
    for (const [from_s, to_s, start_s] of [
      [0, 4, 1],
      [4, 7, 30],
      [7, 10, 50],
    ] as const) {
      const turn: Turn = { arm: 0, block: 0, from_ns: from_s * S, to_ns: to_s * S, measured: true };
      const recording = await simulation.run(lane.play(turn, start_s * S));
      expect(recording.issued).toBe((to_s - from_s) * 100);
      expect(recording.seconds.map((row) => row.second)).toEqual(
        Array.from({ length: to_s - from_s }, (_, offset) => from_s + offset),
      );
    }
    expect(driver.performed.map(({ operation }) => operation.index)).toEqual(
      Array.from({ length: 1000 }, (_, index) => index),
    );
  });
});

describe('set-up', () => {
  it('touches every kept connection of its callers once', async () => {
    const simulation = new Simulation();
    const text = ONE_CONNECTION.replace('callers: 1', 'callers: 3').replace('perCaller: 1', 'perCaller: 2');
    const { lane, driver } = laneOf(text, simulation, { service_ns: () => MS });
    const recording = await simulation.run(lane.setUp());
    const touched = driver.performed.map(({ operation }) => `${operation.caller}/${operation.connection}`);
    expect(touched.sort()).toEqual(['0/0', '0/1', '1/0', '1/1', '2/0', '2/1']);
    expect(recording.kinds.get.count).toBe(6);
  });

  it('touches nothing where no connection is kept', async () => {
    const simulation = new Simulation();
    const { lane, driver } = laneOf(ONE_CONNECTION.replace('keep-alive', 'fresh'), simulation, {
      service_ns: () => MS,
    });
    await simulation.run(lane.setUp());
    expect(driver.performed).toHaveLength(0);
  });
});

describe('a closed loop', () => {
  it('plays to the end of its turn when its pacer wakes it early', async () => {
    const simulation = new Simulation();
    const text = ONE_CONNECTION.replace(
      'arrivals: { loop: open, process: constant, rate: 100/s }',
      'arrivals: { loop: closed, concurrency: 1 }',
    );
    const pacer: Pacer = {
      ...simulation.pacer,
      wait: (until_ns) => simulation.at(Math.min(until_ns, simulation.clock.now_ns() + 300 * MS)),
    };
    const { lane } = laneOf(text, simulation, { service_ns: () => 10 * MS }, { pacer });
    const turn: Turn = { arm: 0, block: 0, from_ns: 0, to_ns: 10 * S, measured: true };
    const recording = await simulation.run(lane.play(turn, S));
    expect(recording.issued).toBe(1000);
    expect(recording.elapsed_ns).toBe(10 * S);
  });

  it('keeps as many operations in flight as it has users', async () => {
    const text = ONE_CONNECTION.replace(
      'arrivals: { loop: open, process: constant, rate: 100/s }',
      'arrivals: { loop: closed, concurrency: 4 }',
    ).replace('perCaller: 1', 'perCaller: 4');
    const { recording, driver } = await play(text, { service_ns: () => 10 * MS });
    // 4 users, 10 ms each, 10 s.
    expect(recording.issued).toBe(4000);
    expect(recording.inFlight_ns / (10 * S)).toBeCloseTo(4, 5);
    const indices = driver.performed.map(({ operation }) => operation.index).sort((a, b) => a - b);
    expect(indices).toEqual(Array.from({ length: 4000 }, (_, index) => index));
  });
});

interface Behaviour {
  service_ns: ConstructorParameters<typeof SimulatedDriver>[1];
  failure?: ConstructorParameters<typeof SimulatedDriver>[2];
}

/** Plays the whole of a workload's one arm as one turn, begun at 1 s. */
async function play(
  text: string,
  behaviour: Behaviour,
  options: { stopped?: () => boolean } = {},
): Promise<{ recording: TurnRecording; driver: SimulatedDriver }> {
  const simulation = new Simulation();
  const { lane, driver, arm } = laneOf(text, simulation, behaviour, options);
  const to_ns = arm.phases.reduce((sum, phase) => sum + phase.duration_ns!, 0);
  const turn: Turn = { arm: 0, block: 0, from_ns: 0, to_ns, measured: true };
  return { recording: await simulation.run(lane.play(turn, S)), driver };
}

function laneOf(
  text: string,
  simulation: Simulation,
  { service_ns, failure }: Behaviour,
  { stopped = () => false, pacer = simulation.pacer }: { stopped?: () => boolean; pacer?: Pacer } = {},
): { lane: Lane; driver: SimulatedDriver & Driver; arm: Arm } {
  const arm = parseWorkload(text, 'lane.yaml').arms[0]!;
  const driver = new SimulatedDriver(simulation, service_ns, failure);
  const lane = new Lane({
    arm,
    plan: createPlan(arm, 1),
    lane: 0,
    lanes: 1,
    driver,
    clock: simulation.clock,
    pacer,
    stopped,
    cpu_us: () => 0,
    threadLoad: () => ({ active_ns: 0, pauses: EMPTY_SNAPSHOT }),
  });
  return { lane, driver, arm };
}
