import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { siblingModule } from '../std/module.ts';
import { Asker } from '../std/rpc.ts';
import type { KmsSample, ServerSpecification, StoreSample } from './types.ts';

/** A server of the embedded system that runs in a process of its own. */
export interface ServerProcess<Sample> {
  url: string;
  pid: number;
  sample(): Promise<Sample>;
  /** Duration of the store's KMS calls (base64 HdrHistogram V2, ns); null for a KMS. */
  kmsTimes(): Promise<string | null>;
  /** Zeroes the counters, CPU included. */
  reset(): Promise<void>;
  /** Forgets every cached key. */
  wipe(): Promise<void>;
  /** Stops and restarts the server's cache and lifecycle clock. */
  pause(): Promise<void>;
  resume(): Promise<void>;
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
  const child = fork(fileURLToPath(siblingModule(import.meta.url, './process')), {
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const asker = new Asker((question) => child.send(question));
  child.on('message', (message) => asker.receive(message));
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.once('exit', (code, signal) =>
    asker.close(new Error(`the embedded ${specification.role} ended (${signal ?? `exit ${code}`})`)),
  );
  const stop = async (): Promise<void> => {
    asker.ask('stop').catch(() => {});
    const impatience = setTimeout(() => child.kill('SIGKILL'), STOP_PATIENCE_MS);
    await gone;
    clearTimeout(impatience);
  };
  try {
    const url = await asker.ask<string>('start', specification);
    return {
      url,
      pid: child.pid!,
      sample: () => asker.ask('sample'),
      kmsTimes: () => asker.ask('kmsTimes'),
      reset: () => asker.ask('reset'),
      wipe: () => asker.ask('wipe'),
      pause: () => asker.ask('pause'),
      resume: () => asker.ask('resume'),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
