import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openClock } from '../../src/commands/directory-clock.ts';

const DAY_MS = 86_400_000;
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sealbench-clock-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const ahead_days = ({ clock }: ReturnType<typeof openClock>): number =>
  Math.round((clock.wall_ms() - Date.now()) / DAY_MS);

it('goes on where it was moved to, and had begun to be moved to', () => {
  const first = openClock(directory);
  expect(ahead_days(first)).toBe(0);
  first.moving(DAY_MS);
  first.clock.advance(DAY_MS);
  // And dies on the way.
  first.moving(7 * DAY_MS);
  const second = openClock(directory);
  expect(ahead_days(second)).toBe(8);
  second.moving(DAY_MS);
  expect(ahead_days(openClock(directory))).toBe(9);
  expect(readdirSync(directory)).toEqual(['clock.json']);
});

it('is the real time without a directory, and in a new one', () => {
  openClock(undefined).moving(DAY_MS);
  expect(ahead_days(openClock(undefined))).toBe(0);
  expect(ahead_days(openClock(directory))).toBe(0);
  expect(readdirSync(directory)).toEqual([]);
});

it.each(['', 'x', '{}', '[]', 'null', '{"ahead_ms": -1}', '{"ahead_ms": "1"}', '{"ahead_ms": null}'])(
  'refuses a file that says nothing of it: %s',
  (text) => {
    const path = join(directory, 'clock.json');
    writeFileSync(path, text);
    expect(() => openClock(directory)).toThrow(expect.objectContaining({ code: 'E_CLOCK' }));
    expect(readFileSync(path, 'utf8')).toBe(text);
  },
);
