import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../std/errors.ts';

const FILE = 'serving.pid';

/**
 * Claims a directory for this process: two servers over one directory would each go by key states of their own.
 *
 * @returns gives it back
 * @throws InputError E_DIRECTORY_IN_USE when a process that is alive has it
 */
export function claimDirectory(directory: string): () => void {
  const file = join(directory, FILE);
  try {
    writeFileSync(file, `${process.pid}\n`, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const owner = Number(readFileSync(file, 'utf8'));
    if (isAlive(owner)) {
      throw new InputError('E_DIRECTORY_IN_USE', {
        what: `process ${owner} serves this directory.`,
        where: directory,
        remedy: `Stop it, or name another directory; if it is something else by now, delete ${FILE}.`,
      });
    }
    // Its owner was killed.
    writeFileSync(file, `${process.pid}\n`);
  }
  return () => rmSync(file, { force: true });
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It is there, and somebody else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
