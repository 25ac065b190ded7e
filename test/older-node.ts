import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A Node on PATH, other than the one in node_modules, that is older than `engines` asks for; null where there is none. */
export function findOlderNode(): string | null {
  const folders = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !folder.includes('node_modules'));
  const candidates = folders.map((folder) => join(folder, 'node')).filter(existsSync);
  return candidates.find((node) => isOlder(versionOf(node))) ?? null;
}

function versionOf(node: string): number[] {
  const { stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' });
  return (stdout ?? '').trim().replace('v', '').split('.').map(Number);
}

function isOlder([major = Number.NaN, minor = Number.NaN]: number[]): boolean {
  return major < 22 || (major === 22 && minor < 18);
}
