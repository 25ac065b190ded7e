/**
 * Work that falls due by a lifecycle clock, and the moving of such clocks: step by step, from one due moment to the
 * next, so that states come in their order whether days pass or are made to pass.
 */
import type { Clock } from './clock.ts';

export interface MovableClock extends Clock {
  advance(duration_ms: number): void;
}

/** Work that falls due by a clock. */
export interface Scheduled {
  /** Wall time of the next work, ms since the epoch; `Infinity` when none is due ever. */
  nextDue_ms(): number;
  /**
   * Does what is due by now, so that nothing is due any more; fails for no reason of the work's own.
   *
   * @param quietUntil_ms wall time, at least now's: until then nothing happens but time, so that work which only looks
   *   for what others did may be put off to it
   */
  runDue(quietUntil_ms: number): Promise<void>;
}

/** Something that lives by a clock which can be moved: a server, or several that share a clock. */
export interface TimeTraveller {
  /** Lifecycle ms until its next work; 0 when overdue, `Infinity` for never. */
  untilDue_ms(): Promise<number>;
  /**
   * Moves its clock ahead, then does what is due.
   *
   * @param quiet_ms how long, from then on, nothing will happen but time
   */
  step(duration_ms: number, quiet_ms: number): Promise<void>;
}

/**
 * Moves travellers ahead together, each stopping wherever one of them has work to do, and resolves when all is done.
 *
 * @param duration_ms 0 or more
 */
export async function advanceTogether(
  travellers: readonly TimeTraveller[],
  duration_ms: number,
): Promise<void> {
  for (let left_ms = duration_ms; ; ) {
    const waits_ms = await Promise.all(travellers.map((traveller) => traveller.untilDue_ms()));
    const step_ms = Math.min(left_ms, ...waits_ms);
    left_ms -= step_ms;
    for (const traveller of travellers) await traveller.step(step_ms, left_ms);
    if (left_ms <= 0) return;
  }
}

/** What lives by one clock, as a traveller. */
export function traveller(clock: MovableClock, work: readonly Scheduled[]): TimeTraveller {
  const nextDue_ms = () => Math.min(Number.POSITIVE_INFINITY, ...work.map((part) => part.nextDue_ms()));
  return {
    // Whole ms, rounded up: a clock that stopped a rounding error short of the moment would never get there.
    untilDue_ms: async () => Math.max(0, Math.ceil(nextDue_ms() - clock.wall_ms())),
    step: async (duration_ms, quiet_ms) => {
      clock.advance(duration_ms);
      const quietUntil_ms = clock.wall_ms() + quiet_ms;
      for (const part of work) await part.runDue(quietUntil_ms);
    },
  };
}
