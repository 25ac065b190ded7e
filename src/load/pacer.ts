import { Worker } from 'node:worker_threads';
import { realClock } from '../std/clock.ts';
import { siblingModule } from '../std/module.ts';

/** Waits for a moment of the lane's clock without holding the lane's event loop. */
export interface Pacer {
  /** Resolves at or after `until_ns`, or early after `wake`. */
  wait(until_ns: number): Promise<void>;
  /** Ends a wait under way. */
  wake(): void;
  close(): Promise<void>;
}

/** Cells that the lane shares with its pacer thread. */
export const PACER_CELLS = { request: 0, answer: 1, stop: 2, spin: 3 } as const;
export const PACER_BYTES = 32;
/** Byte offset of the wake-up time, a BigInt64 of ns. */
export const PACER_UNTIL_OFFSET = 16;

/**
 * A core that has been idle for long takes a tenth of a millisecond and more to wake, most of all a virtual one. After
 * such a wait the lane is woken once ahead of time, for nothing, and then finds its core awake when it counts.
 */
const LONG_WAIT_NS = 1e6;
const EARLY_NS = 100e3;
/** Operations closer together get no spin for their oversleep: it would fill a core. */
const SPIN_GAP_NS = 300e3;

/**
 * A pacer with a thread of its own: Node's timers are a millisecond coarse, and spinning would burn the CPU that the
 * lane accounts for. The thread sleeps in `Atomics.wait`, whose time-out is fine-grained, and wakes the lane's event
 * loop through `Atomics.waitAsync`.
 */
export async function startPacer(): Promise<Pacer> {
  const shared = new SharedArrayBuffer(PACER_BYTES);
  const cells = new Int32Array(shared);
  const until = new BigInt64Array(shared, PACER_UNTIL_OFFSET, 1);
  const thread = new Worker(siblingModule(import.meta.url, './pacer-thread'), { workerData: shared });
  await new Promise((resolve, reject) => {
    thread.once('online', resolve);
    thread.once('error', reject);
  });
  const sleep = async (until_ns: number, spin: boolean): Promise<void> => {
    if (realClock.now_ns() >= until_ns) return;
    const seen = Atomics.load(cells, PACER_CELLS.answer);
    Atomics.store(until, 0, BigInt(Math.round(until_ns)));
    Atomics.store(cells, PACER_CELLS.spin, spin ? 1 : 0);
    Atomics.add(cells, PACER_CELLS.request, 1);
    Atomics.notify(cells, PACER_CELLS.request);
    const woken = Atomics.waitAsync(cells, PACER_CELLS.answer, seen);
    if (woken.async) await woken.value;
  };
  let wakes = 0;
  return {
    async wait(until_ns) {
      const wakesBefore = wakes;
      const left_ns = until_ns - realClock.now_ns();
      const spin = left_ns > SPIN_GAP_NS;
      if (left_ns > LONG_WAIT_NS) await sleep(until_ns - EARLY_NS, spin);
      // Woken from the sleep ahead of time: the wait is over, and must not go on to the moment itself.
      if (wakes === wakesBefore) await sleep(until_ns, spin);
    },
    wake() {
      wakes++;
      Atomics.add(cells, PACER_CELLS.answer, 1);
      Atomics.notify(cells, PACER_CELLS.answer);
    },
    async close() {
      Atomics.store(cells, PACER_CELLS.stop, 1);
      Atomics.add(cells, PACER_CELLS.request, 1);
      Atomics.notify(cells, PACER_CELLS.request);
      await thread.terminate();
    },
  };
}
