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
 * A clock over another one that can be paused, resumed, moved ahead, and run at a multiple of its speed. It drives
 * key-cache expiry, key lifecycles and nothing that has to agree with the outside (SigV4, `Date`, certificates).
 */
export class AdjustableClock implements Clock {
  readonly #base: Clock;
  /** It read `#at_ns` when the base read `#baseAt_ns`, and has gone on at its speed since, unless it is paused. */
  #at_ns: number;
  #baseAt_ns: number;
  #speed = 1;
  #paused = false;

  constructor(base: Clock = realClock) {
    this.#base = base;
    this.#at_ns = this.#baseAt_ns = base.now_ns();
  }

  now_ns(): number {
    return this.#at(this.#base.now_ns());
  }

  wall_ms(): number {
    const base_ns = this.#base.now_ns();
    return this.#base.wall_ms() + (this.#at(base_ns) - base_ns) / 1e6;
  }

  /** Seconds of this clock in one of the base's, from now on. */
  setSpeed(speed: number): void {
    this.#settle();
    this.#speed = speed;
  }

  advance(duration_ms: number): void {
    this.#at_ns += duration_ms * 1e6;
  }

  pause(): void {
    this.#settle();
    this.#paused = true;
  }

  resume(): void {
    this.#settle();
    this.#paused = false;
  }

  #at(base_ns: number): number {
    return this.#paused ? this.#at_ns : this.#at_ns + (base_ns - this.#baseAt_ns) * this.#speed;
  }

  #settle(): void {
    const base_ns = this.#base.now_ns();
    this.#at_ns = this.#at(base_ns);
    this.#baseAt_ns = base_ns;
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
