/** The machine and the code that a measurement was made with. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';

const GIT_TIMEOUT_MS = 1000;

export interface Environment {
  sealbench: string;
  node: string;
  platform: string;
  cpu: string;
  cores: number;
  /** What this process may use: the machine's memory, or its container's where that is less. */
  memory_bytes: number;
  /** Commit of the working directory's repository, with `-dirty` where it has changes; null outside of one. */
  git: string | null;
}

/** @param directory whose repository is meant by `git` */
export function describeEnvironment(directory = process.cwd()): Environment {
  return {
    sealbench: packageVersion(),
    node: process.versions.node,
    platform: `${process.platform} ${process.arch} ${os.release()}`,
    cpu: os.cpus()[0]?.model.trim() || 'unknown',
    cores: os.availableParallelism(),
    memory_bytes: Math.min(os.totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY),
    git: gitCommit(directory),
  };
}

/** Of sealbench itself: package.json is two folders up from the source and from the compiled file alike. */
export function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** Null also where git is missing, has no commit yet, or does not answer in a second. */
function gitCommit(directory: string): string | null {
  const git = spawnSync('git', ['describe', '--always', '--dirty', '--abbrev=40', '--exclude=*'], {
    cwd: directory,
    timeout: GIT_TIMEOUT_MS,
    encoding: 'utf8',
    env: { ...process.env, GIT_OPTIONAL_LOCKS: '0' },
  });
  return git.status === 0 ? git.stdout.trim() : null;
}
