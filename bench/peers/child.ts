import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { siblingModule } from '../../src/std/module.ts';
import { type Answers, Asker, answer } from '../../src/std/rpc.ts';

/** A server or a client under test in a process of its own, so that its CPU can be told from everybody else's. */
export interface Child {
  ask<Value>(question: string, argument?: unknown): Promise<Value>;
  stop(): Promise<void>;
}

/** @param module beside this one, without its extension */
export function startChild(module: string): Child {
  const child = fork(fileURLToPath(siblingModule(import.meta.url, module)), {
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const asker = new Asker((question) => child.send(question));
  child.on('message', (message) => asker.receive(message));
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.once('exit', (code, signal) =>
    asker.close(new Error(`${module} ended (${signal ?? `exit ${code}`})`)),
  );
  return {
    ask: (question, argument) => asker.ask(question, argument),
    stop: async () => {
      if (child.connected) child.disconnect();
      await gone;
    },
  };
}

/** The child's side: answers its parent, and ends when that lets go. */
export function serveParent(answers: Answers): void {
  process.on('disconnect', () => process.exit());
  process.on('message', (message) => {
    void answer(answers, message, (reply) => {
      if (process.connected) process.send!(reply);
    });
  });
}

/** CPU of this process since it started, all threads. */
export function processCpu_us(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
