import { Worker } from 'node:worker_threads';
import { siblingModule } from '../std/module.ts';
import type { Alarm } from './departures.ts';

/** Cells that the alarm shares with its thread; behind them BigInt64s of ns: the time set, and that of the last ring. */
export const ALARM_CELLS = { request: 0, rings: 1 } as const;
export const ALARM_TIMES = { set: 0, rung: 1 } as const;
export const ALARM_TIMES_OFFSET = 8;
export const ALARM_BYTES = 24;
/** A time that never comes. */
export const NEVER_NS = 2n ** 62n;

/**
 * Node's timers are a millisecond coarse. A thread sleeps in `Atomics.wait`, whose time-out is fine-grained, and wakes
 * the event loop through `Atomics.waitAsync`.
 * @param ring called at or after the time that was set, with the moment at which the thread rang
 */
export async function startAlarm(ring: (rung_ns: number) => void): Promise<Alarm> {
  const shared = new SharedArrayBuffer(ALARM_BYTES);
  const cells = new Int32Array(shared, 0, 2);
  const times = new BigInt64Array(shared, ALARM_TIMES_OFFSET, 2);
  times[ALARM_TIMES.set] = NEVER_NS;
  const thread = new Worker(siblingModule(import.meta.url, './alarm-thread'), { workerData: shared });
  await new Promise((resolve, reject) => {
    thread.once('online', resolve);
    thread.once('error', reject);
  });
  thread.unref();
  void (async () => {
    for (let seen = 0; ; ) {
      const woken = Atomics.waitAsync(cells, ALARM_CELLS.rings, seen);
      if (woken.async) await woken.value;
      // Before `ring`, which may set the alarm to a moment that is over: the next ring comes at once then.
      seen = Atomics.load(cells, ALARM_CELLS.rings);
      ring(Number(Atomics.load(times, ALARM_TIMES.rung)));
    }
  })();
  return {
    set: (at_ns) => {
      Atomics.store(times, ALARM_TIMES.set, BigInt(Math.round(at_ns)));
      Atomics.add(cells, ALARM_CELLS.request, 1);
      Atomics.notify(cells, ALARM_CELLS.request);
    },
  };
}
