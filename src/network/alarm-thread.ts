/** The thread of an alarm: sleeps until the time that is set, rings, and sleeps until another is. */
import { workerData } from 'node:worker_threads';
import { realClock } from '../std/clock.ts';
import { ALARM_CELLS, ALARM_TIMES, ALARM_TIMES_OFFSET, NEVER_NS } from './alarm.ts';

const shared = workerData as SharedArrayBuffer;
const cells = new Int32Array(shared, 0, 2);
const times = new BigInt64Array(shared, ALARM_TIMES_OFFSET, 2);

for (;;) {
  const seen = Atomics.load(cells, ALARM_CELLS.request);
  const at_ns = Atomics.load(times, ALARM_TIMES.set);
  const left_ns = at_ns === NEVER_NS ? Number.POSITIVE_INFINITY : Number(at_ns) - realClock.now_ns();
  if (left_ns > 0) {
    Atomics.wait(cells, ALARM_CELLS.request, seen, left_ns / 1e6);
  } else if (Atomics.compareExchange(times, ALARM_TIMES.set, at_ns, NEVER_NS) === at_ns) {
    Atomics.store(times, ALARM_TIMES.rung, BigInt(realClock.now_ns()));
    Atomics.add(cells, ALARM_CELLS.rings, 1);
    Atomics.notify(cells, ALARM_CELLS.rings);
  }
}
