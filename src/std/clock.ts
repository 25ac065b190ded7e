import { performance } from 'node:perf_hooks';

/** Monotonic time in nanoseconds and wall time in milliseconds since the epoch. */
export interface Clock {
  now_ns(): number;
  wall_ms(): number;
}

/** Readings to choose from: one during which the thread is held up is off by as much. */
const OFFSET_READINGS = 32;

/**
 * What to add to `local` for the time of `common`: from the reading of which the least time can have been lost between
 * the two. Threads whose offsets differ would be late for each other by the difference.
 */
export function clockOffset_ns(local: () => number, common: () => number): number {
  let narrowest = Number.POSITIVE_INFINITY;
  let offset_ns = 0;
  for (let reading = 0; reading < OFFSET_READINGS; reading++) {
    const before_ns = local();
    const common_ns = common();
    const after_ns = local();
    if (after_ns - before_ns >= narrowest) continue;
    narrowest = after_ns - before_ns;
    offset_ns = common_ns - (before_ns + after_ns) / 2;
  }
  return offset_ns;
}

/**
 * `performance.now()` counts from each thread's own start; `hrtime` is one clock for all threads and processes
 * of the machine but costs an allocation. The offset between them, taken once, gives both.
 */
const offset_ns = clockOffset_ns(
  () => performance.now() * 1e6,
  () => Number(process.hrtime.bigint()),
);

/** The machine's monotonic clock: comparable between threads and processes of one machine. */
export const realClock: Clock = {
  now_ns: () => Math.round(performance.now() * 1e6 + offset_ns),
  wall_ms: () => Date.now(),
};

/**
 * A clock over another one that can be paused, resumed and moved ahead. It drives key-cache expiry, key lifecycles
 * and nothing that has to agree with the outside (SigV4, `Date`, certificates).
 */
export class AdjustableClock implements Clock {
  readonly #base: Clock;
  #ahead_ns = 0;
  #pausedAt_ns: number | undefined;

  constructor(base: Clock = realClock) {
    this.#base = base;
  }

  now_ns(): number {
    return (this.#pausedAt_ns ?? this.#base.now_ns()) + this.#ahead_ns;
  }

  wall_ms(): number {
    const paused_ns = this.#pausedAt_ns === undefined ? 0 : this.#base.now_ns() - this.#pausedAt_ns;
    return this.#base.wall_ms() + (this.#ahead_ns - paused_ns) / 1e6;
  }

  advance(duration_ms: number): void {
    this.#ahead_ns += duration_ms * 1e6;
  }

  pause(): void {
    this.#pausedAt_ns ??= this.#base.now_ns();
  }

  resume(): void {
    if (this.#pausedAt_ns === undefined) return;
    this.#ahead_ns -= this.#base.now_ns() - this.#pausedAt_ns;
    this.#pausedAt_ns = undefined;
  }
}

/** A clock that moves only when told to: for tests and simulations. */
export class SimulatedClock implements Clock {
  #now_ns: number;
  readonly #epoch_ms: number;

  constructor(start_ns = 0, epoch_ms = Date.UTC(2026, 0, 1)) {
    this.#now_ns = start_ns;
    this.#epoch_ms = epoch_ms;
  }

  now_ns(): number {
    return this.#now_ns;
  }

  wall_ms(): number {
    return this.#epoch_ms + this.#now_ns / 1e6;
  }

  advance(duration_ms: number): void {
    this.#now_ns += duration_ms * 1e6;
  }
}
