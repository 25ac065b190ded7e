import { randomUUID } from 'node:crypto';

/** This process's own, up to a UUID's last 12 digits. */
const PREFIX = randomUUID().slice(0, 24);
const BLOCK = 0x1000;
const LAST_DIGITS = Array.from({ length: BLOCK }, (_, index) => index.toString(16).padStart(3, '0'));

let blocks = 0;
let next = BLOCK;
let block = '';

/** A request's id, of a UUID's shape and unique as one. Counted: a request is answered in the time of a few UUIDs. */
export function nextRequestId(): string {
  if (next === BLOCK) {
    block = PREFIX + (blocks++).toString(16).padStart(9, '0');
    next = 0;
  }
  return block + LAST_DIGITS[next++];
}
