import type { Wipeable } from '../../../src/system/keycache/keycache.ts';

/** A cache entry that counts how often it is wiped. */
export class Secret implements Wipeable {
  readonly id: number;
  wipes = 0;

  constructor(id: number) {
    this.id = id;
  }

  wipe(): void {
    this.wipes++;
  }
}

export interface Deferred<T> {
  promise: Promise<T>;
  resolve(value: T): void;
  reject(error: Error): void;
}

export function deferred<T>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}
