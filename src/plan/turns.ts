import { createRandom, shuffled } from '../std/random.ts';
import type { Arm, Workload } from '../workload/types.ts';
import { STREAMS } from './streams.ts';
import type { Turn } from './types.ts';

/** The block of warm-up turns. */
export const WARM_UP_BLOCK = -1;

/**
 * Who plays when: the warm-up turn of each arm that has one, then blocks in which each arm plays one turn, in an order
 * shuffled anew for each block, so that what drifts on the machine hits all arms alike. An arm's measured time, or its
 * measured operations, are cut evenly into the blocks.
 */
export function planTurns(workload: Workload): Turn[] {
  const { arms, seed, compare } = workload;
  const random = createRandom(seed, STREAMS.turns);
  const order = arms.map((_, index) => index);
  const turns: Turn[] = [];
  for (const arm of order) turns.push(...warmUpTurns(arms[arm]!, arm));
  for (let block = 0; block < compare.blocks; block++) {
    for (const arm of shuffled(order, random))
      turns.push(measuredTurn(arms[arm]!, arm, block, compare.blocks));
  }
  return turns;
}

/** One turn for all that goes by time, and one for all that goes by count. */
function warmUpTurns(settings: Arm, arm: number): Turn[] {
  const { warmUp } = armTimes(settings);
  const turn = { arm, block: WARM_UP_BLOCK, from_ns: 0, measured: false };
  const turns: Turn[] = [];
  if (warmUp.duration_ns > 0) turns.push({ ...turn, to_ns: warmUp.duration_ns });
  if (warmUp.operations > 0) {
    turns.push({ ...turn, from_ns: warmUp.duration_ns, to_ns: null, operations: warmUp.operations });
  }
  return turns;
}

function measuredTurn(settings: Arm, arm: number, block: number, blocks: number): Turn {
  const { warmUp, measured } = armTimes(settings);
  const boundary = (whole: number, index: number) => Math.round((index * whole) / blocks);
  if (measured.operations > 0) {
    const operations = boundary(measured.operations, block + 1) - boundary(measured.operations, block);
    return { arm, block, from_ns: warmUp.duration_ns, to_ns: null, operations, measured: true };
  }
  const boundary_ns = (index: number) => warmUp.duration_ns + boundary(measured.duration_ns, index);
  return {
    arm,
    block,
    from_ns: boundary_ns(block),
    to_ns: boundary_ns(block + 1),
    measured: true,
  };
}

/** What an arm's phases come to: time, and beside it operations that take as long as they take. */
export interface Extent {
  duration_ns: number;
  operations: number;
}

/** Of an arm's unmeasured phases, which come first, and of its measured ones. */
export function armTimes(arm: Arm): { warmUp: Extent; measured: Extent } {
  const warmUp = { duration_ns: 0, operations: 0 };
  const measured = { duration_ns: 0, operations: 0 };
  for (const phase of arm.phases) {
    const extent = phase.measured ? measured : warmUp;
    if (phase.duration_ns === null) extent.operations += phase.operations ?? 0;
    else extent.duration_ns += phase.duration_ns;
  }
  return { warmUp, measured };
}
