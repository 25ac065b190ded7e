/**
 * Where records are kept. The first byte says what a record is, so that one engine holds everything; numbers are big
 * endian, so that a table's records lie together. Nothing here tells an item's key: locators are keyed hashes.
 *
 * | key | record |
 * |---|---|
 * | 0 | generation of the catalog, and the next table number |
 * | 1, name | a table: its schema and settings, JSON |
 * | 2, table | its wrapped keys, JSON |
 * | 3, table | number of items, and their bytes |
 * | 4, table | a deleted table whose data is still to be removed |
 * | 5 | generation of the commit log up to which everything is in the database |
 * | 6, backup id | a backup: the table as it was, JSON; its items and wrapped keys lie under a number of its own |
 * | 7, table | a table that is being restored: from which backup, and how far, JSON |
 * | 16, table, 1, locator | an item: its size, and its JSON sealed |
 * | 16, table, 2, locator of a partition | root page of the partition's directory, sealed |
 * | 16, table, 3, locator of a partition, page id | another page of it, sealed |
 */

export const CATALOG_KEY = Buffer.of(0);

const TABLE = 1;
const KEYRING = 2;
const TOTALS = 3;
const DELETED = 4;
/** An engine's own. */
export const LOG_KEY = Buffer.of(5);
const BACKUP = 6;
const RESTORE = 7;
const DATA = 16;
const ITEM = 1;
const ROOT_PAGE = 2;
const PAGE = 3;
/** First byte, table number, kind. */
const DATA_PREFIX_BYTES = 6;

export interface KeyRange {
  start: Buffer;
  /** Exclusive. */
  end: Buffer;
}

export function tableRecordKey(name: string): Buffer {
  return Buffer.concat([Buffer.of(TABLE), Buffer.from(name)]);
}

export function tableNameOf(recordKey: Buffer): string {
  return recordKey.toString('utf8', 1);
}

/** Table records whose name sorts after `name`. */
export function tableRecordsAfter(name: string): KeyRange {
  return { start: tableRecordKey(name), end: Buffer.of(TABLE + 1) };
}

export function keyringKey(tableNumber: number): Buffer {
  return numbered(KEYRING, tableNumber);
}

export function totalsKey(tableNumber: number): Buffer {
  return numbered(TOTALS, tableNumber);
}

export function deletedTableKey(tableNumber: number): Buffer {
  return numbered(DELETED, tableNumber);
}

export function deletedTables(): KeyRange {
  return { start: Buffer.of(DELETED), end: Buffer.of(DELETED + 1) };
}

export function backupRecordKey(id: string): Buffer {
  return Buffer.concat([Buffer.of(BACKUP), Buffer.from(id)]);
}

/** Backup records by id, and so by time: from `id` on. */
export function backupRecordsFrom(id: string): KeyRange {
  return { start: backupRecordKey(id), end: Buffer.of(BACKUP + 1) };
}

export function restoreKey(tableNumber: number): Buffer {
  return numbered(RESTORE, tableNumber);
}

export function restores(): KeyRange {
  return { start: Buffer.of(RESTORE), end: Buffer.of(RESTORE + 1) };
}

export function tableNumberOf(recordKey: Buffer): number {
  return recordKey.readUInt32BE(1);
}

export function itemRecordKey(tableNumber: number, locator: Buffer): Buffer {
  return dataKey(tableNumber, ITEM, locator, 0);
}

/** Page 0 is the root. */
export function pageRecordKey(tableNumber: number, partition: Buffer, pageId: number): Buffer {
  if (pageId === 0) return dataKey(tableNumber, ROOT_PAGE, partition, 0);
  const key = dataKey(tableNumber, PAGE, partition, 4);
  key.writeUInt32BE(pageId, key.length - 4);
  return key;
}

/** The locator within the key of an item or a root page. */
export function locatorOf(recordKey: Buffer): Buffer {
  return recordKey.subarray(DATA_PREFIX_BYTES);
}

/** Everything that the table's items and directories are kept in. */
export function tableData(tableNumber: number): KeyRange {
  return { start: numbered(DATA, tableNumber), end: numbered(DATA, tableNumber + 1) };
}

export interface Segment {
  index: number;
  total: number;
}

/** The items whose locators fall into a segment: as many equal parts of the hash space as there are segments. */
export function itemSegment(tableNumber: number, segment: Segment): KeyRange {
  return segmentOf(tableNumber, ITEM, segment);
}

/** Root pages, and so partitions, by segment. */
export function partitionSegment(tableNumber: number, segment: Segment): KeyRange {
  return segmentOf(tableNumber, ROOT_PAGE, segment);
}

function segmentOf(tableNumber: number, kind: number, { index, total }: Segment): KeyRange {
  const last = index === total - 1;
  return {
    start: dataKey(tableNumber, kind, hashPoint(index / total), 0),
    end: last
      ? dataKey(tableNumber, kind + 1, Buffer.alloc(0), 0)
      : dataKey(tableNumber, kind, hashPoint((index + 1) / total), 0),
  };
}

function hashPoint(share: number): Buffer {
  const point = Buffer.allocUnsafe(4);
  point.writeUInt32BE(Math.floor(share * 2 ** 32));
  return point;
}

function dataKey(tableNumber: number, kind: number, locator: Buffer, spareBytes: number): Buffer {
  const key = Buffer.allocUnsafe(DATA_PREFIX_BYTES + locator.length + spareBytes);
  key[0] = DATA;
  key.writeUInt32BE(tableNumber, 1);
  key[5] = kind;
  locator.copy(key, DATA_PREFIX_BYTES);
  return key;
}

function numbered(kind: number, tableNumber: number): Buffer {
  const key = Buffer.allocUnsafe(5);
  key[0] = kind;
  key.writeUInt32BE(tableNumber, 1);
  return key;
}
