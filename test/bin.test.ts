/** The launcher, in checkouts and packages made for the purpose: what it runs, with which Node, and how it ends. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findOlderNode } from './older-node.ts';

const bin = fileURLToPath(new URL('../bin', import.meta.url));
const manifest = fileURLToPath(new URL('../package.json', import.meta.url));
const olderNode = findOlderNode();

/** Says who it is, then ends as told by its first argument. */
const CLI = `
  console.log(JSON.stringify({ node: process.versions.node, args: process.argv.slice(2), channel: Boolean(process.send) }));
  const [how, value] = process.argv.slice(2);
  if (how === 'exit') process.exitCode = Number(value);
  if (how === 'signal') process.kill(process.pid, value);
  if (how === 'wait') {
    const timer = setInterval(() => {}, 1000);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.on(signal, () => {
        console.log(signal);
        if (value === signal) setTimeout(() => process.exit(42), 100);
      });
    }
    console.log('ready');
  }
`;

let folder: string;
let running: ChildProcess[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sealbench-bin-'));
  running = [];
  cpSync(bin, join(folder, 'bin'), { recursive: true });
  cpSync(manifest, join(folder, 'package.json'));
});

afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

describe('in a checkout', () => {
  it('asks for npm ci, with exit code 2, when nothing is installed', () => {
    write('src/cli.ts', CLI);
    const { status, stderr } = run(process.execPath);
    expect(status).toBe(2);
    expect(stderr).toContain("Run 'npm ci'");
  });

  it('runs on the pinned Node without a second process when it is started with it', () => {
    installPinned();
    write('src/cli.ts', CLI);
    const { status, stdout } = run(process.execPath, 'exit', '3');
    expect(JSON.parse(stdout)).toEqual({ node: process.versions.node, args: ['exit', '3'], channel: false });
    expect(status).toBe(3);
  });

  it('prefers the source to what was compiled', () => {
    installPinned();
    write('src/cli.ts', "console.log('source');");
    write('dist/cli.js', "console.log('compiled');");
    expect(run(process.execPath).stdout).toBe('source\n');
  });

  describe('started with another Node', () => {
    beforeEach(() => {
      installPinnedElsewhere();
      write('src/cli.ts', CLI);
    });

    it('starts the pinned one and passes on arguments and exit code', () => {
      const { status, stdout } = run(process.execPath, 'exit', '3', '--set', 'a b="c"');
      expect(JSON.parse(stdout)).toMatchObject({ args: ['exit', '3', '--set', 'a b="c"'], channel: true });
      expect(status).toBe(3);
      expect(readFileSync(join(folder, 'wrapper.log'), 'utf8')).toBe('started\n');
    });

    it('ends by the signal that ended the pinned one', () => {
      expect(run(process.execPath, 'signal', 'SIGKILL').signal).toBe('SIGKILL');
      expect(run(process.execPath, 'signal', 'SIGTERM').signal).toBe('SIGTERM');
    });

    it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
      'passes %s on and waits for a clean stop',
      async (signal) => {
        const launcher = await startWaiting(signal);
        launcher.child.kill(signal);
        expect(await launcher.ended).toEqual([42, null]);
        expect(launcher.lines()).toEqual([signal]);
      },
    );

    it('delivers once a Ctrl-C that the whole process group gets, and npm sends again', async () => {
      const launcher = await startWaiting('SIGINT');
      process.kill(-launcher.child.pid!, 'SIGINT');
      await once(launcher.child.stdout!, 'data');
      launcher.child.kill('SIGINT');
      expect(await launcher.ended).toEqual([42, null]);
      expect(launcher.lines()).toEqual(['SIGINT']);
    });

    it('leaves no orphan when it is killed outright', async () => {
      const launcher = await startWaiting('SIGTERM');
      launcher.child.kill('SIGKILL');
      await once(launcher.child.stdout!, 'close');
      expect(launcher.lines()).toEqual(['SIGTERM']);
    });
  });

  it.runIf(olderNode)(
    `starts the pinned Node from an older one (${olderNode ?? 'none on PATH: not run'})`,
    () => {
      installPinned();
      write('src/cli.ts', CLI);
      const { status, stdout } = run(olderNode!, 'exit', '0');
      expect(JSON.parse(stdout)).toMatchObject({ node: process.versions.node });
      expect(status).toBe(0);
    },
  );
});

describe('in an installed package', () => {
  it('runs what was compiled, with the Node it was started with', () => {
    write('dist/cli.js', CLI);
    const { status, stdout } = run(process.execPath, 'exit', '1');
    expect(JSON.parse(stdout)).toMatchObject({ args: ['exit', '1'], channel: false });
    expect(status).toBe(1);
  });

  it('says so when it is incomplete', () => {
    const { status, stderr } = run(process.execPath);
    expect(status).toBe(2);
    expect(stderr).toContain('npm install sealbench');
  });

  it.runIf(olderNode)(
    `says which Node it needs to an older one (${olderNode ?? 'none on PATH: not run'})`,
    () => {
      write('dist/cli.js', CLI);
      const { status, stdout, stderr } = run(olderNode!);
      expect(status).toBe(2);
      expect(stdout).toBe('');
      expect(stderr).toMatch(
        /^sealbench: this is Node \S+; sealbench needs Node 22\.18\.0 or newer\. Install one.*\n$/,
      );
    },
  );
});

function write(path: string, text: string): void {
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), text);
}

function installPinned(): void {
  mkdirSync(join(folder, 'node_modules/node/bin'), { recursive: true });
  symlinkSync(process.execPath, join(folder, 'node_modules/node/bin/node'));
}

/** The same Node by another path: to the launcher, not the one it runs on. */
function installPinnedElsewhere(): void {
  write(
    'node_modules/node/bin/node',
    `#!/bin/sh\necho started >> '${folder}/wrapper.log'\nexec '${process.execPath}' "$@"\n`,
  );
  chmodSync(join(folder, 'node_modules/node/bin/node'), 0o755);
}

function run(node: string, ...args: string[]) {
  return spawnSync(node, [join(folder, 'bin/sealbench.js'), ...args], { encoding: 'utf8', cwd: tmpdir() });
}

/** A launcher at the head of a process group, as a terminal has it, whose command is up and ends on `signal`. */
async function startWaiting(signal: NodeJS.Signals) {
  const child = spawn(process.execPath, [join(folder, 'bin/sealbench.js'), 'wait', signal], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.push(child);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  while (!output.includes('ready\n')) await once(child.stdout, 'data');
  const lines = () =>
    output
      .slice(output.indexOf('ready\n') + 'ready\n'.length)
      .split('\n')
      .slice(0, -1);
  const exit = once(child, 'exit');
  const ended = once(child.stdout, 'close').then(() => exit);
  return { child, ended, lines };
}
