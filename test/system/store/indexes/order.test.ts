import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bytesAfter,
  entryOrder,
  entryRange,
  groupedBytes,
} from '../../../../src/system/store/indexes/order.ts';
import { MAX_PAGE_BYTES } from '../../../../src/system/store/items/directory-page.ts';

const LOCATOR_BYTES = 20;
const MAX_SORT_KEY_BYTES = 1024;
/** Short ones of few letters, so that many begin as others do. */
const sortKeys = fc
  .array(fc.constantFrom(0, 1, 9, 0xfe, 0xff), { maxLength: 20 })
  .map((bytes) => Buffer.from(bytes));
const locators = fc
  .uint8Array({ minLength: LOCATOR_BYTES, maxLength: LOCATOR_BYTES })
  .map((bytes) => Buffer.from(bytes));

describe('the order of index entries', () => {
  it('is that of the sort keys, then of the locators', () => {
    fc.assert(
      fc.property(sortKeys, locators, sortKeys, locators, (sortA, locatorA, sortB, locatorB) => {
        const wanted = Buffer.compare(sortA, sortB) || Buffer.compare(locatorA, locatorB);
        expect(Buffer.compare(entryOrder(sortA, locatorA), entryOrder(sortB, locatorB))).toBe(wanted);
      }),
      { seed: 3, numRuns: 2000 },
    );
  });

  it('keeps to a range of sort keys, whatever the locators', () => {
    const bounds = fc.record({ sort: sortKeys, inclusive: fc.boolean() });
    fc.assert(
      fc.property(bounds, bounds, sortKeys, locators, (from, to, sort, locator) => {
        const range = entryRange({ from, to });
        const order = entryOrder(sort, locator);
        const above = Buffer.compare(order, range.from!.sort) >= 0;
        const below = Buffer.compare(order, range.to!.sort) < 0;
        const toFrom = Buffer.compare(sort, from.sort);
        const toTo = Buffer.compare(sort, to.sort);
        expect(above).toBe(toFrom > 0 || (toFrom === 0 && from.inclusive));
        expect(below).toBe(toTo < 0 || (toTo === 0 && to.inclusive));
      }),
      { seed: 4, numRuns: 2000 },
    );
  });

  it('lets three of the longest sort keys into a directory’s page', () => {
    const order = entryOrder(Buffer.alloc(MAX_SORT_KEY_BYTES), Buffer.alloc(LOCATOR_BYTES));
    expect(3 * (2 + order.length + LOCATOR_BYTES)).toBeLessThan(MAX_PAGE_BYTES - 5);
    expect(groupedBytes(Buffer.alloc(0))).toEqual(Buffer.alloc(9));
  });

  it('knows the bytes after all that begin alike', () => {
    expect(bytesAfter(Buffer.of(1, 2))).toEqual(Buffer.of(1, 3));
    expect(bytesAfter(Buffer.of(1, 0xff))).toEqual(Buffer.of(2));
    expect(bytesAfter(Buffer.of(0xff))).toBeUndefined();
  });
});
