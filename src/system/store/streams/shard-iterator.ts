/**
 * Shard iterators: a place in a shard, and when it was told, as text that only who holds the table's keys can make.
 *
 *   stream ARN | 1 | base64url( issued, start of the shard, from, whether it can fall behind; tag )
 *
 * The tag is a locator of the rest under the table's locator key: iterators outlive restarts, work at every process
 * over the same engine, and need no secret of their own.
 */
import { timingSafeEqual } from 'node:crypto';
import { type ItemKeys, LOCATOR_BYTES } from '../../envelope/envelope.ts';
import { readSequence, SEQUENCE_BYTES, type SequenceNumber, writeSequence } from './sequence.ts';

/** DynamoDB's own bound. */
export const ITERATOR_LIFETIME_MS = 15 * 60_000;

export interface ShardIterator {
  issued_ms: number;
  shardStart_ms: number;
  /** The least number that is still to be read. */
  from: SequenceNumber;
  /** Names a record, which may be trimmed before it is read; otherwise whatever comes next. */
  exact: boolean;
}

/** An iterator as it was handed in: which stream it claims, and the rest, still to be believed. */
export interface ClaimedIterator {
  arn: string;
  sealed: Buffer;
}

const FORMAT = '1';
const TIME_BYTES = 6;
const FROM_OFFSET = 2 * TIME_BYTES;
const EXACT_OFFSET = FROM_OFFSET + SEQUENCE_BYTES;
const PAYLOAD_BYTES = EXACT_OFFSET + 1;

export function iteratorText(keys: ItemKeys, arn: string, iterator: ShardIterator): string {
  const payload = Buffer.alloc(PAYLOAD_BYTES);
  payload.writeUIntBE(iterator.issued_ms, 0, TIME_BYTES);
  payload.writeUIntBE(iterator.shardStart_ms, TIME_BYTES, TIME_BYTES);
  writeSequence(payload, FROM_OFFSET, iterator.from);
  payload[EXACT_OFFSET] = iterator.exact ? 1 : 0;
  const text = Buffer.concat([payload, tagOf(keys, arn, payload)]).toString('base64url');
  return `${arn}|${FORMAT}|${text}`;
}

/** @returns undefined for what no iterator looks like */
export function claimedIterator(text: string): ClaimedIterator | undefined {
  const [arn = '', format, encoded = '', ...rest] = text.split('|');
  const sealed = Buffer.from(encoded, 'base64url');
  const canonical = sealed.toString('base64url') === encoded;
  const whole = sealed.length === PAYLOAD_BYTES + LOCATOR_BYTES;
  return format === FORMAT && rest.length === 0 && canonical && whole ? { arn, sealed } : undefined;
}

/** @returns undefined for an iterator that was not made with the keys of the table, or for another stream */
export function openIterator(keys: ItemKeys, { arn, sealed }: ClaimedIterator): ShardIterator | undefined {
  const payload = sealed.subarray(0, PAYLOAD_BYTES);
  if (!timingSafeEqual(sealed.subarray(PAYLOAD_BYTES), tagOf(keys, arn, payload))) return undefined;
  return {
    issued_ms: payload.readUIntBE(0, TIME_BYTES),
    shardStart_ms: payload.readUIntBE(TIME_BYTES, TIME_BYTES),
    from: readSequence(payload, FROM_OFFSET),
    exact: payload[EXACT_OFFSET] === 1,
  };
}

function tagOf(keys: ItemKeys, arn: string, payload: Buffer): Buffer {
  return keys.locator(['shard iterator', arn, payload]);
}
