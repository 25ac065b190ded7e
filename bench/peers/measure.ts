import { findClientCost } from './client-cost.ts';
import { findServing } from './serving.ts';
import { findInProcess } from './suites.ts';
import type { Effort, Finding } from './types.ts';

/** A minute and a half together, a third of it warm-up: V8 goes on compiling a server for some 20,000 requests. */
export const THOROUGH: Effort = { suites_ms: 10_000, cycles: 10, rounds: 6, turn_ms: 500, warmUp_ms: 4000 };
/** Shows that every part works, and nothing else. */
export const QUICK: Effort = { suites_ms: 100, cycles: 2, rounds: 2, turn_ms: 50, warmUp_ms: 20 };

/** One after the other: two cores carry one client and one server. */
export async function measurePeers(effort: Effort): Promise<Finding[]> {
  return [
    ...(await findInProcess(effort)),
    ...(await findServing(effort)),
    ...(await findClientCost(effort)),
  ];
}
