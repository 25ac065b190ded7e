/** The command line as its users have it: `bin/sealbench.js` in a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import type { Result } from '../../src/result/result.ts';

const bin = fileURLToPath(new URL('../../bin/sealbench.js', import.meta.url));
const running = new Set<ChildProcess>();

/** Where a test file keeps what it writes; temporary files of its commands are in `tmp`. Gone when the file is done. */
export const folder = mkdtempSync(join(tmpdir(), 'sealbench-acceptance-'));
const tmp = join(folder, 'tmp');
mkdirSync(tmp);

afterAll(async () => {
  for (const child of running) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

export interface CommandOptions {
  /** Added to an environment without credentials, endpoints and colours. */
  env?: Record<string, string>;
  /** A process group of its own, to be signalled as a terminal does. */
  detached?: boolean;
}

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface Command {
  child: ChildProcess;
  /** Its end, with all that it printed. */
  ended: Promise<Ended>;
  /** Resolves once stdout or stderr has such a text. @throws when the command ends without it */
  says(stream: 'stdout' | 'stderr', text: string | RegExp): Promise<void>;
}

export function workload(name: string): string {
  return fileURLToPath(new URL(`../../workloads/${name}.yaml`, import.meta.url));
}

/** Starts `sealbench …args`. */
export function start(args: readonly string[], { env, detached = false }: CommandOptions = {}): Command {
  return startProgram(bin, args, { env: { TMPDIR: tmp, ...env }, detached });
}

/** Runs `sealbench …args` to its end. */
export function sealbench(args: readonly string[], options?: CommandOptions): Promise<Ended> {
  return start(args, options).ended;
}

/** Starts a script with this Node. */
export function startProgram(
  script: string,
  args: readonly string[],
  { env, detached = false }: CommandOptions,
): Command {
  const child = spawn(process.execPath, [script, ...args], {
    cwd: folder,
    env: { ...plainEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached,
  });
  running.add(child);
  const printed = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      printed[stream] += text;
    });
  }
  const ended = once(child, 'close').then(([code, signal]) => {
    running.delete(child);
    return { code, signal, ...printed } as Ended;
  });
  return {
    child,
    ended,
    async says(stream, text) {
      let over = false;
      const end = ended.then(() => {
        over = true;
      });
      while (!(typeof text === 'string' ? printed[stream].includes(text) : text.test(printed[stream]))) {
        if (over) throw new Error(`ended without ${text}:\n${printed.stdout}\n${printed.stderr}`);
        await Promise.race([once(child[stream]!, 'data'), end]);
      }
    },
  };
}

/** Measures and reads the result. The exit code must fit the verdicts; noise on this machine fails no test. */
export async function measure(
  args: readonly string[],
  options?: CommandOptions,
): Promise<{ result: Result; ended: Ended; out: string }> {
  const out = mkdtempSync(join(folder, 'run-'));
  const ended = await sealbench(['run', ...args, '--out', out], options);
  if (ended.code !== 0 && ended.code !== 3) throw new Error(`exit ${ended.code}:\n${ended.stderr}`);
  const result = JSON.parse(readFileSync(join(out, 'result.json'), 'utf8')) as Result;
  const invalid = result.interrupted || result.arms.some(({ verdict }) => verdict.value === 'invalid');
  if (ended.code !== (invalid ? 3 : 0)) throw new Error(`exit ${ended.code} does not fit the verdicts`);
  return { result, ended, out };
}

/** What commands have left in their temporary directory. */
export function leftovers(): string[] {
  return readdirSync(tmp);
}

function plainEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(AWS_|NODE_EXTRA_CA_CERTS|FORCE_COLOR|NODE_OPTIONS)/.test(name),
  );
  // Nothing of this machine's own profile may stand in for what a command printed.
  return {
    ...Object.fromEntries(kept),
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  };
}
