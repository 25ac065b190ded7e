import { type ConnectionCounters, noConnections } from '../recording/recording.ts';
import type { Driver, Outcome } from './types.ts';

/** Does nothing, at once: what is left in its figures is the load generator itself. */
export class NoopDriver implements Driver {
  async open(): Promise<void> {}

  perform(): Outcome {
    return undefined;
  }

  abandon(): void {}

  takeCounters(): ConnectionCounters {
    return noConnections();
  }

  async close(): Promise<void> {}
}
