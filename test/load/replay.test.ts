import { expect, it } from 'vitest';
import { Lane } from '../../src/load/load.ts';
import { createPlan } from '../../src/plan/plan.ts';
import { mergeKinds } from '../../src/recording/recording.ts';
import type { TraceRecord, TraceSurvey } from '../../src/trace/types.ts';
import { parseWorkload } from '../../src/workload/workload.ts';
import { SimulatedDriver, Simulation } from './simulation.ts';

const S = 1e9;
const RECORDS: TraceRecord[] = Array.from({ length: 100 }, (_, index) => ({
  time_us: index * 10_000,
  client: index % 7,
  operation: 'get',
  key: index,
  bytes: 0,
}));
const SURVEY: TraceSurvey = {
  records: RECORDS.length,
  broken: 0,
  brokenLines: [],
  disordered: 0,
  span_us: 1e6,
  first_us: 0,
  tick_us: 0,
  clients: 7,
  keys: 100,
};

function open() {
  let next = 0;
  return { next: () => (next < RECORDS.length ? { ...RECORDS[next++]! } : undefined), close: () => {} };
}

/** What a lane performs in one turn after the other. */
async function played(speed: string, lanes: number, turns: { operations?: number; to_ns: number | null }[]) {
  const text = `name: replay\ntrace: { file: x, format: twitter, speed: ${speed} }\ncompare: { blocks: 1 }\n`;
  const arm = parseWorkload(text, 'w.yaml', {}, () => SURVEY).arms[0]!;
  const all: { index: number; turn: number; at_ns: number }[] = [];
  for (let place = 0; place < lanes; place++) {
    const simulation = new Simulation();
    const driver = new SimulatedDriver(simulation, () => 1e6);
    const lane = new Lane({
      arm,
      plan: createPlan(arm, 1, open),
      lane: place,
      lanes,
      driver,
      clock: simulation.clock,
      pacer: simulation.pacer,
      stopped: () => false,
      cpu_us: () => 0,
      threadLoad: () => ({ active_ns: 0, pauses: mergeKinds([]).response }),
    });
    for (const [turn, { operations, to_ns }] of turns.entries()) {
      const done = driver.performed.length;
      await simulation.run(
        lane.play({ arm: 0, block: turn, from_ns: 0, to_ns, operations, measured: true }, S),
      );
      all.push(
        ...driver.performed
          .slice(done)
          .map(({ operation, at_ns }) => ({ index: operation.index, turn, at_ns: at_ns - S })),
      );
    }
  }
  return all.sort((a, b) => a.index - b.index);
}

it('plays a trace at its times', async () => {
  const all = await played('2', 1, [{ to_ns: S }]);
  expect(all.map(({ at_ns }) => at_ns)).toEqual(RECORDS.map(({ time_us }) => (time_us * 1e3) / 2));
});

it.each([1, 2, 3])(
  'plays all of a trace as fast as it can with %i lanes, each turn its records',
  async (lanes) => {
    const all = await played('max', lanes, [
      { operations: 33, to_ns: null },
      { operations: 67, to_ns: null },
    ]);
    expect(all.map(({ index }) => index)).toEqual(RECORDS.map((_, index) => index));
    expect(all.every(({ index, turn }) => turn === (index < 33 ? 0 : 1))).toBe(true);
  },
);
