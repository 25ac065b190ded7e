/** The thread of a pacer: sleeps until the time it is given, wakes the lane, waits for the next. */
import { workerData } from 'node:worker_threads';
import { realClock } from '../std/clock.ts';
import { PACER_CELLS, PACER_UNTIL_OFFSET } from './pacer.ts';

const shared = workerData as SharedArrayBuffer;
const cells = new Int32Array(shared);
const until = new BigInt64Array(shared, PACER_UNTIL_OFFSET, 1);

/** What `Atomics.wait` sleeps too long, mostly (the kernel's timer slack and a wake-up): it is spun away. */
const OVERSLEEP_NS = 100e3;
const SPIN_GAP_NS = 3 * OVERSLEEP_NS;

let seen = 0;
/** Whether the wait under way was shortened for the spin. */
let spins = false;
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
    if (left_ns <= OVERSLEEP_NS && spins) continue;
    // Where the next operation is due within a few oversleeps, spinning for each would fill a core.
    spins = left_ns > SPIN_GAP_NS;
    Atomics.wait(cells, PACER_CELLS.request, seen, (left_ns - (spins ? OVERSLEEP_NS : 0)) / 1e6);
    seen = Atomics.load(cells, PACER_CELLS.request);
  }
}
