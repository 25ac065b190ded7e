import { startChild } from '../std/child.ts';
import { siblingModule } from '../std/module.ts';
import { advanceTogether, type TimeTraveller } from '../std/schedule.ts';
import type { KmsFault } from './kms/kms.ts';
import type { KmsSample, ServerSpecification, StoreSample } from './types.ts';

/** A server of the embedded system that runs in a process of its own. */
export interface ServerProcess<Sample> extends TimeTraveller {
  url: string;
  pid: number;
  /** How the process ended; undefined while it runs. */
  readonly ended: string | undefined;
  sample(): Promise<Sample>;
  /** Duration of the store's KMS calls (base64 HdrHistogram V2, ns); null for a KMS. */
  kmsTimes(): Promise<string | null>;
  /** Zeroes the counters, CPU included. */
  reset(): Promise<void>;
  /** Forgets every cached key. */
  wipe(): Promise<void>;
  /** Of a KMS, by its own clock; a store has none. */
  fault(fault: KmsFault): Promise<void>;
  /** Stops and restarts the server's cache and lifecycle clock. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /**
   * Moves the server's cache and lifecycle clock ahead, and does all that falls due on the way, in its order. Servers
   * that work together move together: `advanceTogether([kms, store], duration_ms)`.
   */
  advance(duration_ms: number): Promise<void>;
  stop(): Promise<void>;
}

const STOP_PATIENCE_MS = 5_000;

/** Starts a server and waits until it listens. @throws InputError for a port in use or an unusable directory */
export function launch(
  specification: ServerSpecification & { role: 'kms' },
): Promise<ServerProcess<KmsSample>>;
export function launch(
  specification: ServerSpecification & { role: 'store' },
): Promise<ServerProcess<StoreSample>>;
export async function launch(
  specification: ServerSpecification,
): Promise<ServerProcess<KmsSample | StoreSample>> {
  const module = siblingModule(import.meta.url, './process');
  const child = startChild(module, `the embedded ${specification.role}`);
  const stop = async (): Promise<void> => {
    child.ask('stop').catch(() => {});
    const impatience = setTimeout(() => child.kill(), STOP_PATIENCE_MS);
    await child.gone;
    clearTimeout(impatience);
  };
  const time: TimeTraveller = {
    untilDue_ms: () => child.ask('untilDue_ms'),
    step: (duration_ms, quiet_ms) => child.ask('step', { duration_ms, quiet_ms }),
  };
  try {
    const url = await child.ask<string>('start', specification);
    return {
      url,
      pid: child.pid,
      get ended() {
        return child.ended;
      },
      sample: () => child.ask('sample'),
      kmsTimes: () => child.ask('kmsTimes'),
      reset: () => child.ask('reset'),
      wipe: () => child.ask('wipe'),
      fault: (fault) => child.ask('fault', fault),
      pause: () => child.ask('pause'),
      resume: () => child.ask('resume'),
      ...time,
      advance: (duration_ms) => advanceTogether([time], duration_ms),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
