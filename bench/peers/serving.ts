/** The store's server beside dynalite: requests per second, and server CPU per request. */

import { format } from '../../src/report/report.ts';
import { createRandom } from '../../src/std/random.ts';
import type { Testbed } from '../../src/testbed/testbed.ts';
import { openTestbed } from '../../src/testbed/testbed.ts';
import { type Arm, OPERATION_KINDS, type OperationKind, parseWorkload } from '../../src/workload/workload.ts';
import { type Peer, startChild } from './child.ts';
import { median, type Play, playRounds, ratioOf } from './rounds.ts';
import { atLeast, beside, type Figures } from './targets.ts';
import type { ClientTurn, Effort, Finding, LaneArm, Ratio, ServedTurn } from './types.ts';

const SEED = 1;
export const CONNECTIONS = 10;

/** Ours without and with signatures, and dynalite: the same table, the same keys in the same order. */
export function servingArms(dynaliteUrl: string): Arm[] {
  const workload = {
    name: 'peers',
    driver: 'http',
    connections: { mode: 'keep-alive', perCaller: CONNECTIONS },
    sign: false,
    table: { items: 1000, itemBytes: 1024 },
    operations: { get: 1 },
    keys: { popularity: 'uniform' },
    arrivals: { loop: 'closed', concurrency: CONNECTIONS },
    phases: [{ name: 'steady', for: '1h' }],
    arms: {
      unsigned: { connections: { tls: false } },
      signed: { connections: { tls: false }, sign: true },
      dynalite: { target: dynaliteUrl, table: { encryption: 'aws-owned' } },
    },
  };
  return parseWorkload(JSON.stringify(workload), 'bench/peers/serving.ts').arms;
}

export async function findServing(effort: Effort): Promise<Finding[]> {
  const dynalite = startChild('./dynalite');
  const client = startChild('./lane-client');
  try {
    const arms = servingArms(await dynalite.ask<string>('listen'));
    // dynalite wants to see a signature, whosever it is.
    process.env.AWS_ACCESS_KEY_ID ??= 'peers';
    process.env.AWS_SECRET_ACCESS_KEY ??= 'peers';
    const testbed = await openTestbed(arms);
    try {
      return findings(await playAll(arms, testbed, client, dynalite, effort));
    } finally {
      await client.stop();
      await testbed.close();
    }
  } finally {
    await Promise.all([client.stop(), dynalite.stop()]);
  }
}

type Player = 'get' | 'getSigned' | 'getDynalite' | 'put' | 'putDynalite';

const NO_OPERATIONS = Object.fromEntries(OPERATION_KINDS.map((kind) => [kind, 0])) as Arm['operations'];

async function playAll(
  arms: readonly Arm[],
  testbed: Testbed,
  client: Peer,
  dynalite: Peer,
  { reading, writing }: Effort,
): Promise<Record<Player, ServedTurn[]>> {
  const player = async (index: number, kind: OperationKind): Promise<Play<ServedTurn>> => {
    const bed = testbed.arms[index]!;
    const operations = { ...NO_OPERATIONS, [kind]: 1 };
    const arm: LaneArm = { arm: { ...arms[index]!, operations }, target: bed.target, seed: SEED };
    const cpu_us = async () => (await bed.sample()).store?.cpu_us ?? dynalite.ask<number>('cpu_us');
    await bed.resume();
    const lane = await client.ask<number>('open', arm);
    return async (turn_ms) => {
      const before_us = await cpu_us();
      const turn = await client.ask<ClientTurn>('play', { lane, turn_ms });
      return { ...turn, server_cpu_us: (await cpu_us()) - before_us };
    };
  };
  const readers = {
    get: await player(0, 'get'),
    getSigned: await player(1, 'get'),
    getDynalite: await player(2, 'get'),
  };
  const writers = { put: await player(0, 'put'), putDynalite: await player(2, 'put') };
  // Apart: LMDB takes over what was written when the turn of writing may be over.
  const read = await playRounds(readers, reading, createRandom(SEED));
  return { ...read, ...(await playRounds(writers, writing, createRandom(SEED))) };
}

function findings(turns: Record<Player, ServedTurn[]>): Finding[] {
  const { get, getSigned, getDynalite, put, putDynalite } = turns;
  return [
    atLeast(2, rates(get, getDynalite), rateFigures('GetItem, encrypted', get, getDynalite)),
    beside(cpus(get, getDynalite), cpuFigures('its server CPU', get, getDynalite)),
    atLeast(
      1.5,
      rates(getSigned, getDynalite),
      rateFigures('GetItem, encrypted, signatures verified', getSigned, getDynalite),
    ),
    beside(cpus(getSigned, getDynalite), cpuFigures('its server CPU', getSigned, getDynalite)),
    atLeast(1, rates(put, putDynalite), rateFigures('PutItem, encrypted, flushed to disk', put, putDynalite)),
    beside(cpus(put, putDynalite), cpuFigures('its server CPU', put, putDynalite)),
  ];
}

const rate_per_s = ({ requests, elapsed_ns }: ServedTurn) => (requests * 1e9) / elapsed_ns;
const serverCpu_ns = ({ requests, server_cpu_us }: ServedTurn) => (server_cpu_us * 1e3) / requests;

function rates(ours: readonly ServedTurn[], peer: readonly ServedTurn[]): Ratio {
  return ratioOf(ours, peer, rate_per_s);
}

function cpus(ours: readonly ServedTurn[], peer: readonly ServedTurn[]): Ratio {
  return ratioOf(ours, peer, serverCpu_ns);
}

function rateFigures(what: string, ours: readonly ServedTurn[], peer: readonly ServedTurn[]): Figures {
  const text = (turns: readonly ServedTurn[]) => format.rate(median(turns.map(rate_per_s)));
  return { what, ours: text(ours), peer: `${text(peer)} dynalite` };
}

function cpuFigures(what: string, ours: readonly ServedTurn[], peer: readonly ServedTurn[]): Figures {
  const text = (turns: readonly ServedTurn[]) => format.duration(median(turns.map(serverCpu_ns)));
  return { what, ours: text(ours), peer: `${text(peer)} dynalite` };
}
