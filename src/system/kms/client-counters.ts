import type { KmsClientCounters } from './types.ts';

function zero(): KmsClientCounters {
  return {
    attempts: {},
    retries: {},
    throttled: 0,
    failed: 0,
    connections_opened: 0,
    time_ns: { count: 0, total: 0, min: 0, max: 0 },
  };
}

export class ClientCounters {
  #values = zero();

  attempted(operation: string, isRetry: boolean): void {
    const { attempts, retries } = this.#values;
    attempts[operation] = (attempts[operation] ?? 0) + 1;
    if (isRetry) retries[operation] = (retries[operation] ?? 0) + 1;
  }

  throttled(): void {
    this.#values.throttled++;
  }

  failed(): void {
    this.#values.failed++;
  }

  connectionOpened(): void {
    this.#values.connections_opened++;
  }

  finished(duration_ns: number): void {
    const time = this.#values.time_ns;
    time.min = time.count === 0 ? duration_ns : Math.min(time.min, duration_ns);
    time.max = Math.max(time.max, duration_ns);
    time.count++;
    time.total += duration_ns;
  }

  values(): KmsClientCounters {
    return structuredClone(this.#values);
  }

  reset(): void {
    this.#values = zero();
  }
}
