import { encodeAad, type ItemKeys } from '../envelope/envelope.ts';
import type { RecordReader } from './engine/engine.ts';
import type { SealedTransaction } from './followers.ts';
import type { PageReader, PageStore } from './items/directory.ts';

/** An item as it was sealed: its JSON text, not parsed, and its size as DynamoDB counts it. */
export interface StoredItem {
  json: Buffer;
  size_bytes: number;
}

/** A record holds the item's size before the envelope, which is bound to it. */
const SIZE_BYTES = 4;

/** The size of an item that is never empty: it has a key. 0 where there is none. */
export function storedSize(record: Buffer | undefined): number {
  return record?.readUInt32BE(0) ?? 0;
}

/** @throws EnvelopeError when the record was changed or moved */
export function openItem(keys: ItemKeys, structure: string, recordKey: Buffer, record: Buffer): StoredItem {
  const size = record.subarray(0, SIZE_BYTES);
  const json = keys.open(structure, encodeAad([recordKey, size]), record.subarray(SIZE_BYTES));
  return { json, size_bytes: size.readUInt32BE(0) };
}

export function sealItem(
  sealed: SealedTransaction,
  structure: string,
  recordKey: Buffer,
  json: string,
  size_bytes: number,
): Buffer {
  const size = Buffer.allocUnsafe(SIZE_BYTES);
  size.writeUInt32BE(size_bytes);
  return Buffer.concat([size, sealed.seal(structure, encodeAad([recordKey, size]), json)]);
}

/** A directory's pages, under the record keys that `keyOf` gives them. */
export function pageReader(
  keys: Pick<ItemKeys, 'open'>,
  reader: RecordReader,
  structure: string,
  keyOf: (pageId: number) => Buffer,
): PageReader {
  return {
    read: (pageId) => {
      const recordKey = keyOf(pageId);
      const record = reader.get(recordKey);
      return record && keys.open(structure, encodeAad([recordKey]), record);
    },
  };
}

/** The same within a write transaction. */
export function pageStore(
  sealed: SealedTransaction,
  structure: string,
  keyOf: (pageId: number) => Buffer,
): PageStore {
  const { transaction } = sealed;
  const keys: Pick<ItemKeys, 'open'> = {
    open: (name, aad, bytes) => sealed.unseal(name, aad, bytes),
  };
  return {
    ...pageReader(keys, transaction, structure, keyOf),
    write: (pageId, page) => {
      const recordKey = keyOf(pageId);
      transaction.put(recordKey, sealed.seal(structure, encodeAad([recordKey]), page));
    },
    remove: (pageId) => transaction.remove(keyOf(pageId)),
  };
}
