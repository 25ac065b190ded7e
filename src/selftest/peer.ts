import { startChild } from '../std/child.ts';
import { siblingModule } from '../std/module.ts';
import type { Servers } from './servers.ts';
import type { Experiment, PeerFigures, PeerOutcome } from './types.ts';

/** What autocannon's process is asked. */
export interface PeerQuestion {
  url: string;
  options: Readonly<Record<string, number>>;
  stopAfter_ms?: number;
}

/** autocannon's own answers about the same server, in a process of its own; undefined where it is not asked, or no longer. */
export async function askPeer(
  { behaviour, peer }: Experiment,
  servers: Servers,
  stopped: Promise<void>,
): Promise<PeerFigures | undefined> {
  if (behaviour === null || peer === undefined) return undefined;
  const server = await servers.open(behaviour);
  const child = startChild(siblingModule(import.meta.url, './peer-process'), 'autocannon');
  try {
    const { options, stopAfter_ms } = peer;
    await server.begin();
    const question: PeerQuestion = { url: server.url, options, stopAfter_ms };
    const asked = child.ask<PeerOutcome>('measure', question);
    const outcome = await Promise.race([asked, stopped.then(() => undefined)]);
    return outcome && peer.figures(outcome, await server.log());
  } finally {
    // Stopped early, its workers would go on.
    child.kill();
    await child.gone;
    await server.close();
  }
}
