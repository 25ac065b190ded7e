import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Answers, Asker, answer } from './rpc.ts';

/** A module in a process of its own, so that its CPU can be told from everybody else's. */
export interface Child {
  pid: number;
  /** How it ended, such as `the embedded store ended (SIGKILL)`; undefined while it runs. */
  readonly ended: string | undefined;
  /** @throws what the child's answer threw, or that the child has ended */
  ask<Value>(question: string, argument?: unknown): Promise<Value>;
  /** Resolves once the process has ended. */
  gone: Promise<void>;
  /** Lets the process go: it ends when its parent has. */
  disconnect(): void;
  kill(): void;
}

/** @param name for the error of whoever still waits for an answer when it ends */
export function startChild(module: URL, name: string): Child {
  const child = fork(fileURLToPath(module), {
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  let ended: string | undefined;
  // A child may be gone before its exit is known here: whoever asks learns of it with the exit.
  const asker = new Asker((question) => child.send(question, () => {}));
  child.on('message', (message) => asker.receive(message));
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.once('exit', (code, signal) => {
    ended = `${name} ended (${signal ?? `exit ${code}`})`;
    asker.close(new Error(ended));
  });
  return {
    pid: child.pid!,
    get ended() {
      return ended;
    },
    ask: (question, argument) => asker.ask(question, argument),
    gone,
    disconnect: () => {
      if (child.connected) child.disconnect();
    },
    kill: () => child.kill('SIGKILL'),
  };
}

/** The child's side: answers its parent. */
export function answerParent(answers: Answers): void {
  process.on('message', (message) => {
    void answer(answers, message, (reply) => {
      if (process.connected) process.send!(reply);
    });
  });
}
