import { Worker } from 'node:worker_threads';
import { siblingModule } from '../std/module.ts';
import type { Alarm } from './departures.ts';

/** Cells that the alarm shares with its thread; the time, a BigInt64 of ns, is behind them. */
export const ALARM_CELLS = { request: 0, rings: 1 } as const;
export const ALARM_TIME_OFFSET = 8;
export const ALARM_BYTES = 16;
/** A time that never comes. */
export const NEVER_NS = 2n ** 62n;

/**
 * Node's timers are a millisecond coarse. A thread sleeps in `Atomics.wait`, whose time-out is fine-grained, and wakes
 * the event loop through `Atomics.waitAsync`.
 * @param ring called at or after the time that was set, and sometimes for nothing
 */
export async function startAlarm(ring: () => void): Promise<Alarm> {
  const shared = new SharedArrayBuffer(ALARM_BYTES);
  const cells = new Int32Array(shared, 0, 2);
  const time = new BigInt64Array(shared, ALARM_TIME_OFFSET, 1);
  time[0] = NEVER_NS;
  const thread = new Worker(siblingModule(import.meta.url, './alarm-thread'), { workerData: shared });
  await new Promise((resolve, reject) => {
    thread.once('online', resolve);
    thread.once('error', reject);
  });
  thread.unref();
  void (async () => {
    for (;;) {
      const seen = Atomics.load(cells, ALARM_CELLS.rings);
      ring();
      const woken = Atomics.waitAsync(cells, ALARM_CELLS.rings, seen);
      if (woken.async) await woken.value;
    }
  })();
  return {
    set: (at_ns) => {
      Atomics.store(time, 0, BigInt(Math.round(at_ns)));
      Atomics.add(cells, ALARM_CELLS.request, 1);
      Atomics.notify(cells, ALARM_CELLS.request);
    },
  };
}
