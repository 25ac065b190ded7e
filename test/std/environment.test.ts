import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeEnvironment, packageVersion } from '../../src/std/environment.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sealbench-environment-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the environment', () => {
  it('describes this machine', () => {
    const { node, platform, cpu, cores, memory_bytes } = describeEnvironment(folder);
    expect(node).toBe(process.versions.node);
    expect(platform).toContain(`${process.platform} ${process.arch}`);
    expect(cpu).not.toBe('');
    expect(Number.isInteger(cores) && cores > 0).toBe(true);
    expect(memory_bytes).toBeGreaterThan(0);
    expect(memory_bytes).toBeLessThanOrEqual(totalmem());
  });

  it('has the version of package.json', () => {
    const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(packageVersion()).toBe(manifest.version);
  });

  it('has no commit outside of a repository, and in one that has none', () => {
    expect(describeEnvironment(folder).git).toBeNull();
    git('init');
    expect(describeEnvironment(folder).git).toBeNull();
  });

  it('has the whole commit, and says when it was changed since', () => {
    git('init');
    writeFileSync(join(folder, 'file'), 'one');
    git('add', 'file');
    git('commit', '--message', 'one');
    git('tag', 'v1');
    const commit = git('rev-parse', 'HEAD').trim();
    expect(describeEnvironment(folder).git).toBe(commit);
    writeFileSync(join(folder, 'file'), 'two');
    expect(describeEnvironment(folder).git).toBe(`${commit}-dirty`);
  });
});

function git(...args: string[]): string {
  const identity = [
    '-c',
    'user.name=test',
    '-c',
    'user.email=test@example.com',
    '-c',
    'commit.gpgsign=false',
  ];
  return execFileSync('git', [...identity, ...args], { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
}
