import type { KmsCounters } from './types.ts';

type RequestCounters = Pick<KmsCounters, 'calls' | 'throttled' | 'failed'>;

/** Counts every request for an operation, those of AWS owned keys and those that never reached it included. */
export class RequestLog {
  #calls: Record<string, number> = {};
  #throttled = 0;
  #failed = 0;

  received(operation: string): void {
    this.#calls[operation] = (this.#calls[operation] ?? 0) + 1;
  }

  failed(code: string): void {
    this.#failed++;
    if (code === 'ThrottlingException') this.#throttled++;
  }

  counters(): RequestCounters {
    return { calls: { ...this.#calls }, throttled: this.#throttled, failed: this.#failed };
  }

  reset(): void {
    this.#calls = {};
    this.#throttled = 0;
    this.#failed = 0;
  }
}
