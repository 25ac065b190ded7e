/** The thread of a pacer: sleeps until the time it is given, wakes the lane, waits for the next. */
import { workerData } from 'node:worker_threads';
import { realClock } from '../std/clock.ts';
import { PACER_CELLS, PACER_UNTIL_OFFSET } from './pacer.ts';

const shared = workerData as SharedArrayBuffer;
const cells = new Int32Array(shared);
const until = new BigInt64Array(shared, PACER_UNTIL_OFFSET, 1);

/** What `Atomics.wait` sleeps too long, mostly (the kernel's timer slack and a wake-up): it is spun away. */
const OVERSLEEP_NS = 100e3;

let seen = 0;

while (Atomics.load(cells, PACER_CELLS.stop) === 0) {
  Atomics.wait(cells, PACER_CELLS.request, seen);
  seen = Atomics.load(cells, PACER_CELLS.request);
  sleep();
  Atomics.add(cells, PACER_CELLS.answer, 1);
  Atomics.notify(cells, PACER_CELLS.answer);
}

/** Until the time asked for, or until another request takes its place. */
function sleep(): void {
  for (;;) {
    const left_ns = Number(Atomics.load(until, 0)) - realClock.now_ns();
    if (left_ns <= 0 || Atomics.load(cells, PACER_CELLS.stop) !== 0) return;
    const spun_ns = Atomics.load(cells, PACER_CELLS.spin) === 0 ? 0 : OVERSLEEP_NS;
    if (left_ns <= spun_ns) continue;
    Atomics.wait(cells, PACER_CELLS.request, seen, (left_ns - spun_ns) / 1e6);
    seen = Atomics.load(cells, PACER_CELLS.request);
  }
}
