import { startChild } from '../std/child.ts';
import { siblingModule } from '../std/module.ts';
import type { Behaviour, ServerLog } from './types.ts';

/** A server whose answer is known, in another process. */
export interface RemoteServer {
  url: string;
  /** A new stretch of its log. */
  begin(): Promise<void>;
  log(): Promise<ServerLog>;
  close(): Promise<void>;
}

export interface Servers {
  open(behaviour: Behaviour): Promise<RemoteServer>;
  /** CPU of their process since it started. */
  cpu_us(): Promise<number>;
  /** A loopback port of theirs that sends back what it gets. */
  echoPort(): Promise<number>;
  /** Ends their process. */
  close(): Promise<void>;
}

export function startServers(): Servers {
  const child = startChild(siblingModule(import.meta.url, './process'), 'the servers of the selftest');
  return {
    open: async (behaviour) => {
      const url = await child.ask<string>('open', behaviour);
      return {
        url,
        begin: () => child.ask('begin', url),
        log: () => child.ask('log', url),
        close: () => child.ask('close', url),
      };
    },
    cpu_us: () => child.ask('cpu_us'),
    echoPort: () => child.ask('echoPort'),
    close: async () => {
      child.disconnect();
      await child.gone;
    },
  };
}
