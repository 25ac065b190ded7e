import { findClientCost } from './client-cost.ts';
import { findSealing } from './sealing.ts';
import { findServing } from './serving.ts';
import { findInProcess } from './suites.ts';
import type { Effort, Finding } from './types.ts';

/**
 * A minute and a half together. Turns are short and many: a neighbour on the machine makes one take twice as long as
 * another, and what comes between two turns of a pair is what widens an interval. Much is warm-up: V8 goes on compiling
 * a server for some 20,000 requests, and the Encryption SDK for some three seconds. autocannon looks at its time every
 * 100 ms and opens its connections anew for each turn, so its turns are longer. So are turns of writing: what our store
 * commits goes to its log, and within a second to LMDB, which is to be in the turn that it belongs to.
 */
export const THOROUGH: Effort = {
  suites: { budget_ms: 1500, cycles: 10 },
  sealing: { rounds: 50, turn_ms: 20, warmUp_ms: 3000 },
  reading: { rounds: 28, turn_ms: 100, warmUp_ms: 3500 },
  writing: { rounds: 5, turn_ms: 1200, warmUp_ms: 2500 },
  client: { rounds: 7, turn_ms: 400, warmUp_ms: 3000 },
};
const GLANCE = { rounds: 2, turn_ms: 50, warmUp_ms: 20 };
/** Shows that every part works, and nothing else. */
export const QUICK: Effort = {
  suites: { budget_ms: 40, cycles: 2 },
  sealing: GLANCE,
  reading: GLANCE,
  writing: GLANCE,
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
