import { WARM_UP_BLOCK } from '../plan/plan.ts';
import type { RunEvents } from '../run.ts';
import { printNote } from './output.ts';

/** Progress on stderr: one line that changes on a terminal, a line for each block elsewhere, or nothing. */
export function progress({
  quiet,
  terminal,
}: {
  quiet: boolean;
  terminal: boolean;
}): RunEvents & { end(): void } {
  if (quiet) return { end: () => {} };
  return terminal ? changingLine() : plainLines();
}

function plainLines(): RunEvents & { end(): void } {
  let block: number | undefined;
  return {
    preparing: () => printNote('starting servers, filling tables'),
    playing: (_arm, turn, done, turns) => {
      if (turn.block === block) return;
      block = turn.block;
      printNote(block === WARM_UP_BLOCK ? 'warming up' : `block ${block + 1}, ${percent(done, turns)} done`);
    },
    end: () => {},
  };
}

function changingLine(): RunEvents & { end(): void } {
  const show = (text: string): void => {
    process.stderr.write(`\r\u001b[K${text}`);
  };
  return {
    preparing: () => show('starting servers, filling tables'),
    settingUp: (arm) => show(`${arm.name}: opening connections`),
    playing: (arm, turn, done, turns) => {
      const what = turn.block === WARM_UP_BLOCK ? 'warming up' : `block ${turn.block + 1}`;
      show(`${percent(done, turns)}  ${what}: ${arm.name}`);
    },
    end: () => show(''),
  };
}

function percent(done: number, of: number): string {
  return `${Math.floor((100 * done) / of)} %`.padStart(5);
}
