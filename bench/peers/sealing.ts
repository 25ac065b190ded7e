/** Sealing and opening an item: ours, bare node:crypto, the AWS Encryption SDK. */
import { format } from '../../src/report/report.ts';
import { createRandom } from '../../src/std/random.ts';
import { startChild } from './child.ts';
import { median, type Play, playRounds, ratioOf } from './rounds.ts';
import { atLeast } from './targets.ts';
import type { Effort, Finding, Sealer, SealTurn } from './types.ts';

const SEED = 1;
const WHAT = 'seal + open 1 KiB';

export async function findSealing({ sealing }: Effort): Promise<Finding[]> {
  const children = { own: startChild('./sealer'), bare: startChild('./sealer'), sdk: startChild('./sealer') };
  const player =
    (sealer: Sealer): Play<SealTurn> =>
    (turn_ms) =>
      children[sealer].ask<SealTurn>('play', { sealer, turn_ms });
  try {
    const players = { own: player('own'), bare: player('bare'), sdk: player('sdk') };
    return findings(await playRounds(players, sealing, createRandom(SEED)));
  } finally {
    await Promise.all(Object.values(children).map((child) => child.stop()));
  }
}

function findings({ own, bare, sdk }: Record<Sealer, SealTurn[]>): Finding[] {
  const rate_per_s = ({ operations, elapsed_ns }: SealTurn) => (operations * 1e9) / elapsed_ns;
  const text = (turns: readonly SealTurn[]) => format.rate(median(turns.map(rate_per_s)));
  return [
    atLeast(100, ratioOf(own, sdk, rate_per_s), {
      what: WHAT,
      ours: text(own),
      peer: `${text(sdk)} AWS Encryption SDK, materials cached`,
    }),
    atLeast(0.7, ratioOf(own, bare, rate_per_s), {
      what: WHAT,
      ours: text(own),
      peer: `${text(bare)} bare node:crypto`,
    }),
  ];
}
