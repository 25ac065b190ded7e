/** What comes out: plans, reports in every format, comparisons, the schema, and the help. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Result } from '../../src/result/result.ts';
import { folder, measure, sealbench, workload } from './cli.ts';

const WORKLOAD = join(folder, 'two-arms.yaml');
writeFileSync(
  WORKLOAD,
  `
name: two-arms
driver: noop
arrivals: { rate: 200/s }
phases: [{ for: 1s }]
arms: { a: {}, b: { operations: { get: 1, put: 1 } } }
compare: { blocks: 2 }
`,
);

/** Data on stdout, which must end well. */
async function stdoutOf(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await sealbench(args);
  if (code !== 0 || stderr !== '') throw new Error(`exit ${code}: ${stderr}`);
  return stdout;
}

describe('run', () => {
  let out: string;
  let result: Result;
  let stdout: string;
  let stderr: string;
  beforeAll(async () => {
    const run = await measure([WORKLOAD, '--json', '--seed', '7']);
    ({ out, result } = run);
    ({ stdout, stderr } = run.ended);
  });

  it('writes the files it names, and prints the same result as JSON', () => {
    expect(readdirSync(out).sort()).toEqual(['a.hgrm', 'b.hgrm', 'report.md', 'result.json', 'seconds.hlog']);
    expect(JSON.parse(stdout)).toEqual(result);
    expect(result).toMatchObject({ schema: 'sealbench/result/1', seed: 7, interrupted: false });
  });

  it('tells its progress on stderr', () => {
    expect(stderr).toMatch(/starting servers[\s\S]*block 1 of[\s\S]*block 2 of[\s\S]*written to/);
  });

  it.each<[string, RegExp]>([
    ['md', /^# two-arms[\s\S]*\| /],
    ['hlog', /^#\[[\s\S]*StartTimestamp/],
    ['hgrm', /Value +Percentile/],
    ['csv', /^arm,operation,verdict,[\w,]+\r?\na,all,.*\r?\n/],
    ['json', /^\{\n {2}"schema": "sealbench\/result\/1"/],
  ])('report --format %s, to stdout and to a file', async (format, looksLike) => {
    const args = ['report', join(out, 'result.json'), '--format', format];
    const text = await stdoutOf(...args);
    expect(text).toMatch(looksLike);
    const path = join(folder, `report.${format}`);
    expect(await stdoutOf(...args, '-o', path)).toBe('');
    expect(readFileSync(path, 'utf8')).toBe(text);
    if (format === 'json') expect(JSON.parse(text)).toEqual(result);
    if (format === 'md') expect(text).toBe(readFileSync(join(out, 'report.md'), 'utf8'));
  });

  it('diff shows two results side by side, also as JSON', async () => {
    const path = join(out, 'result.json');
    const { result: other, out: otherOut } = await measure([WORKLOAD, '--seed', '8', '--quiet']);
    expect(other.arms[0]!.operations_total).not.toBe(result.arms[0]!.operations_total);
    const otherPath = join(otherOut, 'result.json');
    const text = await stdoutOf('diff', path, otherPath);
    expect(text).toMatch(/\ba\b/);
    const { comparisons } = JSON.parse(await stdoutOf('diff', path, otherPath, '--json'));
    expect(comparisons.length).toBeGreaterThan(0);
    expect(new Set(comparisons.map(({ arm }: { arm: string }) => arm))).toEqual(new Set(['a', 'b']));
  });
});

describe('--dry-run', () => {
  it('sends nothing and prints the plan', async () => {
    let connections = 0;
    const target = createServer(() => {
      connections++;
    });
    await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
    const address = target.address();
    const url = `http://127.0.0.1:${typeof address === 'object' && address?.port}`;
    const remote = ['--target', url, '--set', 'system=null', '--set', 'table.encryption=aws-owned'];
    const plan = await stdoutOf('run', workload('smoke'), '--dry-run', ...remote);
    expect(plan).toContain(url);
    target.close();
    expect(connections).toBe(0);
  });

  it('prints the plan as JSON', async () => {
    const plan = JSON.parse(await stdoutOf('run', workload('keep-alive-vs-fresh'), '--dry-run', '--json'));
    expect(plan.arms.map(({ name }: { name: string }) => name)).toEqual(['keep-alive', 'resumed', 'fresh']);
    expect(plan.arms[2].decryptCalls).toBe(plan.arms[2].operations);
  });
});

it('schema prints the JSON Schema that is in the repository for editors', async () => {
  const kept = readFileSync(workload('smoke').replace('smoke.yaml', 'workload.schema.json'), 'utf8');
  expect(JSON.parse(await stdoutOf('schema'))).toEqual(JSON.parse(kept));
});

it('the help names every command there is, and none that is not', async () => {
  const help = await stdoutOf('--help');
  const commands = [...help.matchAll(/^ {2}([a-z]+) (?:\[|<| )/gm)].map(([, name]) => name);
  expect(commands).toEqual(['run', 'diff', 'report', 'serve', 'trail', 'selftest', 'schema', 'help']);
});
