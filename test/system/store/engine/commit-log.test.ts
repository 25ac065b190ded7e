import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { CommitLog, logged } from '../../../../src/system/store/engine/commit-log.ts';

let directory: string;
let log: CommitLog;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sealbench-log-'));
  log = new CommitLog(directory, 0);
});
afterEach(() => {
  log.close();
  rmSync(directory, { recursive: true });
});

async function commit(...texts: string[]): Promise<void> {
  for (const text of texts) await log.append(new Map([[`key of ${text}`, Buffer.from(text)]]));
}

/** Each commit as `generation text`. */
function found(applied: number): string[] {
  return [...logged(directory, applied)].map(
    ({ generation, changes }) => `${generation} ${[...changes.values()].join()}`,
  );
}

function damage(text: string): void {
  const path = join(directory, 'commits.log');
  const bytes = readFileSync(path);
  bytes[bytes.indexOf(text, bytes.indexOf(`key of ${text}`) + `key of ${text}`.length)]! ^= 1;
  writeFileSync(path, bytes);
}

it('has what was committed since the generation that the database has', async () => {
  await commit('a', 'b');
  expect(found(0)).toEqual(['1 a', '1 b']);
  log.turn();
  await commit('c');
  expect(found(0)).toEqual(['1 a', '1 b', '2 c']);
  expect(found(1)).toEqual(['2 c']);
  expect(found(2)).toEqual([]);
  log.turn();
  await commit('d');
  expect(found(1)).toEqual(['2 c', '3 d']);
});

it('goes on after a generation in which nothing was committed', async () => {
  log.turn();
  await commit('a');
  expect(found(0)).toEqual(['2 a']);
});

it('keeps removals, empty values and keys of any bytes', async () => {
  const changes = new Map([
    ['\x00\xff', Buffer.alloc(0)],
    ['gone', undefined],
    ['\r\n', Buffer.of(0, 255)],
  ]);
  expect(await log.append(changes)).toEqual(changes);
  expect([...logged(directory, 0)]).toEqual([{ generation: 1, changes }]);
});

it('tells a commit that a crash cut short from one that was lost later', async () => {
  await commit('a', 'b');
  damage('b');
  expect(found(0)).toEqual(['1 a']);
  log.turn();
  await commit('c');
  expect(() => found(0)).toThrow('damaged');
  expect(found(1)).toEqual(['2 c']);
});

it('has room for so much', () => {
  expect(log.fits(new Map([['key', Buffer.alloc(4_000_000)]]))).toBe(true);
  expect(log.fits(new Map([['key', Buffer.alloc(4_200_000)]]))).toBe(false);
});
