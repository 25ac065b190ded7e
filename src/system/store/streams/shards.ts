/**
 * A stream's shards: stretches of time, one after the other, so that each but the first has one parent. Nothing is kept
 * of them: they follow from when the stream began, and from its last sequence number.
 */
import { hash } from 'node:crypto';
import { compareSequences, firstAt, lastBefore, type SequenceNumber } from './sequence.ts';

/** DynamoDB closes a shard, and goes on with another, about every four hours. */
export const SHARD_MS = 4 * 3_600_000;
/** How long stream records are kept. */
export const RETENTION_MS = 24 * 3_600_000;

/** When and where a stream began and ended. */
export interface StreamSpan {
  arn: string;
  /** Before its first record. */
  start: SequenceNumber;
  /** After its last record, once it is disabled. */
  end?: SequenceNumber;
}

export interface Shard {
  id: string;
  parentId?: string;
  /** The least number that a record of the shard can have. */
  first: SequenceNumber;
  /** The greatest one. */
  last: SequenceNumber;
  /** No record will come into it any more. */
  closed: boolean;
}

/**
 * The shards that may have records still, oldest first.
 *
 * @param head the table's last sequence number: what is before it has all been written
 * @param horizon_ms records from before it are trimmed
 */
export function shardsOf(span: StreamSpan, head: SequenceNumber, horizon_ms: number): Shard[] {
  const until_ms = span.end?.ms ?? Math.max(head.ms, span.start.ms);
  const newest = indexAt(span, until_ms);
  const oldest = Math.min(newest, Math.max(0, indexAt(span, horizon_ms)));
  const shards = Array.from({ length: newest - oldest + 1 }, (_, i) => shardAt(span, oldest + i, head));
  return shards.filter(({ closed, last }) => !closed || last.ms >= horizon_ms);
}

/** When the open shard is to be closed; a stream that ended has none. */
export function rollsAt_ms(span: StreamSpan, head: SequenceNumber): number {
  if (span.end !== undefined) return Number.POSITIVE_INFINITY;
  return span.start.ms + (indexAt(span, Math.max(head.ms, span.start.ms)) + 1) * SHARD_MS;
}

/** The shard of that id, trimmed or not. */
export function shardNamed(span: StreamSpan, id: string, head: SequenceNumber): Shard | undefined {
  const start_ms = Number(/^shardId-(\d{20})-[0-9a-f]{8}$/.exec(id)?.[1]);
  if (!Number.isSafeInteger(start_ms) || start_ms < span.start.ms) return undefined;
  const shard = shardAt(span, indexAt(span, start_ms), head);
  const exists = shard.id === id && compareSequences(shard.first, span.end ?? head) <= 0;
  return exists ? shard : undefined;
}

/** The one whose numbers begin with that time. */
export function shardStarting(span: StreamSpan, start_ms: number, head: SequenceNumber): Shard | undefined {
  return shardNamed(span, shardId(span.arn, start_ms), head);
}

function indexAt({ start }: StreamSpan, ms: number): number {
  return Math.floor((ms - start.ms) / SHARD_MS);
}

function shardAt(span: StreamSpan, index: number, head: SequenceNumber): Shard {
  const startOf_ms = (i: number) => span.start.ms + i * SHARD_MS;
  const { end } = span;
  const rolls = lastBefore(startOf_ms(index + 1));
  const endsHere = end !== undefined && compareSequences(end, rolls) <= 0;
  return {
    id: shardId(span.arn, startOf_ms(index)),
    ...(index > 0 ? { parentId: shardId(span.arn, startOf_ms(index - 1)) } : {}),
    first: index === 0 ? span.start : firstAt(startOf_ms(index)),
    last: endsHere ? end : rolls,
    closed: endsHere || compareSequences(head, rolls) > 0,
  };
}

function shardId(arn: string, start_ms: number): string {
  const tail = hash('sha256', `${arn}/${start_ms}`).slice(0, 8);
  return `shardId-${String(start_ms).padStart(20, '0')}-${tail}`;
}
