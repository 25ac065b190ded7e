/** A run that is stopped, watched, overloaded, or not listened to. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { attributeText, keyText } from '../../src/plan/plan.ts';
import type { Result } from '../../src/result/result.ts';
import { type Command, folder, leftovers, measure, sealbench, start, workload } from './cli.ts';

const ITEM_BYTES = 512;
const LONG = join(folder, 'long.yaml');
writeFileSync(
  LONG,
  `
name: long
callers: 2
connections: { perCaller: 2, tls: false }
table: { items: 50, itemBytes: ${ITEM_BYTES} }
arrivals: { rate: 40/s }
phases: [{ for: 10m }]
arms:
  sealed: {}
  none: { table: { encryption: none } }
compare: { blocks: 100 }
`,
);

const NOTHING = join(folder, 'nothing.yaml');
writeFileSync(
  NOTHING,
  'name: nothing\ndriver: noop\narrivals: { rate: 100/s }\nphases: [{ for: 400ms }]\ncompare: { blocks: 2 }\n',
);

/** A run under way: the first block is being measured. */
async function measuring(): Promise<{ command: Command; out: string }> {
  const out = mkdtempSync(join(folder, 'run-'));
  const command = start(['run', LONG, '--out', out], { detached: true });
  await command.says('stderr', /block 1 of/);
  return { command, out };
}

function filesOf(place: string): Buffer[] {
  return readdirSync(place, { recursive: true, encoding: 'utf8' })
    .map((name) => join(place, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path));
}

describe.each([
  ['Ctrl-C to the process alone', 'SIGINT', false],
  ['Ctrl-C on a terminal, which reaches its servers too', 'SIGINT', true],
  ['SIGTERM to its whole group', 'SIGTERM', true],
] as const)('%s', (_, signal, group) => {
  it('ends the run at once with what was measured, and leaves nothing running or lying about', async () => {
    const { command, out } = await measuring();
    const pid = command.child.pid!;
    process.kill(group ? -pid : pid, signal);
    const { code, stdout, stderr } = await command.ended;
    expect(stderr).toContain(`written to ${out}`);
    expect(code).toBe(3);
    const result = JSON.parse(readFileSync(join(out, 'result.json'), 'utf8')) as Result;
    expect(result.interrupted).toBe(true);
    expect(result.arms.map(({ operations_total }) => operations_total >= 4)).toEqual([true, true]);
    for (const { identities } of result.arms) {
      expect(identities.filter(({ state }) => state === 'broken')).toEqual([]);
    }
    expect(stdout).toMatch(/interrupted/i);
    expect(leftovers()).toEqual([]);
    // Servers, lanes and launcher are of one group, and nobody of it is left to get a signal.
    expect(() => process.kill(-pid, 0)).toThrow('ESRCH');
  });
});

it('stops while it still prepares', async () => {
  const out = mkdtempSync(join(folder, 'run-'));
  const command = start(['run', LONG, '--out', out]);
  await command.says('stderr', 'starting servers');
  command.child.kill('SIGINT');
  expect(await command.ended).toMatchObject({ code: 3 });
  expect(JSON.parse(readFileSync(join(out, 'result.json'), 'utf8'))).toMatchObject({ interrupted: true });
  expect(leftovers()).toEqual([]);
});

it('has no key and no attribute of an encrypted item on disk or in a report', async () => {
  const { command, out } = await measuring();
  const [directory] = leftovers().filter((name) => name.startsWith('sealbench-'));
  const files = (arm: number) => filesOf(join(folder, 'tmp', directory!, `arm-${arm}`));
  const [sealed, plain] = [files(0), files(1)];
  const needles = [keyText(0), keyText(1).slice(0, -2), attributeText(0, 0, ITEM_BYTES).slice(2, 34)];
  const found = (bytes: Buffer[]) =>
    needles.filter((needle) => bytes.some((buffer) => buffer.includes(needle)));
  command.child.kill('SIGINT');
  await command.ended;
  expect(found(sealed)).toEqual([]);
  // The search finds what is there.
  expect(found(plain)).toEqual(needles);
  expect(found(filesOf(out))).toEqual([]);
});

it('makes a rate that nobody can reach invalid, and says what to do', async () => {
  const { result, ended } = await measure([
    ...[LONG, '--quiet', '--set', 'arrivals.rate=50k/s', '--set', 'phases=[{for: 500ms}]'],
    ...['--set', 'compare.blocks=2', '--set', 'connections.maxInFlight=100'],
  ]);
  expect(ended.code).toBe(3);
  for (const { verdict, unissued } of result.arms) {
    expect(verdict.value).toBe('invalid');
    expect(unissued).toBeGreaterThan(1000);
    expect(verdict.reasons.join()).toContain('Lower arrivals.rate');
  }
  expect(ended.stdout).toContain('invalid');
});

it.each([
  ['run', [NOTHING, '--json', '--quiet']],
  ['schema', []],
])('%s takes a reader that goes away without a word', async (command, args) => {
  const { child, ended } = start([command, ...args]);
  child.stdout!.destroy();
  const { code, stderr } = await ended;
  expect(stderr).toBe('');
  expect([0, 3]).toContain(code);
});

it('leaves no report directory of a run that measured nothing', async () => {
  const out = join(folder, 'nothing');
  const env = { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret' };
  const target = [
    '--target',
    'http://127.0.0.1:1',
    '--set',
    'system=null',
    '--set',
    'table.encryption=aws-owned',
  ];
  const { code } = await sealbench(['run', workload('smoke'), '--out', out, ...target], { env });
  expect(code).toBe(2);
  expect(existsSync(out)).toBe(false);
});
