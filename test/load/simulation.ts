import type { Driver, Outcome } from '../../src/drivers/drivers.ts';
import type { Pacer } from '../../src/load/load.ts';
import type { PlannedOperation } from '../../src/plan/plan.ts';
import { type ConnectionCounters, noConnections } from '../../src/recording/recording.ts';
import type { Clock } from '../../src/std/clock.ts';

/** Simulated time: whatever waits is woken in the order of its time, and nothing takes any time by itself. */
export class Simulation {
  #now_ns = 0;
  readonly clock: Clock = { now_ns: () => this.#now_ns, wall_ms: () => this.#now_ns / 1e6 };
  readonly pacer: Pacer = {
    wait: (until_ns) => this.at(until_ns),
    wake: () => {},
    cpu_us: () => 0,
    close: async () => {},
  };
  #events: { at_ns: number; resolve: () => void }[] = [];

  at(at_ns: number): Promise<void> {
    if (at_ns <= this.#now_ns) return Promise.resolve();
    return new Promise((resolve) => {
      this.#events.push({ at_ns, resolve });
    });
  }

  /** Plays events until `done` settles. */
  async run<Value>(done: Promise<Value>): Promise<Value> {
    let settled = false;
    const mark = (): void => {
      settled = true;
    };
    done.then(mark, mark);
    for (;;) {
      // Two turns of the event loop: the lane gives one away after a burst of operations.
      for (let i = 0; i < 2; i++) await new Promise((resolve) => setImmediate(resolve));
      if (settled) return done;
      this.#events.sort((a, b) => a.at_ns - b.at_ns);
      const next = this.#events.shift();
      if (!next) throw new Error('everything waits and nothing will ever happen');
      this.#now_ns = next.at_ns;
      next.resolve();
    }
  }
}

/** A driver whose operations take as long as a function says, `Infinity` for ever. */
export class SimulatedDriver implements Driver {
  readonly performed: { operation: PlannedOperation; at_ns: number }[] = [];
  readonly #simulation: Simulation;
  readonly #service_ns: (operation: PlannedOperation) => number;
  readonly #failure: (operation: PlannedOperation) => Outcome;
  abandoned = 0;

  constructor(
    simulation: Simulation,
    service_ns: (operation: PlannedOperation) => number,
    failure: (operation: PlannedOperation) => Outcome = () => undefined,
  ) {
    this.#simulation = simulation;
    this.#service_ns = service_ns;
    this.#failure = failure;
  }

  async open(): Promise<void> {}

  async perform(operation: PlannedOperation): Promise<Outcome> {
    const now_ns = this.#simulation.clock.now_ns();
    this.performed.push({ operation, at_ns: now_ns });
    const service_ns = this.#service_ns(operation);
    if (service_ns === Number.POSITIVE_INFINITY) return new Promise(() => {});
    await this.#simulation.at(now_ns + service_ns);
    return this.#failure(operation);
  }

  abandon(): void {
    this.abandoned++;
  }

  takeCounters(): ConnectionCounters {
    return noConnections();
  }

  async close(): Promise<void> {}
}
