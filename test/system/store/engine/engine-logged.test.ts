import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Engine } from '../../../../src/system/store/engine/engine.ts';
import { LmdbEngine } from '../../../../src/system/store/engine/engine-lmdb.ts';
import { LoggedEngine } from '../../../../src/system/store/engine/engine-logged.ts';

/** More than half a log has room for. */
const HUGE_BYTES = 5_000_000;

let directory: string;
let engine: Engine;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sealbench-logged-'));
  engine = new LoggedEngine(join(directory, 'store'));
});
afterEach(async () => {
  await engine.close();
  rmSync(directory, { recursive: true, force: true });
});

const keyOf = (number: number) => Buffer.of(1, number);
const everything = { start: Buffer.of(1), end: Buffer.of(2), includeStart: true };

function put(number: number, value: Buffer): Promise<void> {
  return engine.write((transaction) => transaction.put(keyOf(number), value));
}

/** What an engine finds that opens what a crash at this moment would leave. */
async function afterCrash(spoil: (log: Buffer) => void = () => {}): Promise<Map<number, Buffer>> {
  const copy = mkdtempSync(join(directory, 'copy-'));
  cpSync(join(directory, 'store'), copy, { recursive: true });
  const log = join(copy, 'commits.log');
  const bytes = readFileSync(log);
  spoil(bytes);
  writeFileSync(log, bytes);
  const survivor = new LmdbEngine(copy);
  const found = recordsOf(survivor);
  await survivor.close();
  return found;
}

function recordsOf(from: Engine): Map<number, Buffer> {
  from.refresh();
  return new Map([...from.range(everything)].map(({ key, value }) => [key[1]!, Buffer.from(value)]));
}

it('agrees with a map, whatever the order of changes, closing and reopening', async () => {
  const value = fc.oneof(
    { weight: 9, arbitrary: fc.nat(3000) },
    { weight: 1, arbitrary: fc.constant(HUGE_BYTES) },
    { weight: 4, arbitrary: fc.constant(900_000) },
  );
  const step = fc.oneof(
    { weight: 8, arbitrary: fc.array(fc.tuple(fc.nat(40), fc.option(value)), { maxLength: 6 }) },
    { weight: 1, arbitrary: fc.constant('reopen' as const) },
  );
  const model = new Map<number, Buffer>();
  const check = () => {
    const found = recordsOf(engine);
    expect([...found.keys()]).toEqual([...model.keys()].sort((a, b) => a - b));
    for (const [number, expected] of model) {
      expect(found.get(number)!.equals(expected)).toBe(true);
      expect(engine.get(keyOf(number))!.equals(expected)).toBe(true);
    }
  };
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      for (const changes of steps) {
        if (changes === 'reopen') {
          await engine.close();
          engine = new LoggedEngine(join(directory, 'store'));
        } else {
          // At once, so that they are one commit or several.
          const writes = changes.map(([number, bytes]) =>
            engine.write((transaction) => {
              const before = transaction.get(keyOf(number));
              expect(before?.length).toBe(model.get(number)?.length);
              if (bytes === null) {
                transaction.remove(keyOf(number));
                model.delete(number);
              } else {
                const bytesOf = Buffer.alloc(bytes, number + 1);
                transaction.put(keyOf(number), bytesOf);
                model.set(number, bytesOf);
              }
            }),
          );
          await Promise.all(writes);
        }
        check();
      }
    }),
    { seed: 5, numRuns: 40 },
  );
}, 60_000);

it('has after a crash what was acknowledged, before LMDB has it', async () => {
  for (let round = 1; round <= 3; round++) {
    await Promise.all([1, 2, 3].map((number) => put(number, Buffer.of(number, round))));
    await engine.write((transaction) => transaction.remove(keyOf(2)));
    expect(await afterCrash()).toEqual(
      new Map([
        [1, Buffer.of(1, round)],
        [3, Buffer.of(3, round)],
      ]),
    );
  }
});

it('ends at a commit that a crash cut short', async () => {
  await put(1, Buffer.from('first'));
  await put(2, Buffer.from('second'));
  const spoiled = await afterCrash((log) => {
    log[log.indexOf('second')]! ^= 1;
  });
  expect(spoiled).toEqual(new Map([[1, Buffer.from('first')]]));
});

it('takes nothing that an earlier generation left behind the last commit', async () => {
  // Generations 1 and 3 share a half, and so do their first commits a place: one of 1 follows the one of 3.
  for (const value of ['1', '2', '3']) {
    await put(1, Buffer.from(value));
    if (value === '3') break;
    await put(2, Buffer.from(value));
    await engine.close();
    engine = new LoggedEngine(join(directory, 'store'));
  }
  expect(readFileSync(join(directory, 'store', 'commits.log')).includes('\x01\x021')).toBe(true);
  expect(await afterCrash()).toEqual(
    new Map([
      [1, Buffer.from('3')],
      [2, Buffer.from('2')],
    ]),
  );
});

it('shows a change to others only when it is durable', async () => {
  const written = put(1, Buffer.of(1));
  expect(engine.get(keyOf(1))).toBeUndefined();
  const refused = engine.write((transaction) => {
    expect(transaction.get(keyOf(1))).toEqual(Buffer.of(1));
    throw new Error('exists');
  });
  let heard = false;
  const hearing = refused.catch(() => {
    heard = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  // It came of what is not durable yet.
  expect(heard).toBe(engine.get(keyOf(1)) !== undefined);
  await Promise.all([written, hearing]);
  expect(engine.get(keyOf(1))).toEqual(Buffer.of(1));
});
