import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { InputError } from '../../src/std/errors.ts';
import { loadWorkload, parseWorkload, workloadJsonSchema } from '../../src/workload/workload.ts';

const WORKLOADS = new URL('../../workloads/', import.meta.url);
const SCHEMA_LINE = '# yaml-language-server: $schema=workload.schema.json\n';

describe('the workloads that come with the project', async () => {
  const files = (await readdir(WORKLOADS)).filter((file) => file.endsWith('.yaml'));
  const committed = JSON.parse(await readFile(new URL('workload.schema.json', WORKLOADS), 'utf8'));

  test.each(files)('%s resolves, under the name of its file', async (file) => {
    const workload = await loadWorkload(new URL(file, WORKLOADS).pathname);
    expect(`${workload.name}.yaml`).toBe(file);
  });

  test.each(files)('%s has its schema in the first line, and fits it', async (file) => {
    const text = await readFile(new URL(file, WORKLOADS), 'utf8');
    expect(text.slice(0, SCHEMA_LINE.length)).toBe(SCHEMA_LINE);
    expect(z.fromJSONSchema(committed).safeParse(parse(text)).error?.issues).toBeUndefined();
  });

  test('the committed JSON Schema is the current one', () => {
    expect(committed).toEqual(workloadJsonSchema());
  });
});

test('editors have a description of every field', () => {
  const silent: string[] = [];
  const visit = (node: unknown, path: string) => {
    if (typeof node !== 'object' || node === null) return;
    const { properties, description, $ref } = node as Record<string, unknown>;
    const isField = path.includes('properties.') && /properties\.[^.]+$/.test(path);
    if (isField && description === undefined && $ref === undefined) silent.push(path);
    for (const [key, value] of Object.entries(properties ?? {})) visit(value, `${path}.properties.${key}`);
    for (const [key, value] of Object.entries(node)) if (key !== 'properties') visit(value, `${path}.${key}`);
  };
  visit(workloadJsonSchema(), 'schema');
  expect(silent).toEqual([]);
});

describe('any text is a workload or an InputError', () => {
  const outcome = (text: string, set: string[] = []) => {
    try {
      parseWorkload(text, 'w.yaml', { set });
      return 'workload';
    } catch (error) {
      if (error instanceof InputError) return error.code;
      throw error;
    }
  };
  const field = fc.constantFrom(
    ...[
      'name',
      'driver',
      'target',
      'kms',
      'callers',
      'connections',
      'sign',
      'system',
      'table',
      'keys',
      'operations',
    ],
    ...[
      'arrivals',
      'phases',
      'arms',
      'compare',
      'seed',
      'cost',
      'mode',
      'tls',
      'for',
      'rate',
      'loop',
      'latency',
      'p50',
    ],
    ...[
      '__proto__',
      'constructor',
      'toString',
      'keyCache',
      'concurrency',
      'measured',
      'base',
      'blocks',
      'popularity',
    ],
  );
  const scalar = fc.constantFrom<unknown>(
    ...[
      '5s',
      '100/s',
      '1KiB',
      '10k',
      'fresh',
      'closed',
      'open',
      'zipf 2',
      'http://h',
      'envelope',
      'customer-managed',
    ],
    ...[0, 1, -1, 1.5, 1e300, Number.NaN, Number.POSITIVE_INFINITY, true, false, null, '', '\u0000', '💥'],
  );
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      scalar,
      fc.array(tie('value'), { maxLength: 3 }),
      fc.array(fc.tuple(field, tie('value')), { maxLength: 5 }).map((entries) => {
        const map = Object.create(null) as Record<string, unknown>;
        for (const [key, entry] of entries) map[key] = entry;
        return map;
      }),
    ),
  }));

  test('structures out of the words of the language', () => {
    const sound = { name: 'x', arrivals: { rate: '1/s' }, phases: [{ for: '5s' }] };
    const outcomes = new Set<string>();
    const property = fc.property(fc.array(fc.tuple(field, value), { maxLength: 6 }), (entries) => {
      const file = Object.assign(
        Object.create(null),
        sound,
        ...entries.map(([key, entry]) => ({ [key]: entry })),
      );
      outcomes.add(outcome(JSON.stringify(file)));
    });
    fc.assert(property, { seed: 11, numRuns: 1500 });
    expect([...outcomes].sort()).toEqual(['E_WORKLOAD', 'workload']);
  });

  test('characters that mean something in YAML', () => {
    const text = fc.array(fc.constantFrom(...'abn: -?[]{}&*!|>%@`#\'"\\\n\t,.0\u0085'), { maxLength: 60 });
    fc.assert(
      fc.property(text, (characters) => {
        expect(outcome(characters.join(''))).toBe('E_WORKLOAD');
      }),
      { seed: 12, numRuns: 1500 },
    );
  });

  test('a sound file with bytes changed, and any --set', () => {
    const sound =
      'name: x\narrivals: { rate: 100/s }\nphases:\n  - { for: 15s }\narms: { a: {}, b: { sign: false } }\n';
    const change = fc.tuple(fc.nat(sound.length), fc.string({ maxLength: 3 }), fc.string({ maxLength: 20 }));
    const property = fc.property(change, field, ([at, text, set], path) => {
      outcome(sound.slice(0, at) + text + sound.slice(at + 1), [`${path}=${set}`, set]);
      outcome(sound, [`${path}=${set}`]);
    });
    expect(() => fc.assert(property, { seed: 13, numRuns: 700 })).not.toThrow();
  });
});

describe('loading', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sealbench-workload-'));
  });
  afterAll(() => rm(directory, { recursive: true }));

  test.each([
    ['a file that is not there', () => join(directory, 'none.yaml'), 'there is no such file.'],
    ['a directory', () => directory, 'this is a directory.'],
    ['an endless device', () => '/dev/zero', 'the file is larger than 256 KiB.'],
  ])('%s', async (_, path, what) => {
    const problem = { what, where: path(), remedy: 'Name a workload file (YAML).' };
    await expect(loadWorkload(path())).rejects.toMatchObject({ code: 'E_WORKLOAD', problems: [problem] });
  });

  test('a file of one byte too many', async () => {
    const path = join(directory, 'large.yaml');
    await writeFile(path, `#${'x'.repeat(2 ** 18)}`);
    await expect(loadWorkload(path)).rejects.toThrow('larger than 256 KiB');
  });

  test('messages carry the path as it was given', async () => {
    const path = join(directory, 'typo.yaml');
    await writeFile(path, 'name: x\nphase: []\n');
    await expect(loadWorkload(path)).rejects.toThrow(
      `${path}:2: phase: unknown field. Did you mean 'phases'?`,
    );
  });
});
