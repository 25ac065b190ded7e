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
 * | 8, name of a grant | a grant on a KMS key that no table has, or none has yet: to be retired, JSON |
 * | 10, table name, 0, label | a stream: of which table, from where to where, JSON |
 * | 11, table | the last sequence number of its streams |
 * | 16, table, 1, locator | an item: its size, and its JSON sealed |
 * | 16, table, 2, locator of a partition | root page of the partition's directory, sealed |
 * | 16, table, 3, locator of a partition, page id | another page of it, sealed |
 * | 16, table, 4, index, 1 | number of the index's entries, and their bytes |
 * | 16, table, 4, index, 2, locator of an item | its entry in the index: its size, and its projection sealed |
 * | 16, table, 4, index, 3, locator of a partition | root page of the index partition's directory, sealed |
 * | 16, table, 4, index, 4, locator of a partition, page id | another page of it, sealed |
 * | 16, table, 5, locator of an item | in a replicated table: when and where it was changed or removed last, sealed |
 * | 16, table, 6, time, locator of an item | it was removed then, and the record above says so still; empty |
 * | 16, table, 7, Region | how far the changes of the table's replica in that Region are in this one, JSON |
 * | 24, table, sequence number | a stream record, sealed; the streams of a table share its numbers |
 * | 32, table, index | work to be done for an index: filling it, or removing it |
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
const GRANT = 8;
const STREAM = 10;
const STREAM_HEAD = 11;
const DATA = 16;
const STREAM_DATA = 24;
const ITEM = 1;
const ROOT_PAGE = 2;
const PAGE = 3;
const INDEX = 4;
const STAMP = 5;
const TOMBSTONE = 6;
const PLACE = 7;
const TIME_BYTES = 6;
const INDEX_TOTALS = 1;
const INDEX_ENTRY = 2;
const INDEX_ROOT_PAGE = 3;
const INDEX_PAGE = 4;
const INDEX_WORK = 32;
/** First byte, table number, kind. */
const DATA_PREFIX_BYTES = 6;
/** And number of the index, kind. */
const INDEX_PREFIX_BYTES = 11;
const NONE = Buffer.alloc(0);

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

export function grantKey(name: string): Buffer {
  return Buffer.concat([Buffer.of(GRANT), Buffer.from(name)]);
}

export function grantNameOf(recordKey: Buffer): string {
  return recordKey.toString('utf8', 1);
}

/** Grants that no table has. */
export function grants(): KeyRange {
  return { start: Buffer.of(GRANT), end: Buffer.of(GRANT + 1) };
}

/** Labels are times: the streams of a name come in the order in which they were made. */
export function streamKey(tableName: string, label: string): Buffer {
  return Buffer.concat([Buffer.of(STREAM), Buffer.from(`${tableName}\0${label}`)]);
}

/** The streams of tables of that name; without one, all there are. */
export function streamsOfName(tableName?: string): KeyRange {
  if (tableName === undefined) return { start: Buffer.of(STREAM), end: Buffer.of(STREAM + 1) };
  const after = Buffer.concat([Buffer.of(STREAM), Buffer.from(`${tableName}\x01`)]);
  return { start: streamKey(tableName, ''), end: after };
}

export function streamHeadKey(tableNumber: number): Buffer {
  return numbered(STREAM_HEAD, tableNumber);
}

/** The last bytes are the sequence number's, for the caller to fill in. */
export function streamDataKey(tableNumber: number, sequenceBytes: number): Buffer {
  const key = Buffer.allocUnsafe(DATA_PREFIX_BYTES - 1 + sequenceBytes);
  key[0] = STREAM_DATA;
  key.writeUInt32BE(tableNumber, 1);
  return key;
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

export function indexTotalsKey(tableNumber: number, index: number): Buffer {
  return indexPrefix(tableNumber, index, INDEX_TOTALS);
}

export function indexEntryKey(tableNumber: number, index: number, locator: Buffer): Buffer {
  return Buffer.concat([indexPrefix(tableNumber, index, INDEX_ENTRY), locator]);
}

/** Page 0 is the root. */
export function indexPageKey(tableNumber: number, index: number, partition: Buffer, pageId: number): Buffer {
  if (pageId === 0) return Buffer.concat([indexPrefix(tableNumber, index, INDEX_ROOT_PAGE), partition]);
  const id = Buffer.allocUnsafe(4);
  id.writeUInt32BE(pageId);
  return Buffer.concat([indexPrefix(tableNumber, index, INDEX_PAGE), partition, id]);
}

/** The locator within the key of an index's root page. */
export function indexPartitionOf(recordKey: Buffer): Buffer {
  return recordKey.subarray(INDEX_PREFIX_BYTES);
}

/** Everything that an index is kept in. */
export function indexData(tableNumber: number, index: number): KeyRange {
  return { start: indexPrefix(tableNumber, index, 0), end: indexPrefix(tableNumber, index + 1, 0) };
}

export function indexWorkKey(tableNumber: number, index: number): Buffer {
  const key = Buffer.allocUnsafe(9);
  numbered(INDEX_WORK, tableNumber).copy(key);
  key.writeUInt32BE(index, 5);
  return key;
}

/** The index within the key of its work. */
export function indexNumberOf(recordKey: Buffer): number {
  return recordKey.readUInt32BE(5);
}

export function indexWork(): KeyRange {
  return { start: Buffer.of(INDEX_WORK), end: Buffer.of(INDEX_WORK + 1) };
}

export function stampKey(tableNumber: number, locator: Buffer): Buffer {
  return dataKey(tableNumber, STAMP, locator, 0);
}

/** By time, ms since the epoch. */
export function tombstoneKey(tableNumber: number, removed_ms: number, locator: Buffer): Buffer {
  const tail = Buffer.allocUnsafe(TIME_BYTES + locator.length);
  tail.writeUIntBE(removed_ms, 0, TIME_BYTES);
  locator.copy(tail, TIME_BYTES);
  return dataKey(tableNumber, TOMBSTONE, tail, 0);
}

/** The locator within a tombstone's key. */
export function tombstoneLocatorOf(recordKey: Buffer): Buffer {
  return recordKey.subarray(DATA_PREFIX_BYTES + TIME_BYTES);
}

/** The tombstones from before a time. */
export function tombstonesBefore(tableNumber: number, until_ms: number): KeyRange {
  return { start: tombstoneKey(tableNumber, 0, NONE), end: tombstoneKey(tableNumber, until_ms, NONE) };
}

export function placeKey(tableNumber: number, region: string): Buffer {
  return dataKey(tableNumber, PLACE, Buffer.from(region), 0);
}

/** Everything that the table's items, directories and indexes are kept in. */
export function tableData(tableNumber: number): KeyRange {
  return { start: numbered(DATA, tableNumber), end: numbered(DATA, tableNumber + 1) };
}

export interface Segment {
  index: number;
  total: number;
}

/** The items whose locators fall into a segment: as many equal parts of the hash space as there are segments. */
export function itemSegment(tableNumber: number, segment: Segment): KeyRange {
  return segmentOf(dataPrefix(tableNumber, ITEM), segment);
}

/** Root pages, and so partitions, by segment. */
export function partitionSegment(tableNumber: number, segment: Segment): KeyRange {
  return segmentOf(dataPrefix(tableNumber, ROOT_PAGE), segment);
}

/** As `partitionSegment`, of an index. */
export function indexPartitionSegment(tableNumber: number, index: number, segment: Segment): KeyRange {
  return segmentOf(indexPrefix(tableNumber, index, INDEX_ROOT_PAGE), segment);
}

function segmentOf(prefix: Buffer, { index, total }: Segment): KeyRange {
  const end = Buffer.from(prefix);
  end[end.length - 1]! += 1;
  return {
    start: Buffer.concat([prefix, hashPoint(index / total)]),
    end: index === total - 1 ? end : Buffer.concat([prefix, hashPoint((index + 1) / total)]),
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

function dataPrefix(tableNumber: number, kind: number): Buffer {
  return dataKey(tableNumber, kind, NONE, 0);
}

function indexPrefix(tableNumber: number, index: number, kind: number): Buffer {
  const key = Buffer.allocUnsafe(INDEX_PREFIX_BYTES);
  key[0] = DATA;
  key.writeUInt32BE(tableNumber, 1);
  key[5] = INDEX;
  key.writeUInt32BE(index, 6);
  key[10] = kind;
  return key;
}

function numbered(kind: number, tableNumber: number): Buffer {
  const key = Buffer.allocUnsafe(5);
  key[0] = kind;
  key.writeUInt32BE(tableNumber, 1);
  return key;
}
