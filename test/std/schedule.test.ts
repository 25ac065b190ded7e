import { describe, expect, it } from 'vitest';
import { AdjustableClock, SimulatedClock } from '../../src/std/clock.ts';
import { advanceTogether, type Scheduled, traveller } from '../../src/std/schedule.ts';

const EPOCH_MS = Date.UTC(2026, 0, 1);

/** Work every `every_ms`, written down with the moment it was done. */
class Rounds implements Scheduled {
  readonly done: { name: string; at_ms: number; quiet_ms: number }[];
  readonly #name: string;
  readonly #clock: SimulatedClock | AdjustableClock;
  readonly #every_ms: number;
  #next_ms: number;

  constructor(name: string, clock: SimulatedClock | AdjustableClock, every_ms: number, done: Rounds['done']) {
    this.#name = name;
    this.#clock = clock;
    this.#every_ms = every_ms;
    this.#next_ms = EPOCH_MS + every_ms;
    this.done = done;
  }

  nextDue_ms(): number {
    return this.#next_ms;
  }

  async runDue(quietUntil_ms: number): Promise<void> {
    const now_ms = this.#clock.wall_ms();
    if (now_ms < this.#next_ms) return;
    this.done.push({ name: this.#name, at_ms: now_ms - EPOCH_MS, quiet_ms: quietUntil_ms - now_ms });
    this.#next_ms += this.#every_ms;
  }
}

describe('advanceTogether', () => {
  it('stops at every due moment, in order, and then at the end', async () => {
    const clock = new SimulatedClock();
    const done: Rounds['done'] = [];
    const work = [new Rounds('long', clock, 3000, done), new Rounds('short', clock, 2000, done)];
    await advanceTogether([traveller(clock, work)], 6500);
    expect(clock.wall_ms() - EPOCH_MS).toBe(6500);
    expect(done).toEqual([
      { name: 'short', at_ms: 2000, quiet_ms: 4500 },
      { name: 'long', at_ms: 3000, quiet_ms: 3500 },
      { name: 'short', at_ms: 4000, quiet_ms: 2500 },
      { name: 'long', at_ms: 6000, quiet_ms: 500 },
      { name: 'short', at_ms: 6000, quiet_ms: 500 },
    ]);
  });

  it('keeps servers with clocks of their own together', async () => {
    const [one, other] = [new SimulatedClock(), new SimulatedClock()];
    const done: Rounds['done'] = [];
    const seen_ms: number[] = [];
    const watch: Scheduled = {
      nextDue_ms: () => Number.POSITIVE_INFINITY,
      runDue: async () => void seen_ms.push(other.wall_ms() - EPOCH_MS),
    };
    await advanceTogether(
      [traveller(one, [new Rounds('one', one, 400, done)]), traveller(other, [watch])],
      1000,
    );
    expect(seen_ms).toEqual([400, 800, 1000]);
    expect(one.wall_ms()).toBe(other.wall_ms());
  });

  it('arrives at moments between two milliseconds, and at the end of no time at all', async () => {
    const clock = new AdjustableClock(new SimulatedClock(123_457, EPOCH_MS));
    const done: Rounds['done'] = [];
    await advanceTogether([traveller(clock, [new Rounds('odd', clock, 86_400_000 / 7, done)])], 86_400_000);
    expect(done).toHaveLength(7);
    await advanceTogether([traveller(clock, [])], 0);
  });
});
