import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { claimDirectory } from '../../src/commands/lock.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sealbench-lock-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

test('a directory that a live process serves is refused', () => {
  writeFileSync(join(directory, 'serving.pid'), `${process.ppid}\n`);
  expect(() => claimDirectory(directory)).toThrow(`process ${process.ppid} serves this directory.`);
});

test('a directory given back, or left by a process that was killed, is free', () => {
  claimDirectory(directory)();
  const release = claimDirectory(directory);
  const { pid } = spawnSync(process.execPath, ['--version']);
  writeFileSync(join(directory, 'serving.pid'), `${pid}\n`);
  claimDirectory(directory);
  release();
});

test.each(['', 'nonsense', '-1'])('a damaged claim, %j, holds nobody off', (text) => {
  writeFileSync(join(directory, 'serving.pid'), text);
  expect(claimDirectory(directory)).toBeTypeOf('function');
});
