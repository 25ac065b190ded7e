import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { progress, watched } from '../../src/commands/progress.ts';
import type { Turn } from '../../src/plan/plan.ts';
import { parseWorkload } from '../../src/workload/workload.ts';

let printed: string;

beforeEach(() => {
  printed = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    printed += text;
    return true;
  });
});
afterEach(() => vi.restoreAllMocks());

const workload = parseWorkload(
  'name: w\narrivals: { rate: 100/s }\nphases: [{ for: 4s }]\ncompare: { blocks: 2 }\narms: { keep: {}, fresh: {} }\n',
  'w.yaml',
);
const turn = (arm: number, block: number): Turn => ({
  arm,
  block,
  from_ns: block * 2e9,
  to_ns: (block + 1) * 2e9,
  measured: true,
});

function tell(options: { quiet: boolean; terminal: boolean }): void {
  const show = progress(workload, options);
  const [keep, fresh] = workload.arms;
  show.preparing?.();
  show.settingUp?.(keep!);
  show.playing?.(keep!, turn(0, 0), 0, 4);
  const figures = { issued: 203, ended: 201, planned_ns: 2e9, length_ns: 2e9, kms_calls: 17 };
  show.played?.(keep!, turn(0, 0), figures);
  show.playing?.(fresh!, turn(1, 0), 1, 4);
  show.playing?.(keep!, turn(0, 1), 2, 4);
  show.end();
}

it('is a line for each block where nobody watches', () => {
  tell({ quiet: false, terminal: false });
  expect(printed).toBe(
    [
      'starting servers, filling tables',
      'block 1 of 2, 0 % done, keep, 100/s asked, 8 s left',
      'block 2 of 2, 50 % done, keep, 101/s of 102/s, KMS 17, 4 s left',
      '',
    ].join('\n'),
  );
});

it('is one line that changes on a terminal, and is gone at the end', () => {
  tell({ quiet: false, terminal: true });
  expect(printed).not.toContain('\n');
  const shown = printed.split('\r\u001b[K');
  expect(shown).toContain('opening connections  keep');
  expect(shown).toContain(' 50 %  block 2 of 2  keep  101/s of 102/s  KMS 17  4 s left');
  expect(shown.at(-1)).toBe('');
});

it('is nothing when asked to be quiet', () => {
  tell({ quiet: true, terminal: true });
  expect(printed).toBe('');
});

it.each([
  [true, {}, true],
  [false, {}, false],
  [true, { CI: 'true' }, false],
  [true, { TERM: 'dumb' }, false],
])('is watched on a terminal (%s) of a person (%j): %s', (isTTY, environment, expected) => {
  expect(watched({ isTTY }, environment)).toBe(expected);
});
