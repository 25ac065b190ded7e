import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PlainKeys } from '../../../../src/system/envelope/envelope.ts';
import type { StoreCore } from '../../../../src/system/store/core.ts';
import type { SealedTransaction } from '../../../../src/system/store/followers.ts';
import { tableData } from '../../../../src/system/store/layout.ts';
import {
  compareStamps,
  FIRST,
  readStamp,
  type Stamp,
  writeStamp,
} from '../../../../src/system/store/replicas/stamps.ts';
import { HOUR_MS, has, pair, put, remove, TableName } from './pair.ts';

const stamps: fc.Arbitrary<Stamp> = fc.record({
  ms: fc.integer({ min: 1, max: 2 ** 43 }),
  count: fc.integer({ min: 0, max: 99_999_999 }),
  region: fc.constantFrom('us-east-1', 'eu-west-1', 'ap-southeast-1'),
  removed: fc.boolean(),
});
const locators = fc.uint8Array({ minLength: 20, maxLength: 20 }).map((bytes) => Buffer.from(bytes));

/** Records in a map, sealed by nobody. */
function openLedger() {
  const records = new Map<string, Buffer>();
  const keys = new PlainKeys('table');
  const transaction = {
    get: (key: Buffer) => records.get(key.toString('hex')),
    put: (key: Buffer, value: Buffer) => void records.set(key.toString('hex'), value),
    remove: (key: Buffer) => void records.delete(key.toString('hex')),
  };
  const sealed = {
    table: { number: 7 },
    transaction,
    seal: (structure: string, aad: Buffer, plain: Buffer) => keys.seal(structure, 0, aad, plain),
  } as unknown as SealedTransaction;
  const read = (locator: Buffer) => readStamp(keys, transaction, 7, locator);
  return { records, sealed, read };
}

describe('a stamp', () => {
  test('is read as it was written; of a removal there is one tombstone, while it is the last', () => {
    fc.assert(
      fc.property(locators, fc.array(stamps, { minLength: 1, maxLength: 6 }), (locator, written) => {
        const { records, sealed, read } = openLedger();
        for (const stamp of written) {
          writeStamp(sealed, locator, read(locator), stamp);
          expect(read(locator)).toEqual(stamp);
          expect(records.size).toBe(stamp.removed ? 2 : 1);
        }
      }),
    );
  });

  test('is later or earlier than any other, and later than none at all', () => {
    fc.assert(
      fc.property(stamps, stamps, stamps, (a, b, c) => {
        expect(Math.sign(compareStamps(a, b))).toBe(-Math.sign(compareStamps(b, a)) + 0);
        if (compareStamps(a, b) <= 0 && compareStamps(b, c) <= 0)
          expect(compareStamps(a, c)).toBeLessThanOrEqual(0);
        expect(compareStamps(a, FIRST)).toBeGreaterThan(0);
      }),
    );
  });
});

/** Stamps, tombstones and places of the table, by kind. */
function kinds(core: StoreCore): Record<number, number> {
  const found: Record<number, number> = {};
  const { number } = core.catalog.find(TableName)!;
  for (const { key } of core.engine.range({ ...tableData(number), includeStart: true })) {
    found[key[5]!] = (found[key[5]!] ?? 0) + 1;
  }
  return found;
}

test('that an item was removed is known for a day, in both Regions, and then nothing of it is left', async () => {
  const { here, there, advance } = await pair();
  await put(here, 'gone');
  await advance(1000);
  await remove(there, 'gone');
  await advance(1000);
  await put(here, 'stays');
  await advance(1000);
  const [item, stamp, tombstone, place] = [1, 5, 6, 7];
  for (const core of [here, there]) {
    expect(kinds(core)).toEqual({ [item]: 1, [stamp]: 2, [tombstone]: 1, [place]: 1 });
  }
  await advance(26 * HOUR_MS);
  for (const core of [here, there]) {
    expect(kinds(core)).toEqual({ [item]: 1, [stamp]: 1, [place]: 1 });
    expect(await has(core, 'gone')).toBe(false);
  }
});

test('a write that changes nothing is no change: the other Region, which does not hear of it, wins all the same', async () => {
  const { clock, here, there, advance } = await pair();
  await put(here, 'same');
  await advance(1000);
  const before = kinds(here);
  clock.advance(5);
  await put(here, 'same');
  await advance(1000);
  expect(kinds(here)).toEqual(before);
  await remove(there, 'same');
  await advance(1000);
  expect(await has(here, 'same')).toBe(false);
});
