import type { Phase } from '../workload/types.ts';
import { createIntensity } from './intensity.ts';

/** Operations that an open loop's phases ask for, before any is drawn; null where a recording decides. */
export function expectedOperations(phases: readonly Phase[]): number | null {
  let expected = 0;
  for (const { operations, rate, duration_ns } of phases) {
    if (rate === null || duration_ns === null) return null;
    expected += operations ?? createIntensity(rate, duration_ns).total;
  }
  return expected;
}
