import { LatencyHistogram } from '../recording/recording.ts';
import { realClock } from '../std/clock.ts';
import { machineCpu } from '../std/machine-cpu.ts';
import type { MachineState } from './types.ts';

const EVERY_MS = 20;
const NAP_MS = 0.5;

/**
 * Looks at the machine while something else is measured, by ways that have nothing of the load generator in them: what
 * a sleep of this thread's lasts too long, and what processes other than ours take of the cores.
 */
export class MachineWatch {
  readonly #own_us: () => Promise<number>;
  readonly #oversleep = new LatencyHistogram();
  readonly #cell = new Int32Array(new SharedArrayBuffer(4));
  readonly #timer = setInterval(() => this.#nap(), EVERY_MS);
  readonly #start_ns = realClock.now_ns();
  readonly #idle_ms = machineCpu().idle_ms;
  readonly #ownBefore_us: Promise<number>;

  /** @param own_us CPU of our own processes since any fixed moment */
  constructor(own_us: () => Promise<number>) {
    this.#own_us = own_us;
    this.#ownBefore_us = own_us();
  }

  async stop(cores: number): Promise<MachineState> {
    this.cancel();
    const own_ms = ((await this.#own_us()) - (await this.#ownBefore_us)) / 1e3;
    const all_ms = ((realClock.now_ns() - this.#start_ns) / 1e6) * cores;
    // What is neither idle nor ours, and so also what a hypervisor gave to others.
    const others = 1 - (machineCpu().idle_ms - this.#idle_ms + own_ms) / all_ms;
    const spread = (p: number) => this.#oversleep.valueAtPercentile(p);
    return {
      oversleep_ns: this.#oversleep.count === 0 ? null : { p50: spread(50), p99: spread(99) },
      others_share: Math.min(1, Math.max(0, others)),
    };
  }

  cancel(): void {
    clearInterval(this.#timer);
  }

  #nap(): void {
    const start_ns = realClock.now_ns();
    Atomics.wait(this.#cell, 0, 0, NAP_MS);
    this.#oversleep.record(realClock.now_ns() - start_ns - NAP_MS * 1e6);
  }
}
