/** What a run is measured against: embedded servers started for it, or an endpoint that is there already. */
import type { ArmTarget } from '../drivers/drivers.ts';
import { type Relay, startRelay } from '../network/network.ts';
import { endpointOf } from '../system/system.ts';
import { type Arm, tableNames, traitsOf } from '../workload/workload.ts';
import { openEmbedded } from './embedded.ts';
import { openEndpoint } from './endpoint.ts';
import type { ArmTestbed, Testbed } from './types.ts';

export { type EventTurn, playEvents } from './event-player.ts';
export type * from './types.ts';

/** @throws InputError for a target that doesn't answer, refuses its credentials, or already has such a table */
export async function openTestbed(arms: readonly Arm[]): Promise<Testbed> {
  const kinds: [(arm: Arm) => boolean, (arms: readonly Arm[]) => Promise<Testbed>][] = [
    [(arm) => traitsOf(arm).needs === 'nothing', openNothing],
    [(arm) => traitsOf(arm).needs !== 'nothing' && arm.target === 'embedded', openEmbedded],
    [(arm) => traitsOf(arm).needs !== 'nothing' && arm.target !== 'embedded', openEndpoint],
  ];
  const beds = new Map<Arm, ArmTestbed>();
  const opened: Testbed[] = [];
  const relays: Relay[] = [];
  const close = async (): Promise<void> => {
    await Promise.allSettled(relays.map((relay) => relay.stop()));
    await Promise.allSettled(opened.map((testbed) => testbed.close()));
  };
  try {
    for (const [belongs, open] of kinds) {
      const own = arms.filter(belongs);
      if (own.length === 0) continue;
      const testbed = await open(own);
      opened.push(testbed);
      for (const [index, arm] of own.entries()) beds.set(arm, testbed.arms[index]!);
    }
    for (const [arm, { target }] of beds) relays.push(...(await emulateNetwork(arm, target)));
  } catch (error) {
    await close();
    throw error;
  }
  return { arms: arms.map((arm) => beds.get(arm)!), close };
}

/** Leads the arm's way to its target through the network that it asks for. @returns what is to be stopped */
export async function emulateNetwork({ network }: Arm, target: ArmTarget): Promise<Relay[]> {
  if (network.rtt_ns === 0) return [];
  const { host, port } = endpointOf(target.url);
  const relay = await startRelay({ host, port, rtt_ns: network.rtt_ns });
  target.via = { host: relay.host, port: relay.port };
  return [relay];
}

/** The `noop` driver asks nothing of anybody. */
async function openNothing(arms: readonly Arm[]): Promise<Testbed> {
  return {
    arms: arms.map((arm) => ({
      target: { url: '', region: arm.system.kms.region, tables: tableNames(arm.table), callers: [] },
      resume: async () => {},
      pause: async () => {},
      sample: async () => ({ store: null, kms: null }),
      kmsTimes: async () => null,
    })),
    close: async () => {},
  };
}
