import v8 from 'node:v8';
import vm from 'node:vm';
import { expect, it } from 'vitest';
import { NoopDriver } from '../../src/drivers/noop.ts';
import { Lane } from '../../src/load/load.ts';
import { createPlan } from '../../src/plan/plan.ts';
import { mergeKinds } from '../../src/recording/recording.ts';
import { parseWorkload } from '../../src/workload/workload.ts';

const S = 1e9;

/** Plays a turn of so many seconds on a clock that jumps from one due time to the next; bytes that are left of it. */
async function heapAfter(seconds: number, arrivals: string): Promise<number> {
  const arm = parseWorkload(
    `name: memory\ndriver: noop\ncallers: 4\narrivals: ${arrivals}\nphases: [ { for: 2h } ]\n`,
    'memory.yaml',
  ).arms[0]!;
  let now_ns = 0;
  let handedOut = 0;
  const lane = new Lane({
    arm,
    plan: createPlan(arm, 1),
    lane: 0,
    lanes: 1,
    driver: new NoopDriver(),
    clock: { now_ns: () => now_ns, wall_ms: () => now_ns / 1e6 },
    pacer: {
      wait: async (until_ns) => {
        now_ns = Math.max(now_ns, until_ns);
      },
      wake: () => {},
      cpu_us: () => 0,
      close: async () => {},
    },
    stopped: () => false,
    cpu_us: () => 0,
    threadLoad: () => ({ active_ns: 0, pauses: mergeKinds([]).response }),
    onSeconds: (rows) => {
      handedOut += rows.length;
    },
  });
  const turn = { arm: 0, block: 0, from_ns: 0, to_ns: seconds * S, measured: true };
  const recording = await lane.play(turn, 0);
  const used = heapUsed();
  // Both are looked at after the heap was: so they were in it.
  expect(recording.issued).toBeGreaterThan(seconds * 90);
  expect(handedOut + recording.seconds.length).toBe(seconds);
  await lane.close();
  return used;
}

function heapUsed(): number {
  v8.setFlagsFromString('--expose-gc');
  const collect = vm.runInNewContext('gc') as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}

it.each([
  ['an open loop', '{ rate: 100/s }'],
  ['a closed loop', '{ loop: closed, concurrency: 100, think: exponential 1s }'],
])('%s of an hour leaves no more behind than one of three minutes', async (_, arrivals) => {
  await heapAfter(180, arrivals);
  const short = await heapAfter(180, arrivals);
  const long = await heapAfter(3600, arrivals);
  // 360,000 operations: a byte for each would be more.
  expect(long - short).toBeLessThan(300_000);
});
