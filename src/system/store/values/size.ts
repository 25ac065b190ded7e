import type { AttributeValue, Item } from '../types.ts';
import { validationError } from './errors.ts';

export const MAX_ITEM_BYTES = 400 * 1024;

/** List and map overhead, and that of each of their elements. */
const CONTAINER_BYTES = 3;
const ELEMENT_BYTES = 1;

/**
 * An item's size as DynamoDB counts it (Developer Guide, "DynamoDB item sizes and formats"): UTF-8 bytes of names and
 * strings, raw bytes of binaries, numbers in pairs of digits.
 */
export function itemSizeBytes(item: Item): number {
  let bytes = 0;
  for (const name in item) bytes += Buffer.byteLength(name) + valueSizeBytes(item[name]!);
  return bytes;
}

export function valueSizeBytes(value: AttributeValue): number {
  if ('S' in value) return Buffer.byteLength(value.S);
  if ('N' in value) return numberSizeBytes(value.N);
  if ('B' in value) return base64SizeBytes(value.B);
  if ('SS' in value) return sum(value.SS, Buffer.byteLength);
  if ('NS' in value) return sum(value.NS, numberSizeBytes);
  if ('BS' in value) return sum(value.BS, base64SizeBytes);
  if ('L' in value)
    return CONTAINER_BYTES + sum(value.L, (element) => ELEMENT_BYTES + valueSizeBytes(element));
  if ('M' in value) {
    return CONTAINER_BYTES + itemSizeBytes(value.M) + ELEMENT_BYTES * Object.keys(value.M).length;
  }
  return 1;
}

/**
 * @throws AwsError ValidationException; an update has a text of its own
 */
export function checkItemSize(item: Item, message = 'Item size has exceeded the maximum allowed size'): void {
  if (itemSizeBytes(item) > MAX_ITEM_BYTES) throw validationError(message);
}

function sum<T>(members: readonly T[], size: (member: T) => number): number {
  let bytes = 0;
  for (const member of members) bytes += size(member);
  return bytes;
}

function base64SizeBytes(text: string): number {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return (text.length / 4) * 3 - padding;
}

/**
 * One byte, one for each pair of significant digits (pairs are aligned at the decimal point, as in base 100), one for
 * a minus sign.
 * @param text canonical
 */
function numberSizeBytes(text: string): number {
  const negative = text.charCodeAt(0) === 45;
  const point = text.indexOf('.');
  const end = point < 0 ? text.length : point;
  let first = -1;
  let last = -1;
  for (let i = negative ? 1 : 0; i < text.length; i++) {
    if (i === point || text.charCodeAt(i) === 48) continue;
    // Places left of the point count up from 0, right of it down from -1.
    const place = i < end ? end - 1 - i : end - i;
    if (first < 0) first = Math.floor(place / 2) + 128;
    last = Math.floor(place / 2) + 128;
  }
  if (first < 0) return 1;
  return 1 + (first - last + 1) + (negative ? 1 : 0);
}
