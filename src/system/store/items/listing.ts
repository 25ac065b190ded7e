/** What a Query or Scan goes through: the partitions of a table with a sort key, or those of an index. */

import { IndexItems } from '../indexes/index-items.ts';
import { entryOrder, entryRange } from '../indexes/order.ts';
import type { IndexRecord } from '../indexes/types.ts';
import {
  indexPageKey,
  indexPartitionOf,
  indexPartitionSegment,
  type KeyRange,
  locatorOf,
  pageRecordKey,
  partitionSegment,
  type Segment,
} from '../layout.ts';
import type { AttributeValue, Item } from '../types.ts';
import { getOwn, sortableKeyBytes } from '../values/values.ts';
import type { DirectoryRange, PageReader } from './directory.ts';
import { partitionLocator, placeOf } from './item-key.ts';
import type { ReadTarget } from './read-target.ts';
import type { ResultPage } from './result-page.ts';
import type { TableItems } from './table-items.ts';

export interface Listing {
  partitionOf(value: AttributeValue): Buffer;
  directoryOf(partition: Buffer): PageReader;
  /** A range of sort keys as a range of a directory. */
  rangeOf(sorts: DirectoryRange): DirectoryRange;
  /** Where in its directory a starting key's item stands, or would stand. */
  orderOf(startKey: Item): Buffer;
  /** The root pages of a segment's partitions. */
  roots(segment: Segment): KeyRange;
  rootOf(partition: Buffer): Buffer;
  partitionAt(root: Buffer): Buffer;
  /** Puts an item that a directory lists on a page. */
  addTo(page: ResultPage, locator: Buffer): void;
}

/** @param whole an index's items are read from the table, too */
export function listingOf(items: TableItems, { index }: ReadTarget, whole: boolean): Listing {
  return index === undefined ? new TableListing(items) : new IndexListing(items, index, whole);
}

class TableListing implements Listing {
  readonly #items: TableItems;

  constructor(items: TableItems) {
    this.#items = items;
  }

  partitionOf(value: AttributeValue): Buffer {
    return partitionLocator(this.#items.keys, value);
  }

  directoryOf(partition: Buffer): PageReader {
    return this.#items.directoryOf(partition);
  }

  rangeOf(sorts: DirectoryRange): DirectoryRange {
    return sorts;
  }

  orderOf(startKey: Item): Buffer {
    return sortableKeyBytes(getOwn(startKey, this.#items.table.primaryKey.sort!.name)!);
  }

  roots(segment: Segment): KeyRange {
    return partitionSegment(this.#items.table.number, segment);
  }

  rootOf(partition: Buffer): Buffer {
    return pageRecordKey(this.#items.table.number, partition, 0);
  }

  partitionAt(root: Buffer): Buffer {
    return locatorOf(root);
  }

  addTo(page: ResultPage, locator: Buffer): void {
    page.add(this.#items.listed(locator));
  }
}

class IndexListing implements Listing {
  readonly #items: TableItems;
  readonly #index: IndexRecord;
  readonly #entries: IndexItems;
  readonly #whole: boolean;

  constructor(items: TableItems, index: IndexRecord, whole: boolean) {
    this.#items = items;
    this.#index = index;
    this.#entries = new IndexItems(items, index);
    this.#whole = whole;
  }

  partitionOf(value: AttributeValue): Buffer {
    return this.#entries.partitionOf(value);
  }

  directoryOf(partition: Buffer): PageReader {
    return this.#entries.directoryOf(partition);
  }

  rangeOf(sorts: DirectoryRange): DirectoryRange {
    return entryRange(sorts);
  }

  orderOf(startKey: Item): Buffer {
    const { sort } = this.#index.key;
    const { locator } = placeOf(this.#items.keys, this.#items.table, startKey);
    return entryOrder(sort && sortableKeyBytes(getOwn(startKey, sort.name)!), locator);
  }

  roots(segment: Segment): KeyRange {
    return indexPartitionSegment(this.#items.table.number, this.#index.number, segment);
  }

  rootOf(partition: Buffer): Buffer {
    return indexPageKey(this.#items.table.number, this.#index.number, partition, 0);
  }

  partitionAt(root: Buffer): Buffer {
    return indexPartitionOf(root);
  }

  addTo(page: ResultPage, locator: Buffer): void {
    const entry = this.#entries.listed(locator);
    if (this.#whole) page.add(entry, this.#items.listed(locator));
    else page.add(entry);
  }
}
