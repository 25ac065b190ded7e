import { findClientCost } from './client-cost.ts';
import { findSealing } from './sealing.ts';
import { findServing } from './serving.ts';
import { findInProcess } from './suites.ts';
import type { Effort, Finding } from './types.ts';

/**
 * A minute and a half together. Turns are short and many: a neighbour on the machine makes one take twice as long as
 * another, and what comes between two turns of a pair is what widens an interval. Much is warm-up: V8 goes on compiling
 * a server for some 20,000 requests, and the Encryption SDK for some three seconds. autocannon looks at its time every
 * 100 ms and opens its connections anew for each turn, so its turns are longer.
 */
export const THOROUGH: Effort = {
  suites: { budget_ms: 2000, cycles: 10 },
  sealing: { rounds: 80, turn_ms: 20, warmUp_ms: 3000 },
  serving: { rounds: 30, turn_ms: 100, warmUp_ms: 4000 },
  client: { rounds: 8, turn_ms: 400, warmUp_ms: 3000 },
};
const GLANCE = { rounds: 2, turn_ms: 50, warmUp_ms: 20 };
/** Shows that every part works, and nothing else. */
export const QUICK: Effort = {
  suites: { budget_ms: 40, cycles: 2 },
  sealing: GLANCE,
  serving: GLANCE,
  client: GLANCE,
};

/** One after the other: two cores carry one client and one server. */
export async function measurePeers(effort: Effort): Promise<Finding[]> {
  return [
    ...(await findSealing(effort)),
    ...(await findInProcess(effort)),
    ...(await findServing(effort)),
    ...(await findClientCost(effort)),
  ];
}
