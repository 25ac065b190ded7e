import { setImmediate as nextIteration } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { realClock } from '../std/clock.ts';
import { siblingModule } from '../std/module.ts';

/** Waits for a moment of the lane's clock without holding the lane's event loop. */
export interface Pacer {
  /** Resolves at or after `until_ns`, or early: after `wake`, or when another wait ends. The last wait asked for counts. */
  wait(until_ns: number): Promise<void>;
  /** Ends a wait under way. */
  wake(): void;
  /** CPU of the pacer's own thread since it began; null where the runtime can't tell. */
  cpu_us(): number | null;
  close(): Promise<void>;
}

/** Int32 cells that the lane shares with its pacer thread. */
export const PACER_CELLS = { request: 0, answer: 1, stop: 2 } as const;
/** Float64 cells, ns: written before, and read after, the Int32 cell that announces them changes. */
export const PACER_TIMES = {
  until: 0,
  /** The most that the thread may spin. */
  spin: 1,
  /** When it woke the lane. */
  woken: 2,
  /** In us; NaN where unknown. */
  cpu_us: 3,
} as const;
const TIMES_OFFSET = 16;
const BYTES = TIMES_OFFSET + 8 * Object.keys(PACER_TIMES).length;

export function pacerMemory(shared: SharedArrayBuffer): { cells: Int32Array; times: Float64Array } {
  return { cells: new Int32Array(shared), times: new Float64Array(shared, TIMES_OFFSET) };
}

/** Follows the upper quartile of a varying delay, so that outliers of milliseconds don't move it far. */
export class Tracker {
  readonly #most_ns: number;
  #value_ns: number;

  constructor(most_ns: number) {
    this.#most_ns = most_ns;
    this.#value_ns = most_ns / 4;
  }

  /** 0 … most, ns. */
  get value(): number {
    return this.#value_ns;
  }

  add(delay_ns: number): void {
    const step = delay_ns > this.#value_ns ? 3 * STEP_NS : -STEP_NS;
    this.#value_ns = Math.min(this.#most_ns, Math.max(0, this.#value_ns + step));
  }
}
const STEP_NS = 500;

/** Of the time to the next operation, what the pacer's thread may spin, and the lane's event loop after it. */
const THREAD_SPIN = 0.2;
const LANE_SPIN = 0.15;
const LANE_SPIN_NS = 200e3;

/**
 * A pacer with a thread of its own: Node's timers are a millisecond coarse, and spinning would burn the CPU that the
 * lane accounts for. The thread sleeps in `Atomics.wait`, whose time-out is fine-grained, and wakes the lane's event
 * loop through `Atomics.waitAsync`: ahead of time, by what it takes a sleeping core to wake.
 */
export async function startPacer(): Promise<Pacer> {
  const shared = new SharedArrayBuffer(BYTES);
  const { cells, times } = pacerMemory(shared);
  const thread = new Worker(siblingModule(import.meta.url, './pacer-thread'), { workerData: shared });
  await new Promise((resolve, reject) => {
    thread.once('online', resolve);
    thread.once('error', reject);
  });
  const wakeUp = new Tracker(LANE_SPIN_NS);
  const ask = (): void => {
    Atomics.add(cells, PACER_CELLS.request, 1);
    Atomics.notify(cells, PACER_CELLS.request);
  };
  return {
    async wait(until_ns) {
      const left_ns = until_ns - realClock.now_ns();
      if (left_ns <= 0) return;
      const seen = Atomics.load(cells, PACER_CELLS.answer);
      times[PACER_TIMES.until] = until_ns - Math.min(wakeUp.value, LANE_SPIN * left_ns);
      times[PACER_TIMES.spin] = THREAD_SPIN * left_ns;
      ask();
      const woken = Atomics.waitAsync(cells, PACER_CELLS.answer, seen);
      if (woken.async) await woken.value;
      wakeUp.add(realClock.now_ns() - times[PACER_TIMES.woken]!);
      // What is left of the head start; far from the time asked for, the wake-up was for another wait.
      while (until_ns - realClock.now_ns() <= LANE_SPIN_NS && realClock.now_ns() < until_ns)
        await nextIteration();
    },
    wake() {
      Atomics.add(cells, PACER_CELLS.answer, 1);
      Atomics.notify(cells, PACER_CELLS.answer);
    },
    cpu_us() {
      const cpu_us = times[PACER_TIMES.cpu_us]!;
      return Number.isNaN(cpu_us) ? null : cpu_us;
    },
    async close() {
      Atomics.store(cells, PACER_CELLS.stop, 1);
      ask();
      await thread.terminate();
    },
  };
}
