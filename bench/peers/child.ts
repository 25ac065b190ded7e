import { answerParent, type Child, startChild as start } from '../../src/std/child.ts';
import { siblingModule } from '../../src/std/module.ts';
import type { Answers } from '../../src/std/rpc.ts';

/** A server or a client under test. */
export interface Peer extends Pick<Child, 'ask'> {
  stop(): Promise<void>;
}

/** @param module beside this one, without its extension */
export function startChild(module: string): Peer {
  const child = start(siblingModule(import.meta.url, module), module);
  return {
    ask: child.ask,
    stop: async () => {
      child.disconnect();
      await child.gone;
    },
  };
}

/** The child's side: answers its parent, and ends when that lets go. */
export function serveParent(answers: Answers): void {
  process.on('disconnect', () => process.exit());
  answerParent(answers);
}

/** CPU of this process since it started, all threads. */
export function processCpu_us(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
