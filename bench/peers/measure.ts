import { findClientCost } from './client-cost.ts';
import { findServing } from './serving.ts';
import { findInProcess } from './suites.ts';
import type { Effort, Finding } from './types.ts';

/** A minute and a half together. */
export const THOROUGH: Effort = { suites_ms: 12_000, cycles: 10, rounds: 8, turn_ms: 500, warmUp_ms: 1000 };
/** Shows that every part works, and nothing else. */
export const QUICK: Effort = { suites_ms: 200, cycles: 2, rounds: 2, turn_ms: 30, warmUp_ms: 30 };

/** One after the other: two cores carry one client and one server. */
export async function measurePeers(effort: Effort): Promise<Finding[]> {
  return [
    ...(await findInProcess(effort)),
    ...(await findServing(effort)),
    ...(await findClientCost(effort)),
  ];
}
