/** Bad input: one message that says what, where and what to do; exit 2; nothing on stdout; no stack trace. */
import { mkdirSync, mkdtempSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type CommandOptions, type Ended, folder, leftovers, measure, sealbench, workload } from './cli.ts';

const smoke = workload('smoke');
const GOOD = 'name: x\narrivals: { rate: 10/s }\nphases: [{ for: 1s }]\n';

/** A file beside the others of this test. @returns its path */
function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function expectRefusal({ code, stdout, stderr }: Ended, ...says: (string | RegExp)[]): void {
  for (const text of says) expect(stderr).toMatch(text);
  expect(stderr).not.toMatch(/^\s+at .*:\d+/m);
  expect(stderr).not.toContain('defect');
  expect(stdout).toBe('');
  expect(code).toBe(2);
}

describe('a workload', () => {
  it.each([
    ['malformed', 'name: x\n  bad: [\n', [/malformed\.yaml:1: malformed YAML/]],
    ['empty', '', [/empty\.yaml: the file is empty\. A workload has/]],
    [
      'unknown-field',
      `${GOOD}bogus: 1\n`,
      [/unknown-field\.yaml:4: bogus: unknown field\. Known here: name/],
    ],
    ['unit', 'name: x\narrivals: { rate: 10 }\nphases: [{ for: 3 }]\n', [/:2: .*Write 10\/s/, /:3: .*got 3/]],
    [
      'unmeasured',
      GOOD.replace('1s', '1s, measured: false'),
      [/:3: phases: there is no measured phase\. Add/],
    ],
    ['impossible', `${GOOD}driver: envelope\nsign: true\n`, [/:5: sign: .*Remove it/]],
  ])('%s: refused, with its line', async (name, text, says) => {
    expectRefusal(await sealbench(['run', file(`${name}.yaml`, text)]), ...says);
  });

  it('that is missing, a directory or huge is refused', async () => {
    expectRefusal(
      await sealbench(['run', 'missing.yaml']),
      /missing\.yaml: .*no such file\. Name a workload/,
    );
    expectRefusal(await sealbench(['run', folder]), /directory\. Name a workload/);
    const huge = file('huge.yaml', GOOD);
    truncateSync(huge, 2 ** 32);
    expectRefusal(await sealbench(['run', huge]), /huge\.yaml: .*larger than 256 KiB/);
  });

  it('with several flaws is told of all of them at once', async () => {
    const { stderr } = await sealbench([
      'run',
      file('flaws.yaml', 'name: x\narrivals: { rate: x }\nphases: []\n'),
    ]);
    expect(stderr.trim().split('\n')).toHaveLength(2);
  });
});

describe('an option', () => {
  it.each<[string[], RegExp]>([
    [['--set', 'seed'], /--set: expected path=value, got "seed"\. Write/],
    [['--set', 'bogus=1'], /--set bogus: .*unknown field/],
    [['--set', 'arrivals.rate=[1'], /--set arrivals\.rate: the value is not YAML/],
    [['--set', 'phases[9].for=1s'], /--set phases\[9\]\.for: .*0/],
    [['--seed', '-1'], /--seed.*whole number/],
    [['--seed', '1.5'], /--seed.*whole number/],
    [['--lanes', '0'], /--lanes.*1 to 10000/],
    [['--lanes', 'many'], /--lanes.*whole number/],
    [['--bogus'], /unknown option '--bogus'[\s\S]*--help/],
    [['--target', 'localhost:8000'], /--target.*http/],
    [['--kms', 'http://127.0.0.1:1'], /--kms.*(target|embedded)/],
  ])('run %j is refused', async (args, says) => {
    expectRefusal(await sealbench(['run', smoke, '--dry-run', ...args]), says);
  });

  it.each<[string[], RegExp]>([
    [['bogus'], /unknown command 'bogus'[\s\S]*--help/],
    [['run'], /missing required argument 'workload'/],
    [['report', 'x.json'], /--format/],
    [['diff', 'x.json'], /missing required argument 'b'/],
    [['serve', '--port', '70000'], /--port.*0 to 65535/],
    [['serve', '--callers', '0'], /--callers.*1 to 10000/],
    [['serve', '--region', 'nowhere at all'], /--region/],
    [[], /Usage: sealbench/],
  ])('%j is refused', async (args, says) => {
    expectRefusal(await sealbench(args), says);
  });
});

describe('a target', () => {
  const env = { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret' };
  const remote = (url: string, options?: CommandOptions) =>
    sealbench(
      ['run', smoke, '--quiet', '--out', mkdtempSync(join(folder, 'out-')), '--target', url].concat([
        ...['--set', 'system=null', '--set', 'table.encryption=aws-owned'],
      ]),
      { env, ...options },
    );

  it('that does not answer is unreachable', async () => {
    expectRefusal(
      await remote('http://127.0.0.1:1'),
      /http:\/\/127\.0\.0\.1:1: no answer.*\. Check that it is running/,
    );
    expectRefusal(await remote('http://does-not-exist.invalid'), /no answer \(E\w+\).*\. Check/);
  });

  it('that is no such server is said to speak something else', async () => {
    const other = createServer((socket) => socket.end('SSH-2.0-OpenSSH\r\n'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    expectRefusal(await remote(`http://127.0.0.1:${port}`), `http://127.0.0.1:${port}: no answer`);
    other.close();
  });

  it('without credentials says which variables to set', async () => {
    expectRefusal(await remote('http://127.0.0.1:1', { env: {} }), /AWS_ACCESS_KEY_ID.*Set them/);
  });
});

describe('--out', () => {
  it.each([
    ['a file', () => file('taken', '')],
    ['below a file', () => join(file('taken', ''), 'x')],
    ['where nothing can be made', () => '/proc/sealbench/x'],
  ])('that is %s is refused before anything is started', async (_, path) => {
    const ended = await sealbench(['run', smoke, '--out', path()]);
    expectRefusal(ended, /can't be written \(E\w+\)\. Give a directory.*--out/);
    expect(ended.stderr).not.toContain('starting servers');
  });
});

describe('a result file', () => {
  let good: string;
  beforeAll(async () => {
    const nothing =
      'name: x\ndriver: noop\narrivals: { rate: 9/s }\nphases: [{ for: 200ms }]\ncompare: { blocks: 2 }\n';
    good = join((await measure([file('nothing.yaml', nothing), '--quiet'])).out, 'result.json');
  });

  it.each([
    [
      'of another schema',
      (text: string) => text.replace('sealbench/result/1', 'sealbench/result/9'),
      /reads sealbench\/result\/1/,
    ],
    ['cut off', (text: string) => text.slice(0, 1000), /cut off\. Copy it again/],
    ['not JSON', () => 'hello', /not JSON\. Give a result\.json/],
    ['other JSON', () => '{"a":1}', /not a sealbench result/],
    ['edited', (text: string) => text.replace('"arms":[', '"arms":[7,'), /not a complete .*arms/],
  ])('%s is refused by report or diff', async (name, damage, says) => {
    const bad = file(`${name}.json`, damage(readFileSync(good, 'utf8')));
    const command = name === 'cut off' ? ['diff', good, bad] : ['report', bad, '--format', 'md'];
    expectRefusal(await sealbench(command), `${name}.json`, says);
  });

  it('that is missing, a directory or huge is refused', async () => {
    mkdirSync(join(folder, 'folder'), { recursive: true });
    const huge = file('huge.json', '{');
    truncateSync(huge, 2 ** 32);
    const format = ['--format', 'md'];
    expectRefusal(await sealbench(['report', 'missing.json', ...format]), /missing\.json: .*no such file/i);
    expectRefusal(
      await sealbench(['report', 'folder', ...format]),
      /folder: .*directory\. Give the result\.json/,
    );
    expectRefusal(await sealbench(['report', huge, ...format]), /no result is larger/);
  });

  it('in an unknown format, or to a place that can not be written, is refused', async () => {
    expectRefusal(
      await sealbench(['report', good, '--format', 'bogus']),
      /--format: unknown format 'bogus'\. There are: md/,
    );
    const nowhere = join(good, 'x');
    expectRefusal(
      await sealbench(['report', good, '--format', 'md', '-o', nowhere]),
      /--output .*: can't be written/,
    );
  });
});

it('leaves no temporary directory behind', () => {
  expect(leftovers()).toEqual([]);
});
