/** The thread of an alarm: sleeps until the time that is set, rings, and sleeps until another is. */
import { workerData } from 'node:worker_threads';
import { realClock } from '../std/clock.ts';
import { ALARM_CELLS, ALARM_TIME_OFFSET, NEVER_NS } from './alarm.ts';

const shared = workerData as SharedArrayBuffer;
const cells = new Int32Array(shared, 0, 2);
const time = new BigInt64Array(shared, ALARM_TIME_OFFSET, 1);

for (;;) {
  const seen = Atomics.load(cells, ALARM_CELLS.request);
  const at_ns = Atomics.load(time, 0);
  const left_ns = at_ns === NEVER_NS ? Number.POSITIVE_INFINITY : Number(at_ns) - realClock.now_ns();
  if (left_ns > 0) {
    Atomics.wait(cells, ALARM_CELLS.request, seen, left_ns / 1e6);
  } else if (Atomics.compareExchange(time, 0, at_ns, NEVER_NS) === at_ns) {
    Atomics.add(cells, ALARM_CELLS.rings, 1);
    Atomics.notify(cells, ALARM_CELLS.rings);
  }
}
