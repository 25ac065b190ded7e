import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeFolder } from '../../src/commands/folder.ts';

let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'sealbench-folder-'));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

it('makes what is missing, with its mode, and takes what is there', () => {
  const path = join(base, 'a', 'b', 'c');
  makeFolder(path, 0o700);
  makeFolder(path, 0o700);
  for (const made of [path, join(base, 'a')]) expect(statSync(made).mode & 0o777).toBe(0o700);
});

it('fails over a file, and below one', () => {
  const file = join(base, 'file');
  writeFileSync(file, '');
  expect(() => makeFolder(file)).toThrow('EEXIST');
  expect(() => makeFolder(join(file, 'a', 'b'))).toThrow(/ENOTDIR|EEXIST/);
});

it.runIf(process.platform === 'linux')(
  'returns where no directory can be made (only Linux has /proc)',
  () => {
    expect(() => makeFolder('/proc/sealbench/a')).toThrow(/ENOENT|EACCES/);
  },
);
