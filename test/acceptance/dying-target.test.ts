/** A target that dies while it is measured: the run ends with what was measured, and says so. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Result } from '../../src/result/result.ts';
import { folder, leftovers, start } from './cli.ts';

const WORKLOAD = join(folder, 'dying.yaml');
writeFileSync(
  WORKLOAD,
  `
name: dying
callers: 2
connections: { perCaller: 2, tls: false }
table: { items: 50, itemBytes: 512 }
arrivals: { rate: 200/s }
phases: [{ for: 4s }]
arms:
  one: {}
  other: {}
compare: { blocks: 8 }
`,
);
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
});

/** Processes started by a process, down to the last. */
function descendants(pid: number): number[] {
  const own = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && parentOf(name) === pid);
  return own.flatMap((name) => [Number(name), ...descendants(Number(name))]);
}

function parentOf(pid: string): number | undefined {
  try {
    return Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return undefined;
  }
}

/** Which server a process of the embedded system is: a store has its arm's directory open. */
function isStoreOf(pid: number, arm: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/maps`, 'utf8').includes(`/${arm}/`);
  } catch {
    return false;
  }
}

async function runUntil(args: string[], env: Record<string, string>, kill: (pid: number) => void) {
  const out = mkdtempSync(join(folder, 'run-'));
  const command = start(['run', WORKLOAD, '--out', out, ...args], { env });
  await command.says('stderr', /block 2 /);
  kill(command.child.pid!);
  const ended = await command.ended;
  const result = JSON.parse(readFileSync(join(out, 'result.json'), 'utf8')) as Result;
  return { ended, result };
}

describe('a target that dies in mid-run', () => {
  it('of the embedded system ends its arm; the other one is measured to its end', async () => {
    const { ended, result } = await runUntil([], {}, (pid) => {
      const stores = descendants(pid).filter((child) => isStoreOf(child, 'arm-0'));
      expect(stores).toHaveLength(1);
      process.kill(stores[0]!, 'SIGKILL');
    });
    const [one, other] = result.arms;
    expect(ended.code).toBe(3);
    expect(ended.stderr).not.toMatch(/defect|\n {4}at /);
    expect(one!.verdict.value).toBe('invalid');
    expect(one!.verdict.reasons.join('\n')).toContain(
      'The target was lost before the end (the embedded store ended (SIGKILL))',
    );
    expect(one!.operations.all.response_ns.count).toBeGreaterThan(50);
    expect(one!.blocks.length).toBeLessThan(8);
    expect(one!.server.requests).toBeNull();
    expect(other!.verdict.value).not.toBe('invalid');
    expect(other!.blocks).toHaveLength(8);
    expect(result.comparisons.every(({ ratio, note }) => ratio === null && note?.includes('invalid'))).toBe(
      true,
    );
    expect(leftovers()).toEqual([]);
  });

  it('of somebody else ends the run, with the errors by their code', async () => {
    const dynalite = join(import.meta.dirname, '../../node_modules/dynalite/cli.js');
    const server = spawn(process.execPath, [dynalite, '--port', '45671', '--createTableMs', '10'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(server);
    await once(server.stdout!, 'data');
    const args = ['--target', 'http://127.0.0.1:45671', '--set', 'system=null'];
    args.push('--set', 'table.encryption=aws-owned');
    const env = { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret' };
    const { ended, result } = await runUntil(args, env, () => server.kill('SIGKILL'));
    expect(ended.code).toBe(3);
    expect(ended.stderr).not.toMatch(/defect|\n {4}at /);
    for (const arm of result.arms) {
      expect(arm.verdict.value).toBe('invalid');
      expect(arm.verdict.reasons.join('\n')).toContain('the target accepts no connections');
      expect(arm.operations.all.errors.ECONNREFUSED).toBeGreaterThan(0);
      expect(arm.operations.all.response_ns.count).toBeGreaterThan(50);
      expect(arm.blocks.length).toBeLessThan(8);
    }
  });
});
