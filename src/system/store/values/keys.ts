import type { AttributeValue } from '../types.ts';
import { canonicalNumber, MIN_EXPONENT, parseDecimal } from './number.ts';

/**
 * One byte of type, then the value: UTF-8 of a string, the bytes of a binary, the canonical text of a number, so that
 * 1 and 1.0 are one key. Different keys have different bytes, whatever their types.
 */
export function keyBytes(value: AttributeValue): Buffer {
  if ('S' in value) {
    const key = Buffer.allocUnsafe(1 + Buffer.byteLength(value.S));
    key[0] = 0x53;
    key.write(value.S, 1);
    return key;
  }
  if ('N' in value) return tagged(0x4e, Buffer.from(canonicalNumber(value.N), 'latin1'));
  if ('B' in value) return tagged(0x42, Buffer.from(value.B, 'base64'));
  throw new TypeError('A key attribute is S, N or B; check it against the schema first.');
}

function tagged(tag: number, bytes: Buffer): Buffer {
  const key = Buffer.allocUnsafe(bytes.length + 1);
  key[0] = tag;
  bytes.copy(key, 1);
  return key;
}

/**
 * Bytes whose `memcmp` order is DynamoDB's sort order among values of one type; equal bytes are equal values.
 */
export function sortableKeyBytes(value: AttributeValue): Buffer {
  if ('S' in value) return Buffer.from(value.S);
  if ('N' in value) return sortableNumber(value.N);
  if ('B' in value) return Buffer.from(value.B, 'base64');
  throw new TypeError('A key attribute is S, N or B; check it against the schema first.');
}

const NEGATIVE = 0;
const ZERO = 1;
const POSITIVE = 2;
/** Above every complemented pair of digits: of two negative numbers, the one with fewer digits is the larger. */
const NEGATIVE_END = 0xff;

/** Sign, exponent, then the digits in pairs; of a negative number everything after the sign complemented. */
function sortableNumber(text: string): Buffer {
  const { negative, digits, exponent } = parseDecimal(text);
  if (digits === '') return Buffer.of(ZERO);
  const pairs = Math.ceil(digits.length / 2);
  const bytes = Buffer.allocUnsafe(2 + pairs + (negative ? 1 : 0));
  const biased = exponent - MIN_EXPONENT;
  bytes[0] = negative ? NEGATIVE : POSITIVE;
  bytes[1] = negative ? 255 - biased : biased;
  for (let i = 0; i < pairs; i++) {
    const pair = digitAt(digits, 2 * i) * 10 + digitAt(digits, 2 * i + 1);
    bytes[2 + i] = negative ? 100 - pair : pair;
  }
  if (negative) bytes[2 + pairs] = NEGATIVE_END;
  return bytes;
}

function digitAt(digits: string, index: number): number {
  return index < digits.length ? digits.charCodeAt(index) - 48 : 0;
}
