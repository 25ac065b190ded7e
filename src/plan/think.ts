import { uniformsOf } from '../std/random.ts';
import type { ThinkTime } from '../workload/types.ts';
import { STREAMS } from './streams.ts';

/** What users of a closed loop do before their operations: pure functions of (seed, index of the operation). */
export interface ThinkTimes {
  /** From a user's answer to this operation, its next one: whole ns. */
  before_ns(index: number): number;
  /** The same for the first operation of a turn, which finds its user in the midst of thinking. */
  remaining_ns(index: number): number;
}

export function createThinkTimes({ kind, mean_ns }: ThinkTime, seed: number): ThinkTimes {
  const uniform = uniformsOf(seed, STREAMS.think);
  // What is left of an exponential time is as long as a whole one.
  const exponential = (index: number) => Math.round(-Math.log(1 - uniform(index)) * mean_ns);
  if (kind === 'exponential') return { before_ns: exponential, remaining_ns: exponential };
  return { before_ns: () => mean_ns, remaining_ns: (index) => Math.floor(uniform(index) * mean_ns) };
}
