import { connect, type Socket } from 'node:net';
import { realClock } from '../std/clock.ts';
import { machineCpu } from '../std/machine-cpu.ts';
import type { FloorShare, Look, MachineState } from './types.ts';

const EVERY_MS = 10;
/** About what lanes wait between operations: a core that sleeps longer is slower to wake. */
const NAP_MS = 2;
const ECHO = Buffer.alloc(256);
/** Standard normal quantile of one-sided 95 %. */
const Z_95 = 1.645;

export interface MachineWatchOptions {
  /** CPU of our own processes since any fixed moment. */
  own_us: () => Promise<number>;
  /** Of a loopback port of the servers' process that sends back what it gets. */
  echoPort: number;
  cores: number;
}

/**
 * Looks at the machine while something else is measured, by ways that have nothing of the load generator in them: what
 * a sleep of this thread's lasts too long, what a plain socket takes to the servers' process and back, and what
 * processes other than ours take of the cores.
 */
export class MachineWatch {
  readonly #options: MachineWatchOptions;
  readonly #looks: Look[] = [];
  readonly #cell = new Int32Array(new SharedArrayBuffer(4));
  readonly #socket: Socket;
  readonly #timer = setInterval(() => this.#look(), EVERY_MS);
  readonly #start_ns = realClock.now_ns();
  readonly #idle_ms = machineCpu().idle_ms;
  readonly #ownBefore_us: Promise<number>;
  /** The look that waits for its bytes to come back. */
  #under: { overslept_ns: number; sent_ns: number } | undefined;

  constructor(options: MachineWatchOptions) {
    this.#options = options;
    this.#ownBefore_us = options.own_us();
    this.#socket = connect({ port: options.echoPort, host: '127.0.0.1', noDelay: true });
    this.#socket.on('data', () => this.#answered());
    // Without it there is no floor to tell, and nothing is excused by one.
    this.#socket.on('error', () => {});
  }

  async stop(): Promise<MachineState> {
    this.cancel();
    const { own_us, cores } = this.#options;
    const own_ms = ((await own_us()) - (await this.#ownBefore_us)) / 1e3;
    const all_ms = ((realClock.now_ns() - this.#start_ns) / 1e6) * cores;
    // What is neither idle nor ours, and so also what a hypervisor gave to others.
    const others = 1 - (machineCpu().idle_ms - this.#idle_ms + own_ms) / all_ms;
    return { looks: this.#looks, others_share: Math.min(1, Math.max(0, others)) };
  }

  cancel(): void {
    clearInterval(this.#timer);
    this.#socket.destroy();
  }

  /** One after the other: a thread that sleeps would hear its echo late. */
  #look(): void {
    if (this.#under !== undefined || this.#socket.connecting) return;
    const start_ns = realClock.now_ns();
    Atomics.wait(this.#cell, 0, 0, NAP_MS);
    const sent_ns = realClock.now_ns();
    this.#under = { overslept_ns: Math.max(0, sent_ns - start_ns - NAP_MS * 1e6), sent_ns };
    this.#socket.write(ECHO);
  }

  #answered(): void {
    if (this.#under === undefined) return;
    const { overslept_ns, sent_ns } = this.#under;
    this.#looks.push({ overslept_ns, echo_ns: realClock.now_ns() - sent_ns });
    this.#under = undefined;
  }
}

/**
 * What the machine adds to an operation that waits for it so often: from as many looks in a row, added up. By order
 * statistics, the rank below which 95 of 100 such samples have the percentile.
 * @returns null with fewer looks than that takes
 */
export function floorOf(looks: readonly Look[], { wakes, trips, p }: FloorShare): number | null {
  const row = Math.max(wakes, trips);
  const sums: number[] = [];
  for (let last = row - 1; last < looks.length; last++) {
    let sum = 0;
    for (let back = 0; back < row; back++) {
      const { overslept_ns, echo_ns } = looks[last - back]!;
      sum += (back < wakes ? overslept_ns : 0) + (back < trips ? echo_ns : 0);
    }
    sums.push(sum);
  }
  const count = sums.length;
  if (count === 0) return null;
  const rank = Math.ceil(count * p + Z_95 * Math.sqrt(count * p * (1 - p)));
  return sums.sort((a, b) => a - b)[Math.min(count, rank) - 1]!;
}
