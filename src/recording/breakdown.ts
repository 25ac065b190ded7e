import type { BreakdownPart, BreakdownRecording } from './types.ts';

/** Parts that a driver measures, beside what the lane does. */
export const BREAKDOWN_PARTS = [
  'connect',
  'kms',
  'crypto',
  'storage',
  'server_other',
  'wire',
] as const satisfies readonly BreakdownPart[];

/** Where the time of sampled operations went, each measured by whom it passed through. */
export interface Explanation {
  response_ns: number;
  lag_ns: number;
  queue_ns: number;
  parts: Record<BreakdownPart, number>;
}

/** Adds up where time went. */
export class BreakdownRecorder {
  readonly #measured: readonly BreakdownPart[];
  #recording: BreakdownRecording;

  /** @param measured parts that the driver can tell; the others are unknown, not 0 */
  constructor(measured: readonly BreakdownPart[]) {
    this.#measured = measured;
    this.#recording = this.#empty();
  }

  add(explanation: Explanation): void {
    const recording = this.#recording;
    recording.samples++;
    recording.response_ns += explanation.response_ns;
    recording.lag_ns += explanation.lag_ns;
    recording.queue_ns += explanation.queue_ns;
    for (const part of this.#measured) recording.parts[part]! += explanation.parts[part];
  }

  take(): BreakdownRecording {
    const recording = this.#recording;
    this.#recording = this.#empty();
    return recording;
  }

  #empty(): BreakdownRecording {
    const parts = BREAKDOWN_PARTS.map((part) => [part, this.#measured.includes(part) ? 0 : null]);
    return { samples: 0, response_ns: 0, lag_ns: 0, queue_ns: 0, parts: Object.fromEntries(parts) };
  }
}

/** Several as one; unknown where one of them does not know. */
export function mergeBreakdowns(all: readonly (BreakdownRecording | null)[]): BreakdownRecording | null {
  const [first, ...others] = all;
  if (!first) return null;
  const sum: BreakdownRecording = { ...first, parts: { ...first.parts } };
  for (const other of others) {
    if (other === null) return null;
    sum.samples += other.samples;
    sum.response_ns += other.response_ns;
    sum.lag_ns += other.lag_ns;
    sum.queue_ns += other.queue_ns;
    for (const part of BREAKDOWN_PARTS) {
      const [mine, theirs] = [sum.parts[part], other.parts[part]];
      sum.parts[part] = mine === null || theirs === null ? null : mine + theirs;
    }
  }
  return sum;
}
