import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AdjustableClock } from '../std/clock.ts';
import { InputError } from '../std/errors.ts';

export interface DirectoryClock {
  clock: AdjustableClock;
  /** To be told before the clock is moved ahead, so that a crash on the way leaves nothing dated in the future. */
  moving(duration_ms: number): void;
}

/**
 * The lifecycle clock of a directory: ahead of the real time by as much as it was ever moved, over restarts too. What
 * is written there has dates of it.
 *
 * @throws InputError E_CLOCK for a file that is none of this
 */
export function openClock(directory: string | undefined): DirectoryClock {
  const clock = new AdjustableClock();
  if (directory === undefined) return { clock, moving: () => {} };
  const path = join(directory, 'clock.json');
  let ahead_ms = readAhead_ms(path);
  clock.advance(ahead_ms);
  return {
    clock,
    moving: (duration_ms) => {
      ahead_ms += duration_ms;
      writeFileSync(`${path}.new`, `${JSON.stringify({ ahead_ms })}\n`, { mode: 0o600, flush: true });
      renameSync(`${path}.new`, path);
    },
  };
}

function readAhead_ms(path: string): number {
  if (!existsSync(path)) return 0;
  try {
    const { ahead_ms } = JSON.parse(readFileSync(path, 'utf8')) as { ahead_ms: unknown };
    if (typeof ahead_ms === 'number' && ahead_ms >= 0) return ahead_ms;
  } catch {
    // Told below.
  }
  throw new InputError('E_CLOCK', {
    what: 'does not say how far lifecycle time is ahead: {"ahead_ms": 0} or more.',
    where: path,
    remedy: 'Mend it; without it, lifecycle time goes back to the real one.',
  });
}
