import { createRandom, shuffled } from '../std/random.ts';
import type { Arm, Workload } from '../workload/types.ts';
import { STREAMS } from './streams.ts';
import type { Turn } from './types.ts';

/** The block of warm-up turns. */
export const WARM_UP_BLOCK = -1;

/**
 * Who plays when: the warm-up turn of each arm that has one, then blocks in which each arm plays one turn, in an order
 * shuffled anew for each block, so that what drifts on the machine hits all arms alike. An arm's measured time is cut
 * evenly into the blocks.
 */
export function planTurns(workload: Workload): Turn[] {
  const { arms, seed, compare } = workload;
  const random = createRandom(seed, STREAMS.turns);
  const order = arms.map((_, index) => index);
  const turns: Turn[] = [];
  for (const arm of order) {
    const { warmUp_ns } = armTimes(arms[arm]!);
    if (warmUp_ns > 0)
      turns.push({ arm, block: WARM_UP_BLOCK, from_ns: 0, to_ns: warmUp_ns, measured: false });
  }
  for (let block = 0; block < compare.blocks; block++) {
    for (const arm of shuffled(order, random))
      turns.push(measuredTurn(arms[arm]!, arm, block, compare.blocks));
  }
  return turns;
}

function measuredTurn(settings: Arm, arm: number, block: number, blocks: number): Turn {
  const { warmUp_ns, measured_ns } = armTimes(settings);
  const boundary_ns = (index: number) => warmUp_ns + Math.round((index * measured_ns) / blocks);
  return { arm, block, from_ns: boundary_ns(block), to_ns: boundary_ns(block + 1), measured: true };
}

/** Length of an arm's unmeasured phases, which come first, and of its measured ones. */
export function armTimes(arm: Arm): { warmUp_ns: number; measured_ns: number } {
  let warmUp_ns = 0;
  let measured_ns = 0;
  for (const { duration_ns, measured } of arm.phases) {
    if (measured) measured_ns += duration_ns;
    else warmUp_ns += duration_ns;
  }
  return { warmUp_ns, measured_ns };
}
