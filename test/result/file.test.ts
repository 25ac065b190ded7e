import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildResult, type Result, readHdr, readResult, serialiseResult } from '../../src/result/result.ts';
import { InputError } from '../../src/std/errors.ts';
import type { WorkloadEvent } from '../../src/workload/workload.ts';
import { fakeRun } from './evidence.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sealbench-result-'));
});
afterAll(() => rm(directory, { recursive: true }));

const result = buildResult(fakeRun([{ name: 'keep-alive' }, { name: 'fresh', mode: 'fresh', p50_ms: 6 }]));

/** The first arm with something that happened to it. */
function withEvent(event: WorkloadEvent): Result {
  const times = { began_ns: 4e9, ended_ns: 4.01e9, observed: [], error: null };
  const answers = {
    first_failure_ns: null,
    last_failure_ns: null,
    last_success_ns: null,
    first_success_ns: 1e6,
  };
  const window = {
    from_ns: 0,
    to_ns: 4e9,
    operations: 9,
    errors: 0,
    p50: null,
    p90: null,
    p99: null,
    max: 1e6,
  };
  const happened = { events: [{ event, ...times, ...answers }], unplayed: 0, windows: [window] };
  const [first, ...others] = result.arms;
  return { ...result, arms: [{ ...first!, happened }, ...others] };
}

async function written(text: string): Promise<string> {
  const path = join(directory, 'result.json');
  await writeFile(path, text);
  return path;
}

async function refusal(path: string): Promise<string> {
  const error = await readResult(path).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(InputError);
  expect((error as InputError).code).toBe('E_RESULT_FILE');
  expect((error as InputError).problems[0]!.where).toBe(path);
  return (error as InputError).message;
}

describe('a result file', () => {
  it('reads back as it was written', async () => {
    expect(await readResult(await written(serialiseResult(result)))).toEqual(
      JSON.parse(JSON.stringify(result)),
    );
  });

  it('reads what happened, also as it was written before anything was observed', async () => {
    const newer = withEvent({ at_ns: 4e9, do: 'wipe-cache' });
    const older = JSON.stringify(newer).replace('"observed":[],', '');
    expect(older).not.toContain('observed');
    for (const text of [JSON.stringify(newer), older]) {
      expect((await readResult(await written(text))).arms[0]!.happened).toEqual(newer.arms[0]!.happened);
    }
  });

  it('keeps fields that a newer version added', async () => {
    const newer = { ...result, extra: 1, arms: [{ ...result.arms[0], weather: { rain_mm: 5 } }] };
    const read = await readResult(await written(JSON.stringify(newer)));
    expect(read).toMatchObject({ extra: 1, arms: [{ weather: { rain_mm: 5 } }] });
  });
});

describe('what is no result file is refused', () => {
  it.each([
    ['not JSON', 'latency: 5ms', 'This is not JSON.'],
    ['empty', '', 'This is not JSON.'],
    ['cut off', serialiseResult(result).slice(0, 5000), 'the file was cut off'],
    ['another JSON file', '{"name":"sealbench"}', 'This JSON is not a sealbench result: it has no schema.'],
    ['a JSON scalar', '42', 'it has no schema'],
    ['of another tool', '{"schema":"k6/1"}', 'its schema is "k6/1"'],
    [
      'of another version',
      '{"schema":"sealbench/result/2"}',
      'this version reads sealbench/result/1. Use the sealbench version that wrote it',
    ],
    ['incomplete', '{"schema":"sealbench/result/1"}', 'not a complete sealbench/result/1 file'],
    [
      'with events that are none',
      serialiseResult(withEvent({ do: 'wipe-cache' } as never)),
      'arms[0].happened.events[0].event.at_ns',
    ],
    [
      'damaged',
      serialiseResult({
        ...result,
        arms: [{ ...result.arms[0]!, rate: { achieved_per_s: 'fast' } as never }],
      }),
      'arms[0].rate.planned_per_s',
    ],
  ])('%s', async (_, text, message) => {
    expect(await refusal(await written(text))).toContain(message);
  });

  it('missing', async () => {
    expect(await refusal(join(directory, 'none.json'))).toContain('There is no such file.');
  });

  it('a directory', async () => {
    expect(await refusal(directory)).toContain('This is a directory.');
  });

  it('too large, without reading it', async () => {
    expect(await refusal(await written(' '.repeat(20_000_001)))).toContain('no result is larger than 20 MB');
  });

  it('with a histogram that is none, once that is needed', () => {
    expect(() => readHdr('bm9uc2Vuc2U=')).toThrow(InputError);
    expect(() => readHdr('')).toThrow(InputError);
  });
});

describe('a result too large for its file', () => {
  const large = buildResult(fakeRun([{ name: 'a' }, { name: 'b', mode: 'fresh' }], { blocks: 40 }));
  const size = serialiseResult(large).length;
  const fitted = (bytes_max: number) => JSON.parse(serialiseResult(large, bytes_max)) as Result;

  it('merges neighbouring blocks, of all arms alike, and loses no operation', () => {
    const { arms } = fitted(Math.round(size * 0.8));
    expect(serialiseResult(large, Math.round(size * 0.8)).length).toBeLessThanOrEqual(size * 0.8);
    expect(arms[0]!.blocks.length).toBeLessThan(40);
    expect(arms[1]!.blocks.map((block) => block.block)).toEqual(arms[0]!.blocks.map((block) => block.block));
    for (const arm of arms) {
      expect(arm.blocks.reduce((sum, block) => sum + block.operations, 0)).toBe(6000);
      expect(arm.blocks.reduce((sum, block) => sum + readHdr(block.service_hdr).count, 0)).toBe(6000);
    }
    expect(arms[1]!.blocks.reduce((sum, block) => sum + block.kms_calls!, 0)).toBe(6000);
  });

  it('leaves blocks out when five are still too many', () => {
    const without = { ...large, arms: large.arms.map((arm) => ({ ...arm, blocks: [] })) };
    expect(fitted(serialiseResult(without).length).arms.map((arm) => arm.blocks)).toEqual([[], []]);
  });

  it('is refused when nothing helps', () => {
    expect(() => serialiseResult(large, 1000)).toThrow(/does not fit.*fewer arms/);
  });
});
