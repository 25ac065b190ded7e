/**
 * Questions and answers over any message channel (a child process, a thread): one typed protocol for both, so that
 * an error on the far side is an error here.
 */
import { InputError, type Problem } from './errors.ts';

interface Question {
  id: number;
  ask: string;
  argument: unknown;
}

type Answer = { id: number; value: unknown } | { id: number; error: RemoteFailure };

interface RemoteFailure {
  message: string;
  code?: string;
  problems?: readonly Problem[];
}

/** What answers on the far side: a function for each question. */
export type Answers = Readonly<Record<string, (argument: never) => unknown>>;

/** Asks over a channel. `close` rejects what is still unanswered. */
export class Asker {
  readonly #send: (question: Question) => void;
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  #nextId = 0;
  #closed: Error | undefined;

  constructor(send: (question: Question) => void) {
    this.#send = send;
  }

  ask<Value>(ask: string, argument?: unknown): Promise<Value> {
    if (this.#closed) return Promise.reject(this.#closed);
    const id = this.#nextId++;
    return new Promise<Value>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#send({ id, ask, argument });
    });
  }

  /** Hand every incoming message here; true when it was an answer. */
  receive(message: unknown): boolean {
    const answer = message as Answer;
    const waiting = this.#waiting.get(answer?.id);
    if (!waiting) return false;
    this.#waiting.delete(answer.id);
    if ('error' in answer) waiting.reject(revive(answer.error));
    else waiting.resolve(answer.value);
    return true;
  }

  close(reason: Error): void {
    this.#closed ??= reason;
    for (const { reject } of this.#waiting.values()) reject(reason);
    this.#waiting.clear();
  }
}

/** Answers one incoming question; never throws. */
export async function answer(
  answers: Answers,
  message: unknown,
  send: (answer: Answer) => void,
): Promise<void> {
  const { id, ask, argument } = message as Question;
  try {
    const handler = answers[ask];
    if (!handler) throw new Error(`no answer to '${ask}'`);
    send({ id, value: await handler(argument as never) });
  } catch (error) {
    send({ id, error: describe(error) });
  }
}

function describe(error: unknown): RemoteFailure {
  if (error instanceof InputError)
    return { message: error.message, code: error.code, problems: error.problems };
  return { message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

function revive(failure: RemoteFailure): Error {
  if (failure.problems && failure.code) return new InputError(failure.code, failure.problems);
  return new Error(failure.message);
}
