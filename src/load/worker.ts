/** The one long task of a Piscina worker: a lane for every arm, told through a port what to play and when. */
import type { MessagePort } from 'node:worker_threads';
import { createDriver, type LocalSample } from '../drivers/drivers.ts';
import { createPlan, type Turn } from '../plan/plan.ts';
import type { TurnRecording } from '../recording/recording.ts';
import { realClock } from '../std/clock.ts';
import { answer } from '../std/rpc.ts';
import { threadCpu_us } from '../std/thread-cpu.ts';
import { openSpreadRecords, type TraceRecords } from '../trace/trace.ts';
import type { TraceSettings } from '../workload/workload.ts';
import { Lane } from './lane.ts';
import type { LaneTask, SecondsNote } from './lanes.ts';
import { type Pacer, startPacer } from './pacer.ts';
import { meterThread } from './thread-load.ts';

/** What the lanes of a worker share. */
interface Thread {
  pacer: Pacer;
  threadLoad: ReturnType<typeof meterThread>;
}

interface ArmLane {
  lane: Lane;
  local: Awaited<ReturnType<typeof createDriver>>['local'];
}

/** Runs until its port is told to finish. */
export default async function work(task: LaneTask): Promise<void> {
  const stop = new Int32Array(task.stop);
  const pacer = await startPacer();
  const threadLoad = meterThread();
  const arms = new Map<number, ArmLane>();
  const finished = new Promise<void>((resolve) => {
    serve(task.port, {
      open: async ({ arm }: { arm: number }): Promise<TurnRecording> => {
        const opened = await openArm(task, arm, { pacer, threadLoad }, () => Atomics.load(stop, 0) !== 0);
        arms.set(arm, opened);
        return opened.lane.setUp();
      },
      play: async ({ turn, start_ns }: { turn: Turn; start_ns: number }): Promise<TurnRecording> => {
        const { lane, local } = arms.get(turn.arm)!;
        local?.resume();
        try {
          return await lane.play(turn, start_ns);
        } finally {
          local?.pause();
        }
      },
      sample: ({ arm }: { arm: number }): LocalSample | null => arms.get(arm)?.local?.sample() ?? null,
      kmsTimes: ({ arm }: { arm: number }): string | null => arms.get(arm)?.local?.kmsTimes() ?? null,
      wake: () => pacer.wake(),
      finish: async () => {
        for (const { lane } of arms.values()) await lane.close();
        await pacer.close();
        resolve();
      },
    });
  });
  await finished;
  // The answer to `finish` is still on its way out.
  setImmediate(() => task.port.close());
}

async function openArm(
  task: LaneTask,
  index: number,
  { pacer, threadLoad }: Thread,
  stopped: () => boolean,
): Promise<ArmLane> {
  const { lane, lanes, seed } = task;
  const { arm, target } = task.arms[index]!;
  const callers = Array.from({ length: arm.callers }, (_, caller) => caller).filter(
    (caller) => caller % lanes === lane,
  );
  const driver = await createDriver({ arm, target, seed, callers });
  driver.local?.pause();
  const own = new Lane({
    arm,
    plan: createPlan(arm, seed, arm.trace && traceOf(arm.trace)),
    lane,
    lanes,
    driver,
    clock: realClock,
    pacer,
    stopped,
    cpu_us: threadCpu_us,
    threadLoad,
    onSeconds: (seconds) => task.port.postMessage({ arm: index, seconds } satisfies SecondsNote),
  });
  return { lane: own, local: driver.local };
}

/** At recorded times a trace's ticks are spread; in a closed loop nobody asks when. */
function traceOf({ file, format, speed, survey }: TraceSettings): () => TraceRecords {
  return () => openSpreadRecords({ file, format }, speed === null ? 0 : survey.tick_us);
}

function serve(port: MessagePort, answers: Parameters<typeof answer>[0]): void {
  port.on('message', (message) => {
    void answer(answers, message, (reply) => port.postMessage(reply));
  });
}
