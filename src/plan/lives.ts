import { uniformAt } from '../std/random.ts';
import type { Arm } from '../workload/workload.ts';
import { STREAMS } from './streams.ts';

/** How many operations connection number `life` (0, 1, …) of a slot carries. @param slot caller × perCaller + connection */
export type Lives = (slot: number, life: number) => number;

/** A pure function of (seed, slot, life); Infinity where kept connections carry all there are. */
export function createLives({ connections: { operations } }: Pick<Arm, 'connections'>, seed: number): Lives {
  if (operations === undefined) return () => Number.POSITIVE_INFINITY;
  const { min, max } = operations;
  return (slot, life) => min + Math.floor(uniformAt(seed, STREAMS.life, slot, life) * (max - min + 1));
}
