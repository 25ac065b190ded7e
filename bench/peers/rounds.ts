import { pairedRatio } from '../../src/compare/compare.ts';
import { type Random, shuffled } from '../../src/std/random.ts';
import type { Ratio, Rounds } from './types.ts';

const CONFIDENCE = 0.95;

/** Plays one turn of so many milliseconds. */
export type Play<Turn> = (turn_ms: number) => Promise<Turn>;

/**
 * Everybody's turns, interleaved so that what slows the machine slows all alike: in each round the players have a turn
 * in shuffled order, and then another in the reverse of it. A round's two turns are added up.
 *
 * @returns by player, one sum a round
 */
export async function playRounds<Name extends string, Turn extends Record<keyof Turn, number>>(
  players: Readonly<Record<Name, Play<Turn>>>,
  { rounds, turn_ms, warmUp_ms }: Rounds,
  random: Random,
): Promise<Record<Name, Turn[]>> {
  const names = Object.keys(players) as Name[];
  const turns = Object.fromEntries(names.map((name) => [name, [] as Turn[]])) as Record<Name, Turn[]>;
  for (const name of names) await players[name](warmUp_ms);
  for (let round = 0; round < rounds; round++) {
    const order = shuffled(names, random);
    const first = new Map<Name, Turn>();
    for (const name of order) first.set(name, await players[name](turn_ms));
    for (const name of order.toReversed())
      turns[name].push(sum(first.get(name)!, await players[name](turn_ms)));
  }
  return turns;
}

/** Ours over the peer's, from the rounds of each. */
export function ratioOf<Turn>(
  ours: readonly Turn[],
  peer: readonly Turn[],
  figure: (turn: Turn) => number,
): Ratio {
  return pairedRatio(peer.map(figure), ours.map(figure), CONFIDENCE);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function sum<Turn extends Record<keyof Turn, number>>(a: Turn, b: Turn): Turn {
  const keys = Object.keys(a) as (keyof Turn)[];
  return Object.fromEntries(keys.map((key) => [key, a[key] + b[key]])) as Turn;
}
