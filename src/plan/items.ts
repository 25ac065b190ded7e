/** What is stored under a key: `pk` (S) and text attributes, made up from nothing but (key, version, size). */
import { uniformAt } from '../std/random.ts';
import { overheadBytes } from '../workload/workload.ts';
import { STREAMS } from './streams.ts';

const KEY_PREFIX = 'user';
const KEY_DIGITS = 10;

/** `user0000000123`: 14 ASCII characters. @param key 0 … 10^10 − 1 */
export function keyText(key: number): string {
  return KEY_PREFIX + String(10 ** KEY_DIGITS + key).slice(1);
}

/** Where payloads begin in the filler: enough places that no two neighbours in key or version look alike. */
const OFFSETS = 2 ** 16;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** Letters of 6 bits that one 53-bit draw yields. */
const LETTERS_PER_DRAW = 8;
const FILLER_SEED = 1;

let filler = '';

const ONLY_FIELD = { fields: 1, field: 0 };

/**
 * The text of one attribute of an item of exactly `bytes` by DynamoDB's rule (UTF-8 bytes of names and of text values),
 * which the attributes share evenly: ASCII with nothing to escape in JSON, which no compressor shortens much, and which
 * differs between versions of a key.
 * @param version −1, 0, 1, …: what tells this write of the key from others
 * @param bytes what an attribute can't share out becomes one character each at the least
 */
export function attributeText(
  key: number,
  version: number,
  bytes: number,
  { fields, field }: { fields: number; field: number } = ONLY_FIELD,
): string {
  const left = bytes - overheadBytes(fields);
  const share = Math.floor(((field + 1) * left) / fields) - Math.floor((field * left) / fields);
  const length = Math.max(1, share);
  if (filler.length < OFFSETS + length) filler = growFiller(OFFSETS + length);
  const mark = `${version.toString(36)}.`;
  const offset =
    (Math.imul(key, 0x9e3779b1) ^ Math.imul(version, 0x85ebca6b) ^ Math.imul(field, 0xc2b2ae35)) >>> 16;
  return (mark + filler.slice(offset, offset + Math.max(0, length - mark.length))).slice(0, length);
}

function growFiller(length: number): string {
  const draws: string[] = [filler];
  for (let draw = filler.length / LETTERS_PER_DRAW; draw * LETTERS_PER_DRAW < length; draw++) {
    let bits = uniformAt(FILLER_SEED, STREAMS.filler, draw) * 64 ** LETTERS_PER_DRAW;
    let letters = '';
    for (let letter = 0; letter < LETTERS_PER_DRAW; letter++) {
      letters += ALPHABET[Math.floor(bits) % 64];
      bits /= 64;
    }
    draws.push(letters);
  }
  return draws.join('');
}
