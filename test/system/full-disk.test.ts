import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

/** Of a file, in the units of `ulimit -f`: 512 bytes or 1 KiB. */
const LIMIT = 2000;
/** Beyond what the log takes beforehand. */
const LOGGED_LIMIT = 20_000;

it.each([
  ['engine', LIMIT],
  ['logged engine', LOGGED_LIMIT],
  ['keystore', LIMIT],
])('outlives a full disk, and loses nothing that was acknowledged: %s', (what, limit) => {
  const directory = mkdtempSync(join(tmpdir(), 'sealbench-full-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const script = join(import.meta.dirname, 'full-disk-writer.ts');
  const shell = ['-c', `ulimit -f ${limit} && exec "$@"`, 'sh', process.execPath, script, what, directory];
  const { status, stdout } = spawnSync('sh', shell, { encoding: 'utf8' });
  expect([status, stdout]).toEqual([0, '{"refused":3,"lost":0}']);
});
