import type { Follower, ItemChange, SealedTransaction } from '../followers.ts';
import { type IndexUnits, writeUnits } from '../items/capacity.ts';
import { insertIntoDirectory, type PageStore, removeFromDirectory } from '../items/directory.ts';
import { indexEntryKey, indexPageKey } from '../layout.ts';
import { pageStore, sealItem, storedSize } from '../sealed-records.ts';
import type { Item } from '../types.ts';
import { itemSizeBytes } from '../values/values.ts';
import { type EntryPlace, entryPlace, indexStructure, projectedItem } from './entries.ts';
import { addToIndexTotals } from './totals.ts';
import type { IndexRecord } from './types.ts';

/** Keeps an index in step with its table within a write transaction. */
export class IndexWriter implements Follower {
  readonly index: IndexRecord;
  readonly #sealed: SealedTransaction;
  /** Write capacity units that the changes took. */
  units = 0;

  constructor(sealed: SealedTransaction, index: IndexRecord) {
    this.#sealed = sealed;
    this.index = index;
  }

  changed({ locator, before, after }: ItemChange): void {
    const recordKey = this.#entryKey(locator);
    const stored = before === undefined ? undefined : this.#sealed.transaction.get(recordKey);
    const old_bytes = storedSize(stored);
    // An item that was there before the index may have no entry yet.
    const old = stored === undefined ? undefined : entryPlace(this.index, before!, locator);
    const next = after === undefined ? undefined : entryPlace(this.index, after, locator);
    if (next === undefined) {
      if (old !== undefined) this.#remove(recordKey, old, old_bytes);
      return;
    }
    if (old !== undefined && isSame(old, next)) {
      if (this.#projects(before!, after!)) this.#replace(recordKey, after!, old_bytes);
      return;
    }
    if (old !== undefined) this.#remove(recordKey, old, old_bytes);
    this.#insert(recordKey, next, locator, after!);
  }

  /** Puts an item in that was there before the index, unless a write of its own has done so. */
  fill(locator: Buffer, item: Item): void {
    const recordKey = this.#entryKey(locator);
    if (this.#sealed.transaction.get(recordKey) !== undefined) return;
    const place = entryPlace(this.index, item, locator);
    if (place !== undefined) this.#insert(recordKey, place, locator, item);
  }

  /** Whether the index sees what changed between two items with the same place in it. */
  #projects(before: Item, after: Item): boolean {
    const { type } = this.index.projection;
    if (type !== 'INCLUDE') return type === 'ALL';
    return JSON.stringify(this.#projected(before)) !== JSON.stringify(this.#projected(after));
  }

  #insert(recordKey: Buffer, place: EntryPlace, locator: Buffer, item: Item): void {
    const bytes = this.#put(recordKey, item);
    insertIntoDirectory(this.#directoryOf(place), { sort: place.order, locator });
    this.#account(1, bytes, writeUnits(0, bytes));
  }

  #replace(recordKey: Buffer, item: Item, old_bytes: number): void {
    const bytes = this.#put(recordKey, item);
    this.#account(0, bytes - old_bytes, writeUnits(old_bytes, bytes));
  }

  #remove(recordKey: Buffer, place: EntryPlace, old_bytes: number): void {
    this.#sealed.transaction.remove(recordKey);
    removeFromDirectory(this.#directoryOf(place), place.order);
    this.#account(-1, -old_bytes, writeUnits(old_bytes, 0));
  }

  #put(recordKey: Buffer, item: Item): number {
    const projected = this.#projected(item);
    const bytes = itemSizeBytes(projected);
    const structure = indexStructure(this.index);
    const record = sealItem(this.#sealed, structure, recordKey, JSON.stringify(projected), bytes);
    this.#sealed.transaction.put(recordKey, record);
    return bytes;
  }

  #projected(item: Item): Item {
    return projectedItem(this.#sealed.table, this.index, item);
  }

  #account(items: number, bytes: number, units: number): void {
    const { transaction, table } = this.#sealed;
    addToIndexTotals(transaction, table.number, this.index.number, { items, bytes });
    this.units += units;
  }

  #entryKey(locator: Buffer): Buffer {
    return indexEntryKey(this.#sealed.table.number, this.index.number, locator);
  }

  #directoryOf({ partition }: EntryPlace): PageStore {
    const { keys, table } = this.#sealed;
    const structure = indexStructure(this.index);
    const locator = keys.locator([structure, partition]);
    const keyOf = (pageId: number) => indexPageKey(table.number, this.index.number, locator, pageId);
    return pageStore(this.#sealed, structure, keyOf);
  }
}

function isSame(a: EntryPlace, b: EntryPlace): boolean {
  return a.partition.equals(b.partition) && a.order.equals(b.order);
}

/** What a write consumed of the table's indexes; those that it left alone are not listed. */
export function indexUnits(followers: readonly Follower[]): IndexUnits[] {
  return followers.flatMap((follower) =>
    follower instanceof IndexWriter && follower.units > 0
      ? { name: follower.index.name, kind: follower.index.kind, units: follower.units }
      : [],
  );
}

/** What keeps the table's indexes in step; those that are being deleted are left behind. */
export function indexWriters(sealed: SealedTransaction): IndexWriter[] {
  const indexes = sealed.table.indexes ?? [];
  return indexes.filter(({ state }) => state !== 'DELETING').map((index) => new IndexWriter(sealed, index));
}
