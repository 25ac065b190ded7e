import { normal, type Random } from '../../std/random.ts';

/** The standard normal's 99th percentile. */
const Z99 = 2.3263478740408408;
/** How late a timer fires, to begin with: timers count whole milliseconds and fire at the next one. */
const TYPICAL_LATENESS_MS = 0.6;
const LATENESS_WEIGHT = 0.05;
const LATENESS_MAX_MS = 2;

export interface LatencyPercentiles {
  p50_ms: number;
  p99_ms: number;
}

/** A log-normal deviate that has these percentiles. */
export function sampleLatency_ms({ p50_ms, p99_ms }: LatencyPercentiles, random: Random): number {
  if (p50_ms <= 0) return 0;
  const sigma = Math.log(p99_ms / p50_ms) / Z99;
  return p50_ms * Math.exp(sigma * normal(random));
}

/**
 * Turns delays into whole milliseconds of a timer that fires late, such that they come out right on average: it
 * learns the lateness, and rounds up or down by chance.
 */
export class TimerRounding {
  readonly #random: Random;
  #lateness_ms = TYPICAL_LATENESS_MS;

  constructor(random: Random) {
    this.#random = random;
  }

  /** @returns milliseconds for the timer; 0 for none at all */
  timerFor_ms(delay_ms: number): number {
    const shortest_ms = 1 + this.#lateness_ms;
    if (delay_ms < shortest_ms) return this.#random.next() < delay_ms / shortest_ms ? 1 : 0;
    return Math.floor(delay_ms - this.#lateness_ms + this.#random.next());
  }

  /** Learns from a timer that has fired. */
  fired(timer_ms: number, elapsed_ms: number): void {
    const lateness_ms = Math.min(LATENESS_MAX_MS, Math.max(0, elapsed_ms - timer_ms));
    this.#lateness_ms += LATENESS_WEIGHT * (lateness_ms - this.#lateness_ms);
  }
}

/** Waits without holding the event loop. */
export async function delay(delay_ms: number, rounding: TimerRounding): Promise<void> {
  const timer_ms = rounding.timerFor_ms(delay_ms);
  if (timer_ms === 0) return;
  const start_ms = performance.now();
  await new Promise((resolve) => setTimeout(resolve, timer_ms));
  rounding.fired(timer_ms, performance.now() - start_ms);
}
