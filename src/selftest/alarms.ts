import type { Pacer } from '../load/load.ts';
import { realClock } from '../std/clock.ts';

interface Alarm {
  due_ns: number;
  ring: () => void;
}

/** Calls back at given moments, any number of them at a time, as exactly as the pacer of the lanes wakes them. */
export class Alarms {
  readonly #pacer: Pacer;
  /** Latest first: the next one is taken from the end. */
  readonly #waiting: Alarm[] = [];
  #awaited_ns: number | undefined;

  constructor(pacer: Pacer) {
    this.#pacer = pacer;
  }

  at(due_ns: number, ring: () => void): void {
    const later = this.#waiting.findLastIndex((alarm) => alarm.due_ns > due_ns);
    this.#waiting.splice(later + 1, 0, { due_ns, ring });
    if (this.#awaited_ns === undefined) void this.#run();
    else if (due_ns < this.#awaited_ns) this.#pacer.wake();
  }

  async #run(): Promise<void> {
    for (let next = this.#waiting.at(-1); next !== undefined; next = this.#waiting.at(-1)) {
      if (next.due_ns <= realClock.now_ns()) {
        this.#waiting.pop()!.ring();
        continue;
      }
      this.#awaited_ns = next.due_ns;
      await this.#pacer.wait(next.due_ns);
    }
    this.#awaited_ns = undefined;
  }
}
