import { LOCATOR_BYTES } from '../../envelope/envelope.ts';

/**
 * A page of a partition's directory, as sealed:
 *
 * | bytes | what |
 * |---|---|
 * | 1 | level: 0 is a leaf |
 * | 4 | the next unused page id (kept in the root only) |
 * | for each entry: 2 | length of the key |
 * | length | key: a sort key; in an inner page, a lower bound of those in the child |
 * | 20 or 4 | reference: an item's locator in a leaf, a page id in an inner page |
 */
export interface DirectoryPage {
  level: number;
  nextPageId: number;
  /** Ascending. */
  keys: Buffer[];
  references: Buffer[];
}

const HEADER_BYTES = 5;
const PAGE_ID_BYTES = 4;
/** With envelope and LMDB's own header, one overflow page of 4,096 bytes. Three of the longest sort keys fit. */
export const MAX_PAGE_BYTES = 3_900;

export function decodePage(bytes: Buffer): DirectoryPage {
  const level = bytes.readUInt8(0);
  const referenceBytes = level === 0 ? LOCATOR_BYTES : PAGE_ID_BYTES;
  const page: DirectoryPage = { level, nextPageId: bytes.readUInt32BE(1), keys: [], references: [] };
  let position = HEADER_BYTES;
  while (position < bytes.length) {
    const keyEnd = position + 2 + bytes.readUInt16BE(position);
    page.keys.push(bytes.subarray(position + 2, keyEnd));
    page.references.push(bytes.subarray(keyEnd, keyEnd + referenceBytes));
    position = keyEnd + referenceBytes;
  }
  return page;
}

export function encodePage(page: DirectoryPage): Buffer {
  const bytes = Buffer.allocUnsafe(pageBytes(page));
  bytes.writeUInt8(page.level, 0);
  bytes.writeUInt32BE(page.nextPageId, 1);
  let position = HEADER_BYTES;
  for (const [index, key] of page.keys.entries()) {
    position = bytes.writeUInt16BE(key.length, position);
    position += key.copy(bytes, position);
    position += page.references[index]!.copy(bytes, position);
  }
  return bytes;
}

export function pageBytes(page: DirectoryPage): number {
  const referenceBytes = page.level === 0 ? LOCATOR_BYTES : PAGE_ID_BYTES;
  let bytes = HEADER_BYTES;
  for (const key of page.keys) bytes += 2 + key.length + referenceBytes;
  return bytes;
}

/** The first index whose key is not below `key`; the number of keys if all are. */
export function lowerBound(keys: readonly Buffer[], key: Buffer): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (Buffer.compare(keys[middle]!, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The child in which `key` is, or would be: the last whose lower bound is not above it. */
export function childIndex(page: DirectoryPage, key: Buffer): number {
  const index = lowerBound(page.keys, key);
  const exact = index < page.keys.length && page.keys[index]!.equals(key);
  return exact ? index : Math.max(0, index - 1);
}

/** Moves the upper half of the page's bytes into a new page; only what is at `newest` when that is the last entry. */
export function splitPage(page: DirectoryPage, newest: number): DirectoryPage {
  const at = newest === page.keys.length - 1 ? newest : middleIndex(page);
  return {
    level: page.level,
    nextPageId: 0,
    keys: page.keys.splice(at),
    references: page.references.splice(at),
  };
}

function middleIndex(page: DirectoryPage): number {
  const half = page.keys.reduce((bytes, key) => bytes + key.length, 0) / 2;
  let bytes = 0;
  const middle = page.keys.findIndex((key) => {
    bytes += key.length;
    return bytes > half;
  });
  return Math.min(Math.max(1, middle), page.keys.length - 1);
}

export function pageReference(id: number): Buffer {
  const reference = Buffer.allocUnsafe(PAGE_ID_BYTES);
  reference.writeUInt32BE(id);
  return reference;
}
