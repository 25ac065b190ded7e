import { noCounters } from './counters.ts';
import type { Driver, DriverCounters, Failure } from './types.ts';

/** Does nothing, at once: what is left in its figures is the load generator itself. */
export class NoopDriver implements Driver {
  async open(): Promise<void> {}

  perform(): Failure {
    return undefined;
  }

  abandon(): void {}

  takeCounters(): DriverCounters {
    return noCounters();
  }

  async close(): Promise<void> {}
}
