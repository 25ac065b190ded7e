import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../src/std/errors.ts';
import { loadWorkload } from '../../src/workload/workload.ts';

const folder = mkdtempSync(join(tmpdir(), 'sealbench-traces-'));
const TWITTER = '10,k1,2,60,a,get,0\n11,k2,2,70,b,set,0\n14,k1,2,60,a,get,0\n';

async function load(lines: string, trace = TWITTER) {
  writeFileSync(join(folder, 'recorded'), trace);
  const path = join(folder, 'w.yaml');
  writeFileSync(path, `name: replay\n${lines}\n`);
  return loadWorkload(path);
}

async function problems(lines: string, trace?: string): Promise<string[]> {
  const error = await load(lines, trace).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof InputError)) throw error ?? new Error('this was accepted');
  return error.problems.map(({ where, what }) => `${where?.split(':').at(-1)}: ${what}`);
}

const FILE = 'trace: { file: recorded, format: twitter';

describe('a trace', () => {
  test('decides the callers, the items, and how long it lasts', async () => {
    const [arm] = (await load(`${FILE}, speed: 2 }`)).arms;
    expect(arm).toMatchObject({
      callers: 2,
      table: { items: 2 },
      arrivals: { loop: 'open', process: 'recorded' },
      phases: [{ name: 'trace', duration_ns: 2.5e9, rate: null, operations: null, measured: true }],
      trace: { file: join(folder, 'recorded'), speed: 2, survey: { records: 3, tick_us: 1e6 } },
    });
  });

  test('yields to what is written', async () => {
    const lines = `${FILE} }\ncallers: 9\ntable: { items: 50 }\nphases: [ { for: 2s, measured: false }, { for: 2s } ]`;
    expect((await load(lines)).arms[0]).toMatchObject({ callers: 9, table: { items: 50 }, phases: [{}, {}] });
  });

  test('as fast as answers come is a closed loop by count', async () => {
    const [arm] = (await load(`${FILE}, speed: max }\nconnections: { perCaller: 3 }\ncompare: { blocks: 1 }`))
      .arms;
    expect(arm).toMatchObject({
      arrivals: { loop: 'closed', concurrency: 6 },
      phases: [{ duration_ns: null, operations: 3 }],
      trace: { speed: null },
    });
  });
});

describe('refused', () => {
  test.each([
    ['arrivals: { rate: 5/s }', 'arrivals.rate: the trace decides this.'],
    ['arrivals: { process: poisson }', 'arrivals.process: the trace decides this.'],
    ['operations: { get: 1 }', 'operations: the trace decides this.'],
    ['keys: { popularity: uniform }', 'keys.popularity: the trace decides this.'],
    [
      'arrivals: { loop: closed, concurrency: 2 }',
      'arrivals: at recorded times there are no users that wait for answers.',
    ],
    ['phases: [ { count: 50 } ]', 'phases[0].count: at recorded times a phase lasts for a time.'],
    ['phases: [ { for: 2s, rate: 5/s } ]', 'phases: the trace decides the rate of every phase.'],
  ])('%s', async (lines, problem) => {
    expect(await problems(`${FILE} }\n${lines}`)).toEqual([`3: ${problem}`]);
  });

  test('records by chance', async () => {
    const lines = `${FILE}, speed: max }\nphases: [ { for: 1s, measured: false }, { count: 2 } ]\ncompare: { blocks: 1 }`;
    expect(await problems(lines)).toEqual([
      '3: phases: some phases go by time and some by count: which records a count begins with would be chance.',
    ]);
  });

  test('a CSV file without its columns, columns where they are known', async () => {
    expect(await problems('trace: { file: recorded }', '1,a\n')).toEqual([
      '2: trace.columns: a CSV file needs to be told where it has what.',
    ]);
    expect(await problems(`${FILE}, columns: { time: 1, key: 2 } }`)).toEqual([
      "2: trace.columns: format 'twitter' has its columns, units and words by itself.",
    ]);
  });

  test('a file that is not there, and one that is something else', async () => {
    expect(await problems('trace: { file: nowhere, format: twitter }')).toEqual([
      `2: trace.file: ${join(folder, 'nowhere')}: there is no such file.`,
    ]);
    expect(await problems(`${FILE} }`, 'GET / HTTP/1.1\n')).toEqual([
      '2: trace.file: there is no record in it (line 1: 1 fields where there should be 7).',
    ]);
    expect(await problems('trace: { file: recorded, columns: { time: t, key: k } }', 'a,b\n1,2\n')).toEqual([
      '2: trace.file: there is no column "t"; the first line has "a", "b".',
    ]);
  });

  test('more broken lines than one in a hundred', async () => {
    const good = '1,k,2,60,a,get,0\n'.repeat(99);
    expect((await load(`${FILE} }`, `${good}x\n`)).arms[0]!.trace!.survey.broken).toBe(1);
    expect(await problems(`${FILE} }`, `${good}x\ny\n`)).toEqual([
      '2: trace.file: 2 of 101 lines are no records (line 100: 1 fields where there should be 7; line 101: 1 fields where there should be 7); 1 % are let pass.',
    ]);
  });
});
