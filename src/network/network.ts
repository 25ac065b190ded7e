/** An emulated network: a TCP relay that keeps every byte for as long as it would have been under way. */
import { startChild } from '../std/child.ts';
import { siblingModule } from '../std/module.ts';
import type { Relay, RelayOptions } from './types.ts';

export type { Relay, RelayOptions } from './types.ts';

const STOP_PATIENCE_MS = 5_000;

/** Starts a relay, in a process of its own so that its CPU is nobody else's, and waits until it listens. */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const child = startChild(siblingModule(import.meta.url, './process'), 'the emulated network');
  const stop = async (): Promise<void> => {
    child.ask('stop').catch(() => {});
    const impatience = setTimeout(() => child.kill(), STOP_PATIENCE_MS);
    await child.gone;
    clearTimeout(impatience);
  };
  try {
    return { host: '127.0.0.1', port: await child.ask<number>('start', options), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
