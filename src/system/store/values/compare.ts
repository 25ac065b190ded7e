import type { AttributeValue } from '../types.ts';
import { canonicalNumber, type Decimal, parseDecimal } from './number.ts';
import { getOwn } from './own.ts';
import { typeOf } from './type.ts';

/**
 * Negative, zero or positive, in DynamoDB's order: strings by their UTF-8 bytes, numbers by value, binary by bytes.
 * `undefined` where the types differ or have no order.
 */
export function compareValues(a: AttributeValue, b: AttributeValue): number | undefined {
  if ('S' in a) return 'S' in b ? compareText(a.S, b.S) : undefined;
  if ('N' in a) return 'N' in b ? compareNumbers(a.N, b.N) : undefined;
  if ('B' in a) return 'B' in b ? compareBase64(a.B, b.B) : undefined;
  return undefined;
}

/** Deep equality: sets without order, numbers by value. */
export function equalValues(a: AttributeValue, b: AttributeValue): boolean {
  if (typeOf(a) !== typeOf(b)) return false;
  if ('S' in a) return a.S === (b as { S: string }).S;
  if ('N' in a) return compareNumbers(a.N, (b as { N: string }).N) === 0;
  if ('B' in a) return a.B === (b as { B: string }).B;
  if ('BOOL' in a) return a.BOOL === (b as { BOOL: boolean }).BOOL;
  if ('L' in a) return equalLists(a.L, (b as { L: AttributeValue[] }).L);
  if ('M' in a) return equalMaps(a.M, (b as { M: Record<string, AttributeValue> }).M);
  if ('SS' in a) return equalSets(a.SS, (b as { SS: string[] }).SS);
  if ('BS' in a) return equalSets(a.BS, (b as { BS: string[] }).BS);
  if ('NS' in a) return equalSets(a.NS.map(canonicalNumber), (b as { NS: string[] }).NS.map(canonicalNumber));
  return true;
}

function equalLists(a: AttributeValue[], b: AttributeValue[]): boolean {
  return a.length === b.length && a.every((value, i) => equalValues(value, b[i]!));
}

function equalMaps(a: Record<string, AttributeValue>, b: Record<string, AttributeValue>): boolean {
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => {
    const other = getOwn(b, name);
    return other !== undefined && equalValues(a[name]!, other);
  });
}

function equalSets(a: string[], b: string[]): boolean {
  if (a.length !== b.length) return false;
  const members = new Set(a);
  return b.every((member) => members.has(member));
}

/** UTF-8 byte order, which differs from UTF-16 code unit order only where surrogates meet U+E000 … U+FFFF. */
function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return codePointRank(x) - codePointRank(y);
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above all those of a single unit. */
function codePointRank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

export function compareNumbers(a: string, b: string): number {
  if (a === b) return 0;
  const x = Number(a);
  const y = Number(b);
  // Rounding to doubles keeps order, so only numbers that round to the same double need their digits.
  if (x < y) return -1;
  if (x > y) return 1;
  return compareDecimals(parseDecimal(a), parseDecimal(b));
}

function compareDecimals(a: Decimal, b: Decimal): number {
  if (a.digits === '' || b.digits === '' || a.negative !== b.negative) return sign(a) - sign(b);
  const larger = a.negative ? -1 : 1;
  if (a.exponent !== b.exponent) return a.exponent < b.exponent ? -larger : larger;
  if (a.digits === b.digits) return 0;
  return a.digits < b.digits ? -larger : larger;
}

function sign(decimal: Decimal): number {
  if (decimal.digits === '') return 0;
  return decimal.negative ? -1 : 1;
}

function compareBase64(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a, 'base64'), Buffer.from(b, 'base64'));
}
