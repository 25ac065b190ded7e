import type { PageReader } from '../items/directory.ts';
import type { TableItems } from '../items/table-items.ts';
import { indexEntryKey, indexPageKey } from '../layout.ts';
import { openItem, pageReader, type StoredItem } from '../sealed-records.ts';
import type { AttributeValue } from '../types.ts';
import { keyBytes } from '../values/values.ts';
import { indexStructure } from './entries.ts';
import type { IndexRecord } from './types.ts';

/** An index's entries to someone who holds its table's keys. Valid within one turn of the event loop. */
export class IndexItems {
  readonly #items: TableItems;
  readonly #index: IndexRecord;
  readonly #structure: string;

  constructor(items: TableItems, index: IndexRecord) {
    this.#items = items;
    this.#index = index;
    this.#structure = indexStructure(index);
  }

  partitionOf(value: AttributeValue): Buffer {
    return this.#items.keys.locator([this.#structure, keyBytes(value)]);
  }

  directoryOf(partition: Buffer): PageReader {
    const { keys, reader, table } = this.#items;
    const keyOf = (pageId: number) => indexPageKey(table.number, this.#index.number, partition, pageId);
    return pageReader(keys, reader, this.#structure, keyOf);
  }

  /** The projection of an item that a directory lists. */
  listed(locator: Buffer): StoredItem {
    const { keys, reader, table } = this.#items;
    const recordKey = indexEntryKey(table.number, this.#index.number, locator);
    const record = reader.get(recordKey);
    if (record === undefined) {
      throw new Error(
        `Table ${table.id}: a directory of ${this.#structure} lists an entry that is not there.`,
      );
    }
    return openItem(keys, this.#structure, recordKey, record);
  }
}
