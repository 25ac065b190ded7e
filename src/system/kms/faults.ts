import type { Clock } from '../../std/clock.ts';
import type { KmsFault } from './types.ts';

/** The fault in force, if any; it ends by itself. */
export class Faults {
  readonly #clock: Clock;
  #fault: KmsFault | undefined;
  #until_ns = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  set(fault: KmsFault): void {
    this.#fault = fault;
    this.#until_ns = this.#clock.now_ns() + fault.for_ms * 1e6;
  }

  current(): KmsFault | undefined {
    if (this.#fault !== undefined && this.#clock.now_ns() >= this.#until_ns) this.#fault = undefined;
    return this.#fault;
  }
}
