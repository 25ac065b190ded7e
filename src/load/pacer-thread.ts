/** The thread of a pacer: sleeps until the time it is given, wakes the lane, waits for the next. */
import { readlinkSync, writeFileSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { realClock } from '../std/clock.ts';
import { threadCpu_us } from '../std/thread-cpu.ts';
import { PACER_CELLS, PACER_TIMES, pacerMemory, Tracker } from './pacer.ts';

const { cells, times } = pacerMemory(workerData as SharedArrayBuffer);

/** What `Atomics.wait` sleeps too long, mostly; that much of a wait is spun at most. */
const oversleep = new Tracker(200e3);

let seen = 0;

refineTimers();
while (Atomics.load(cells, PACER_CELLS.stop) === 0) {
  times[PACER_TIMES.cpu_us] = threadCpu_us() ?? Number.NaN;
  Atomics.wait(cells, PACER_CELLS.request, seen);
  sleep();
  times[PACER_TIMES.woken] = realClock.now_ns();
  Atomics.add(cells, PACER_CELLS.answer, 1);
  Atomics.notify(cells, PACER_CELLS.answer);
}

/** Until the time asked for, or that of the request which took its place. */
function sleep(): void {
  for (;;) {
    seen = Atomics.load(cells, PACER_CELLS.request);
    const left_ns = times[PACER_TIMES.until]! - realClock.now_ns();
    if (left_ns <= 0 || Atomics.load(cells, PACER_CELLS.stop) !== 0) return;
    const slept_ns = left_ns - Math.min(oversleep.value, times[PACER_TIMES.spin]!);
    if (slept_ns <= 0) continue;
    const timedOut = Atomics.wait(cells, PACER_CELLS.request, seen, slept_ns / 1e6) === 'timed-out';
    if (timedOut) oversleep.add(left_ns - slept_ns - (times[PACER_TIMES.until]! - realClock.now_ns()));
  }
}

/**
 * Linux lets timers run 50 us late to save wake-ups, unless a thread asks for better. Where that can't be asked for,
 * oversleep is longer.
 */
function refineTimers(): void {
  try {
    const thread = readlinkSync('/proc/thread-self').split('/').at(-1);
    writeFileSync(`/proc/${thread}/timerslack_ns`, '1');
  } catch {
    // Another system, or not allowed.
  }
}
