import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { type ArmTarget, faultOfModule, type LocalSample } from '../drivers/drivers.ts';
import type { Turn } from '../plan/plan.ts';
import { mergeLanes, type SecondRow, type TurnRecording } from '../recording/recording.ts';
import { realClock } from '../std/clock.ts';
import { siblingModule } from '../std/module.ts';
import { Asker } from '../std/rpc.ts';
import type { Arm } from '../workload/workload.ts';

/** What a worker is started with. */
export interface LaneTask {
  port: MessagePort;
  /** One Int32: not zero once the run is to stop. */
  stop: SharedArrayBuffer;
  lane: number;
  lanes: number;
  seed: number;
  arms: { arm: Arm; target: ArmTarget }[];
}

/** What a lane sends unasked: the seconds so far of a long turn. */
export interface SecondsNote {
  arm: number;
  seconds: SecondRow[];
}

/** The load generator: worker threads that play turns together. */
export interface Lanes {
  count: number;
  /** Opens an arm's connections and touches its table on each. */
  setUp(arm: number): Promise<TurnRecording>;
  /**
   * Plays one turn on every lane at the same time; lanes merged.
   * @param begins told when, on the machine's clock
   */
  play(turn: Turn, begins?: (start_ns: number) => void): Promise<TurnRecording>;
  /** By lane: counters of the stores that lanes hold themselves; empty for a remote store. */
  samples(arm: number): Promise<LocalSample[]>;
  kmsTimes(arm: number): Promise<string[]>;
  /** Ends the turn under way early; what is in flight is drained. */
  stop(): void;
  close(): Promise<void>;
}

/** From the message that starts a turn to its first moment: every lane must have it by then. */
const START_AHEAD_NS = 10e6;

export interface LanesOptions {
  arms: LaneTask['arms'];
  seed: number;
  count: number;
  /** Takes the seconds of long turns while they go on. */
  onSeconds: (arm: number, seconds: SecondRow[]) => void;
}

/** One core is left to what is measured; at least one lane. */
export function defaultLanes(): number {
  return Math.max(1, availableParallelism() - 1);
}

/**
 * Starts the lanes on Piscina: one long task a worker. An idle worker's event loop must stay alive for its kept
 * connections, which `atomics: 'sync'` would freeze; a task is stopped by a flag, since an AbortSignal would kill the
 * thread with its histograms.
 */
export function startLanes(options: LanesOptions): Lanes {
  const { arms, seed, count, onSeconds } = options;
  const pool = new Piscina({
    filename: fileURLToPath(siblingModule(import.meta.url, './worker')),
    minThreads: count,
    maxThreads: count,
    idleTimeout: Number.POSITIVE_INFINITY,
    concurrentTasksPerWorker: 1,
    atomics: 'disabled',
    recordTiming: false,
  });
  const stop = new SharedArrayBuffer(4);
  const lanes = Array.from({ length: count }, (_, lane) =>
    startLane(pool, { stop, lane, lanes: count, seed, arms }, onSeconds),
  );
  const all = <Value>(question: string, argument: unknown): Promise<Value[]> =>
    Promise.all(lanes.map(({ asker }) => asker.ask<Value>(question, argument)));
  const local = async <Value>(question: string, arm: number): Promise<Value[]> =>
    (await all<Value | null>(question, { arm })).filter((value) => value !== null);
  return {
    count,
    setUp: async (arm) => mergeLanes(await all('open', { arm })),
    play: async (turn, begins) => {
      const start_ns = realClock.now_ns() + START_AHEAD_NS;
      begins?.(start_ns);
      return mergeLanes(await all('play', { turn, start_ns }));
    },
    samples: (arm) => local('sample', arm),
    kmsTimes: (arm) => local('kmsTimes', arm),
    stop: () => {
      Atomics.store(new Int32Array(stop), 0, 1);
      all('wake', undefined).catch(() => {});
    },
    close: async () => {
      await all('finish', undefined).catch(() => {});
      await Promise.allSettled(lanes.map(({ ended }) => ended));
      await pool.destroy();
    },
  };
}

function startLane(
  pool: Piscina,
  task: Omit<LaneTask, 'port'>,
  onSeconds: LanesOptions['onSeconds'],
): { asker: Asker; ended: Promise<unknown> } {
  const { port1, port2 } = new MessageChannel();
  const asker = new Asker((question) => port1.postMessage(question));
  port1.on('message', (message) => {
    if (asker.receive(message)) return;
    const { arm, seconds } = message as SecondsNote;
    onSeconds(arm, seconds);
  });
  const ended = pool.run({ ...task, port: port2 }, { transferList: [port2] });
  ended
    .catch((error: unknown) => {
      const ending = error instanceof Error ? error : new Error(String(error));
      asker.close(
        faultOfModule(
          task.arms.map(({ arm }) => arm),
          ending,
        ),
      );
    })
    .finally(() => {
      asker.close(new Error('the lane has ended'));
      port1.close();
    });
  return { asker, ended };
}
