import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { progress } from '../../src/commands/progress.ts';
import type { Arm } from '../../src/workload/workload.ts';

let printed: string;

beforeEach(() => {
  printed = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    printed += text;
    return true;
  });
});
afterEach(() => vi.restoreAllMocks());

const arm = { name: 'fresh' } as Arm;
const turn = (block: number) => ({ arm: 0, block, from_ns: 0, to_ns: 1, measured: block >= 0 });

function tell(options: { quiet: boolean; terminal: boolean }): void {
  const show = progress(options);
  show.preparing?.();
  show.settingUp?.(arm);
  for (const [done, block] of [-1, 0, 0, 1].entries()) show.playing?.(arm, turn(block), done, 4);
  show.end();
}

it('is a line for each block where nobody watches', () => {
  tell({ quiet: false, terminal: false });
  expect(printed).toBe(
    'starting servers, filling tables\nwarming up\nblock 1,  25 % done\nblock 2,  75 % done\n',
  );
});

it('is one line that changes on a terminal, and is gone at the end', () => {
  tell({ quiet: false, terminal: true });
  expect(printed).not.toContain('\n');
  const shown = printed.split('\r\u001b[K');
  expect(shown).toContain('fresh: opening connections');
  expect(shown).toContain(' 75 %  block 2: fresh');
  expect(shown.at(-1)).toBe('');
});

it('is nothing when asked to be quiet', () => {
  tell({ quiet: true, terminal: true });
  expect(printed).toBe('');
});
