import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InputError } from '../../../../src/std/errors.ts';
import type { Engine } from '../../../../src/system/store/engine/engine.ts';
import { LmdbEngine } from '../../../../src/system/store/engine/engine-lmdb.ts';
import { LoggedEngine } from '../../../../src/system/store/engine/engine-logged.ts';
import { MemoryEngine } from '../../../../src/system/store/engine/engine-memory.ts';
import { hostOf } from '../../../../src/system/store/keys/key-access.ts';

const keyOf = (number: number) => Buffer.of(1, number);

describe.each(['memory', 'lmdb', 'logged lmdb'])('engine: %s', (kind) => {
  let directory: string;
  let engine: Engine;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'sealbench-engine-'));
    engine =
      kind === 'memory'
        ? new MemoryEngine()
        : kind === 'lmdb'
          ? new LmdbEngine(directory)
          : new LoggedEngine(directory);
  });
  afterEach(async () => {
    await engine.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('shows its own commits to whoever refreshes, and says that there is something new', async () => {
    for (let round = 1; round <= 20; round++) {
      engine.refresh();
      engine.get(keyOf(1));
      const { snapshot } = engine;
      await engine.write((transaction) => transaction.put(keyOf(1), Buffer.of(round)));
      engine.refresh();
      expect(engine.snapshot).not.toBe(snapshot);
      expect(engine.get(keyOf(1))).toEqual(Buffer.of(round));
    }
  });

  it('keeps values of any size', async () => {
    for (const bytes of [0, 1, 4096, 70_000, 500_000]) {
      const value = Buffer.alloc(bytes, bytes % 251);
      await engine.write((transaction) => transaction.put(keyOf(1), value));
      expect(engine.get(keyOf(1))!.equals(value)).toBe(true);
    }
    const held = engine.get(keyOf(1))!;
    await engine.write((transaction) => transaction.put(keyOf(2), Buffer.alloc(500_000, 7)));
    engine.get(keyOf(2));
    expect(held.equals(Buffer.alloc(500_000, 500_000 % 251))).toBe(true);
  });

  it('keeps all of a change or nothing, also among others', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 30 }, (_, i) =>
        engine.write((transaction) => {
          const count = transaction.get(keyOf(0))?.readUInt32BE() ?? 0;
          const next = Buffer.alloc(4);
          next.writeUInt32BE(count + 1);
          transaction.put(keyOf(0), next);
          expect(transaction.get(keyOf(0))).toEqual(next);
          transaction.remove(keyOf(9));
          expect(transaction.get(keyOf(9))).toBeUndefined();
          if (i % 3 === 0) throw new Error('no');
          return count;
        }),
      ),
    );
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(10);
    expect(engine.get(keyOf(0))!.readUInt32BE()).toBe(20);
    const counts = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    expect(counts).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });

  it('reads ranges as a sorted map does', async () => {
    const change = fc.tuple(fc.nat(255), fc.boolean());
    const range = fc.record({ start: fc.nat(255), end: fc.nat(255), includeStart: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { maxLength: 60 }),
        range,
        async (changes, { start, end, includeStart }) => {
          await engine.write((transaction) => {
            for (let number = 0; number < 256; number++) transaction.remove(keyOf(number));
          });
          const model = new Set<number>();
          for (const [number, put] of changes) {
            if (put) model.add(number);
            else model.delete(number);
          }
          await engine.write((transaction) => {
            for (const [number, put] of changes) {
              if (put) transaction.put(keyOf(number), Buffer.of(number));
              else transaction.remove(keyOf(number));
            }
          });
          const found = [...engine.range({ start: keyOf(start), end: keyOf(end), includeStart })];
          const expected = [...model]
            .filter((number) => number < end && (number > start || (number === start && includeStart)))
            .sort((a, b) => a - b);
          expect(found.map(({ key }) => key[1])).toEqual(expected);
          expect(found.map(({ value }) => value[0])).toEqual(expected);
        },
      ),
      { seed: 3, numRuns: 40 },
    );
  });

  it('opens a view of one moment, which stays as it is whatever is written', async () => {
    const everything = { start: Buffer.of(1), end: Buffer.of(2), includeStart: true };
    const numberAt = (key: Buffer) => engine.get(key)?.readUInt32BE() ?? -1;
    let begun = 0;
    const told = new Map<number, number>();
    let writing = true;
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      while (writing) {
        const value = Buffer.alloc(1 + 100 * writer * writer + 4);
        const number = begun++;
        value.writeUInt32BE(number);
        await engine.write((transaction) => transaction.put(keyOf(writer), value));
        told.set(writer, number);
        await new Promise(setImmediate);
      }
    });
    for (let round = 0; round < 5; round++) {
      for (const seen = begun; begun < seen + 100; ) await new Promise(setImmediate);
      const before = new Map(told);
      const view = await engine.openView();
      const after = begun;
      const contents = () =>
        [...view.range(everything)].map(({ key, value }) => [key[1], value.toString('hex')]);
      const first = contents();
      expect(first).toHaveLength(8);
      for (const [writer, number] of before) {
        const viewed = view.get(keyOf(writer))!.readUInt32BE();
        expect(viewed).toBeGreaterThanOrEqual(number);
        expect(viewed).toBeLessThan(after);
      }
      for (const seen = begun; begun < seen + 100; ) await new Promise(setImmediate);
      expect(contents()).toEqual(first);
      expect(first.map(([writer]) => view.get(keyOf(writer as number))!.toString('hex'))).toEqual(
        first.map(([, value]) => value),
      );
      engine.refresh();
      expect(numberAt(keyOf(3))).toBeGreaterThan(view.get(keyOf(3))!.readUInt32BE());
      view.close();
    }
    writing = false;
    await Promise.all(writers);
  });
});

describe('LMDB', () => {
  it('serves several engines over one directory', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'sealbench-engine-'));
    const [one, other] = [new LmdbEngine(directory), new LmdbEngine(directory)];
    await one.write((transaction) => transaction.put(keyOf(1), Buffer.of(1)));
    other.refresh();
    expect(other.get(keyOf(1))).toEqual(Buffer.of(1));
    await other.write((transaction) => transaction.put(keyOf(1), Buffer.of(2)));
    one.refresh();
    expect(one.get(keyOf(1))).toEqual(Buffer.of(2));
    // At once, within a turn of the event loop that has read already.
    for (let count = 3; count < 50; count++) {
      await other.write((transaction) => transaction.put(keyOf(1), Buffer.of(count)));
      one.refresh();
      expect(one.get(keyOf(1))).toEqual(Buffer.of(count));
    }
    await one.close();
    await other.close();
    rmSync(directory, { recursive: true });
  });

  it('says what is wrong with a directory', () => {
    expect(() => new LmdbEngine('/dev/null/store')).toThrow(InputError);
  });
});

describe('hosts', () => {
  it('get about as many connections each', () => {
    const counts = new Array<number>(8).fill(0);
    for (let connection = 1; connection <= 8_000; connection++) counts[hostOf(connection, 8)]! += 1;
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(200);
  });
});
