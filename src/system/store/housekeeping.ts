import type { Clock } from '../../std/clock.ts';
import type { Scheduled } from '../../std/schedule.ts';
import type { Engine } from './engine/engine.ts';

/**
 * One kind of work that the store does by itself when its time has come. What is due follows from the records (and
 * from what this process remembers of its own looking), so that a restart forgets nothing, and several processes over
 * one engine may all do it: a chore changes records in transactions that check first whether it is still to be done.
 */
export interface Chore {
  /** Wall time of the next work, as the records are now; `Infinity` for none. Asked often: cheap. */
  nextDue_ms(): number;
  /**
   * Does what is due by now.
   * @param quietUntil_ms as in `Scheduled`
   */
  run(quietUntil_ms: number): Promise<void>;
}

/** How often it is looked, in real time, whether lifecycle time has come to something. */
const TICK_MS = 200;
/** Lifecycle time until a chore that failed is tried again. */
const PUT_OFF_MS = 60_000;

/** Does the store's chores when they are due: as time goes by, and at once where the clock is moved. */
export class Housekeeping implements Scheduled {
  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #chores: readonly Chore[];
  readonly #putOffUntil_ms = new Map<Chore, number>();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #busy = false;
  #stopped = false;

  constructor(engine: Engine, clock: Clock, chores: readonly Chore[]) {
    this.#engine = engine;
    this.#clock = clock;
    this.#chores = chores;
  }

  start(): void {
    this.#timer = setInterval(() => this.#tick(), TICK_MS).unref();
  }

  nextDue_ms(): number {
    this.#engine.refresh();
    return Math.min(Number.POSITIVE_INFINITY, ...this.#chores.map((chore) => this.#dueOf(chore)));
  }

  /** One run at a time, and each after those before it. */
  runDue(quietUntil_ms: number): Promise<void> {
    this.#running = this.#running.then(() => this.#run(quietUntil_ms));
    return this.#running;
  }

  /** Resolves when the run under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#running;
  }

  #tick(): void {
    if (this.#busy || this.nextDue_ms() > this.#clock.wall_ms()) return;
    this.#busy = true;
    void this.runDue(0).finally(() => {
      this.#busy = false;
    });
  }

  async #run(quietUntil_ms: number): Promise<void> {
    for (const chore of this.#chores) {
      this.#engine.refresh();
      const now_ms = this.#clock.wall_ms();
      if (this.#stopped || this.#dueOf(chore) > now_ms) continue;
      try {
        await chore.run(Math.max(quietUntil_ms, now_ms));
        this.#putOffUntil_ms.delete(chore);
      } catch {
        // A disk that is full, say: nothing of it is done, and requests go on.
        this.#putOffUntil_ms.set(chore, now_ms + PUT_OFF_MS);
      }
    }
  }

  #dueOf(chore: Chore): number {
    return Math.max(chore.nextDue_ms(), this.#putOffUntil_ms.get(chore) ?? 0);
  }
}
