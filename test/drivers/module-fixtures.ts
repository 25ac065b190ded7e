/** Modules of users, good and bad, written where a test can name them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** @returns the path of a module with this text, gone after the test */
export function moduleOf(text: string, name = 'driver.mjs'): string {
  const folder = mkdtempSync(join(tmpdir(), 'sealbench-module-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** A module whose driver has these members. */
export function driverOf(members: string): string {
  return moduleOf(`export default () => ({ ${members} });\n`);
}
