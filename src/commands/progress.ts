import type { Turn } from '../plan/plan.ts';
import type { RunEvents } from '../run.ts';
import { realClock } from '../std/clock.ts';
import type { Workload } from '../workload/workload.ts';
import { LiveState, liveLine, plainLine } from './live.ts';
import { printNote } from './output.ts';

export type Progress = Required<RunEvents> & { end(): void };

/** A terminal's line is drawn anew so often; a log gets a line so often where blocks are longer. */
const REDRAW_MS = 500;
const LOG_EVERY_MS = 10_000;
const COLUMNS = 80;

/** Progress on stderr: one line that changes on a terminal, lines now and then elsewhere, or nothing. */
export function progress(
  workload: Workload,
  { quiet, terminal }: { quiet: boolean; terminal: boolean },
): RunEvents & { end(): void } {
  if (quiet) return { end: () => {} };
  return terminal ? changingLine(workload) : plainLines(workload);
}

/** Whether somebody watches stderr who can see a line change. */
export function watched(
  stream: { isTTY?: boolean } = process.stderr,
  environment: NodeJS.ProcessEnv = process.env,
): boolean {
  return stream.isTTY === true && !environment.CI && environment.TERM !== 'dumb';
}

function changingLine(workload: Workload): Progress {
  const state = new LiveState(workload);
  const draw = (): void => {
    const line = liveLine(state.view(realClock.now_ns()), (process.stderr.columns ?? COLUMNS) - 1);
    process.stderr.write(`\r\u001b[K${line}`);
  };
  const timer = setInterval(draw, REDRAW_MS).unref();
  return {
    ...telling(state, draw),
    end: () => {
      clearInterval(timer);
      process.stderr.write('\r\u001b[K');
    },
  };
}

function plainLines(workload: Workload): Progress {
  const state = new LiveState(workload);
  const say = (): void => printNote(plainLine(state.view(realClock.now_ns())));
  let block: number | undefined;
  const timer = setInterval(() => {
    if (block !== undefined) say();
  }, LOG_EVERY_MS).unref();
  const told = telling(state, () => {});
  return {
    ...told,
    preparing: () => {
      told.preparing();
      say();
    },
    playing: (arm, turn: Turn, done, turns) => {
      told.playing(arm, turn, done, turns);
      if (turn.block === block) return;
      block = turn.block;
      timer.refresh();
      say();
    },
    end: () => clearInterval(timer),
  };
}

/** Events as changes of the state, each of them shown at once. */
function telling(state: LiveState, show: () => void): Required<RunEvents> {
  const shown =
    <Values extends unknown[]>(change: (...values: Values) => void) =>
    (...values: Values): void => {
      change(...values);
      show();
    };
  return {
    preparing: shown(() => state.preparing()),
    settingUp: shown((arm) => state.settingUp(arm)),
    playing: shown((arm, turn, done) => state.playing(arm, turn, done, realClock.now_ns())),
    played: shown((arm, _turn, figures) => state.played(arm, figures)),
    seconds: (arm, rows) => state.seconds(arm, rows),
  };
}
