import type { Clock } from '../std/clock.ts';
import { TimedQueue } from './queue.ts';

/** Rings at a time, a little late. */
export interface Alarm {
  /** One time only: a later call replaces it. */
  set(at_ns: number): void;
}

export interface DeparturesOptions {
  clock: Clock;
  alarm: Alarm;
  /** Calls back after whatever else the event loop has to do. */
  soon: (callback: () => void) => void;
}

/** Woken this much ahead of a departure; the rest is spun: sleepers wake a tenth of a millisecond late and more. */
const AHEAD_NS = 200e3;
/** Spinning may take up this share of the time, and so much at once after a rest: cores are for what is measured. */
const SPIN_SHARE = 0.25;
const SPIN_CREDIT_NS = 10e6;

/** Lets things go at their times, within microseconds while they are few, and otherwise as punctual as an alarm is. */
export class Departures {
  readonly #options: DeparturesOptions;
  readonly #queue = new TimedQueue<() => void>();
  #alarm_ns = Number.POSITIVE_INFINITY;
  #spinning = false;
  #credit_ns = SPIN_CREDIT_NS;
  #seen_ns: number;

  constructor(options: DeparturesOptions) {
    this.#options = options;
    this.#seen_ns = options.clock.now_ns();
  }

  /** In the order of the times; those of equal times in the order of the calls. */
  add(at_ns: number, leave: () => void): void {
    this.#queue.add(at_ns, leave);
    // Whoever spins looks at the queue anyhow.
    if (!this.#spinning) this.#wait();
  }

  /** The alarm rings. */
  ring(): void {
    this.#alarm_ns = Number.POSITIVE_INFINITY;
    if (!this.#spinning) this.#look();
  }

  readonly #look = (): void => {
    const now_ns = this.#options.clock.now_ns();
    this.#account(now_ns);
    for (let leave = this.#queue.take(now_ns); leave; leave = this.#queue.take(now_ns)) leave();
    const left_ns = this.#queue.next_ns - now_ns;
    this.#spinning = left_ns <= AHEAD_NS && this.#credit_ns > 0;
    if (this.#spinning) this.#options.soon(this.#look);
    else this.#wait();
  };

  #wait(): void {
    const { next_ns } = this.#queue;
    if (next_ns === Number.POSITIVE_INFINITY) return;
    this.#account(this.#options.clock.now_ns());
    const at_ns = this.#credit_ns > 0 ? next_ns - AHEAD_NS : next_ns;
    if (at_ns >= this.#alarm_ns) return;
    this.#alarm_ns = at_ns;
    this.#options.alarm.set(at_ns);
  }

  #account(now_ns: number): void {
    const passed_ns = now_ns - this.#seen_ns;
    this.#seen_ns = now_ns;
    const gained_ns = this.#spinning ? (SPIN_SHARE - 1) * passed_ns : SPIN_SHARE * passed_ns;
    this.#credit_ns = Math.min(SPIN_CREDIT_NS, this.#credit_ns + gained_ns);
  }
}
