import { LatencyHistogram } from '../recording/recording.ts';
import { realClock } from '../std/clock.ts';

const EVERY_MS = 20;
const NAP_MS = 0.5;

/**
 * What a sleep of this thread's lasts too long, while something else is measured: the machine's own share in what that
 * finds, by a way that has nothing of the load generator in it.
 */
export class MachineWatch {
  readonly #oversleep = new LatencyHistogram();
  readonly #cell = new Int32Array(new SharedArrayBuffer(4));
  readonly #timer = setInterval(() => this.#nap(), EVERY_MS);

  /** @returns null when there was no time to look */
  stop(): { p50: number; p99: number } | null {
    clearInterval(this.#timer);
    if (this.#oversleep.count === 0) return null;
    return { p50: this.#oversleep.valueAtPercentile(50), p99: this.#oversleep.valueAtPercentile(99) };
  }

  #nap(): void {
    const start_ns = realClock.now_ns();
    Atomics.wait(this.#cell, 0, 0, NAP_MS);
    this.#oversleep.record(realClock.now_ns() - start_ns - NAP_MS * 1e6);
  }
}
