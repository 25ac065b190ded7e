/** The `http` driver under a lane, as a run uses it: plan, slots, recording; closed loop. */
import { createDriver } from '../../src/drivers/drivers.ts';
import { Lane, meterThread, startPacer } from '../../src/load/load.ts';
import { createPlan } from '../../src/plan/plan.ts';
import { realClock } from '../../src/std/clock.ts';
import { processCpu_us, serveParent } from './child.ts';
import type { ClientTurn, LaneArm } from './types.ts';

const pacer = await startPacer();
const threadLoad = meterThread();
const lanes: Lane[] = [];

serveParent({
  /** @returns the lane's number */
  open: async ({ arm, target, seed }: LaneArm): Promise<number> => {
    const driver = await createDriver({ arm, target, seed, callers: [0] });
    const lane = new Lane({
      arm,
      plan: createPlan(arm, seed),
      lane: 0,
      lanes: 1,
      driver,
      clock: realClock,
      pacer,
      stopped: () => false,
      cpu_us: processCpu_us,
      threadLoad,
    });
    await lane.setUp();
    return lanes.push(lane) - 1;
  },
  play: async ({ lane, turn_ms }: { lane: number; turn_ms: number }): Promise<ClientTurn> => {
    const turn = { arm: 0, block: 0, from_ns: 0, to_ns: turn_ms * 1e6, measured: true };
    const { kinds, elapsed_ns, cpu_us } = await lanes[lane]!.play(turn, realClock.now_ns());
    let requests = 0;
    for (const [kind, { count, errors }] of Object.entries(kinds)) {
      if (Object.keys(errors).length > 0) throw new Error(`${kind} failed: ${JSON.stringify(errors)}`);
      requests += count;
    }
    return { requests, elapsed_ns, cpu_us: cpu_us! };
  },
});
