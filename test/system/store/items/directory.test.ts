import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LOCATOR_BYTES } from '../../../../src/system/envelope/envelope.ts';
import {
  type DirectoryRange,
  directoryEntries,
  insertIntoDirectory,
  type PageStore,
  removeFromDirectory,
} from '../../../../src/system/store/items/directory.ts';
import { decodePage, MAX_PAGE_BYTES } from '../../../../src/system/store/items/directory-page.ts';

class MapPages implements PageStore {
  readonly pages = new Map<number, Buffer>();
  read(id: number): Buffer | undefined {
    const page = this.pages.get(id);
    return page && Buffer.from(page);
  }
  write(id: number, page: Buffer): void {
    this.pages.set(id, Buffer.from(page));
  }
  remove(id: number): void {
    this.pages.delete(id);
  }
}

function locatorOf(sort: Buffer): Buffer {
  const locator = Buffer.alloc(LOCATOR_BYTES);
  sort.copy(locator);
  return locator;
}

function keyAt(index: number, bytes: number): Buffer {
  const key = Buffer.alloc(bytes, 0x61);
  key.writeUInt32BE(index, bytes > 8 ? bytes - 8 : 0);
  return key;
}

function modelRange(sorted: Buffer[], { from, to, reverse }: DirectoryRange): string[] {
  const inside = sorted.filter((key) => {
    const low = from === undefined ? 1 : Buffer.compare(key, from.sort);
    const high = to === undefined ? -1 : Buffer.compare(key, to.sort);
    return (low > 0 || (low === 0 && from!.inclusive)) && (high < 0 || (high === 0 && to!.inclusive));
  });
  const names = inside.map((key) => key.toString('hex'));
  return reverse ? names.reverse() : names;
}

function sortsOf(pages: PageStore, range: DirectoryRange): string[] {
  return [...directoryEntries(pages, range)].map((entry) => {
    expect(entry.locator).toEqual(locatorOf(entry.sort));
    return entry.sort.toString('hex');
  });
}

const bound = (bytes: number) =>
  fc.option(fc.record({ sort: fc.nat(400).map((index) => keyAt(index, bytes)), inclusive: fc.boolean() }), {
    nil: undefined,
  });

function rangeOf(bytes: number) {
  return fc.record({ from: bound(bytes), to: bound(bytes), reverse: fc.boolean() });
}

describe('directory', () => {
  it.each([4, 40, 1024])('behaves as a sorted list, with keys of %i bytes', (bytes) => {
    const steps = fc.array(fc.tuple(fc.nat(400), fc.integer({ min: 0, max: 9 })), {
      minLength: 200,
      maxLength: 600,
    });
    fc.assert(
      fc.property(
        steps,
        fc.integer({ min: 2, max: 8 }),
        fc.array(rangeOf(bytes), { maxLength: 8 }),
        (all, share, ranges) => {
          const pages = new MapPages();
          const model = new Map<number, Buffer>();
          for (const [index, die] of all) {
            const sort = keyAt(index, bytes);
            if (die < share) {
              expect(insertIntoDirectory(pages, { sort, locator: locatorOf(sort) })).toBe(!model.has(index));
              model.set(index, sort);
            } else {
              expect(removeFromDirectory(pages, sort)).toBe(model.delete(index));
            }
          }
          const sorted = [...model.values()].sort(Buffer.compare);
          for (const range of [{}, ...ranges])
            expect(sortsOf(pages, range)).toEqual(modelRange(sorted, range));
          for (const page of pages.pages.values()) expect(page.length).toBeLessThanOrEqual(MAX_PAGE_BYTES);
          if (model.size === 0) expect(pages.pages.size).toBe(0);
        },
      ),
      { seed: 7, numRuns: 15 },
    );
  });

  it('grows to several levels and shrinks to nothing, in any order, without a page left over', () => {
    const pages = new MapPages();
    const count = 4_000;
    const order = Array.from({ length: count }, (_, i) => (i * 1_777) % count);
    const model: Buffer[] = [];
    for (const index of order)
      insertIntoDirectory(pages, { sort: keyAt(index, 300), locator: locatorOf(keyAt(index, 300)) });
    for (let index = 0; index < count; index++) model.push(keyAt(index, 300));
    expect(decodePage(pages.read(0)!).level).toBeGreaterThanOrEqual(3);
    expect(sortsOf(pages, {})).toEqual(model.map((key) => key.toString('hex')));

    for (const [step, index] of order.map((value) => (value * 7) % count).entries()) {
      expect(removeFromDirectory(pages, keyAt(index, 300))).toBe(true);
      if (step === 3_000) {
        // Keys that sort before everything left, in pages whose first child has gone.
        for (let low = 0; low < 40; low++) {
          const sort = Buffer.concat([keyAt(low, 300), Buffer.of(1)]);
          expect(insertIntoDirectory(pages, { sort, locator: locatorOf(sort) })).toBe(true);
        }
        for (let low = 0; low < 40; low++) {
          expect(removeFromDirectory(pages, Buffer.concat([keyAt(low, 300), Buffer.of(1)]))).toBe(true);
        }
      }
    }
    expect(pages.pages.size).toBe(0);
  });

  it('fills pages when keys only ascend', () => {
    const pages = new MapPages();
    for (let index = 0; index < 2_000; index++) {
      const sort = keyAt(index, 20);
      insertIntoDirectory(pages, { sort, locator: locatorOf(sort) });
    }
    const leaves = [...pages.pages.values()].filter((page) => decodePage(page).level === 0);
    const mean_bytes = leaves.reduce((bytes, page) => bytes + page.length, 0) / leaves.length;
    expect(mean_bytes).toBeGreaterThan(MAX_PAGE_BYTES * 0.9);
  });

  it('reads only the pages that a range touches', () => {
    const pages = new MapPages();
    for (let index = 0; index < 2_000; index++) {
      const sort = keyAt(index, 20);
      insertIntoDirectory(pages, { sort, locator: locatorOf(sort) });
    }
    let reads = 0;
    const counted = {
      read(id: number) {
        reads += 1;
        return pages.read(id);
      },
    };
    const entries = directoryEntries(counted, { from: { sort: keyAt(1_000, 20), inclusive: true } });
    expect(entries.next().value?.sort).toEqual(keyAt(1_000, 20));
    expect(reads).toBe(2);
  });
});
