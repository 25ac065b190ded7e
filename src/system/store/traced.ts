/** What a traced request goes through in place of the plain thing: the same, with a stopwatch. Others pay nothing. */
import { realClock } from '../../std/clock.ts';
import type { ItemKeys, Part } from '../envelope/envelope.ts';
import type { RequestTrace } from '../wire/types.ts';
import type { Engine, EngineRecord, RecordReader, Transaction } from './engine/engine.ts';

type Share = 'kms_ns' | 'crypto_ns' | 'storage_ns';

/** Waits, and puts the time down to a share. */
export async function timedWait<Result>(
  trace: RequestTrace,
  share: Share,
  result: Promise<Result>,
): Promise<Result> {
  const start_ns = realClock.now_ns();
  try {
    return await result;
  } finally {
    trace[share] += realClock.now_ns() - start_ns;
  }
}

function timed<Result>(trace: RequestTrace, share: Share, action: () => Result): Result {
  const start_ns = realClock.now_ns();
  try {
    return action();
  } finally {
    trace[share] += realClock.now_ns() - start_ns;
  }
}

export class TracedKeys implements ItemKeys {
  readonly tableId: string;
  readonly encrypted: boolean;
  readonly #keys: ItemKeys;
  readonly #trace: RequestTrace;

  constructor(keys: ItemKeys, trace: RequestTrace) {
    this.tableId = keys.tableId;
    this.encrypted = keys.encrypted;
    this.#keys = keys;
    this.#trace = trace;
  }

  locator(parts: readonly Part[]): Buffer {
    return timed(this.#trace, 'crypto_ns', () => this.#keys.locator(parts));
  }

  seal(structure: string, dataKeyId: number, aad: Uint8Array, plaintext: string | Uint8Array): Buffer {
    return timed(this.#trace, 'crypto_ns', () => this.#keys.seal(structure, dataKeyId, aad, plaintext));
  }

  open(structure: string, aad: Uint8Array, sealed: Uint8Array): Buffer {
    return timed(this.#trace, 'crypto_ns', () => this.#keys.open(structure, aad, sealed));
  }

  hold(): void {
    this.#keys.hold();
  }

  release(): void {
    this.#keys.release();
  }

  wipe(): void {
    this.#keys.wipe();
  }
}

export function tracedReader(reader: RecordReader, trace: RequestTrace): RecordReader {
  return { get: (key) => timed(trace, 'storage_ns', () => reader.get(key)) };
}

function tracedTransaction(transaction: Transaction, trace: RequestTrace): Transaction {
  return {
    get: (key) => timed(trace, 'storage_ns', () => transaction.get(key)),
    put: (key, value) => timed(trace, 'storage_ns', () => transaction.put(key, value)),
    remove: (key) => timed(trace, 'storage_ns', () => transaction.remove(key)),
  };
}

export function* tracedRange(
  records: Iterable<EngineRecord>,
  trace: RequestTrace,
): Generator<EngineRecord, void> {
  const iterator = timed(trace, 'storage_ns', () => records[Symbol.iterator]());
  try {
    for (;;) {
      const next = timed(trace, 'storage_ns', () => iterator.next());
      if (next.done) return;
      yield next.value;
    }
  } finally {
    iterator.return?.();
  }
}

/** All of a write but the change itself: waiting for its turn, and for its commit. */
export function tracedWrite(write: Engine['write'], trace: RequestTrace): Engine['write'] {
  return async (change) => {
    let start_ns = realClock.now_ns();
    const pass = (now_ns: number): void => {
      trace.storage_ns += now_ns - start_ns;
    };
    try {
      return await write((transaction) => {
        pass(realClock.now_ns());
        try {
          return change(tracedTransaction(transaction, trace));
        } finally {
          start_ns = realClock.now_ns();
        }
      });
    } finally {
      pass(realClock.now_ns());
    }
  };
}
