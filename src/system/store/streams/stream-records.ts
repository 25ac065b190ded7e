/** The streams there are, and what begins and ends them. */

import type { Engine, RecordReader, Transaction } from '../engine/engine.ts';
import { followersChanged } from '../followers.ts';
import { streamDataKey, streamHeadKey, streamKey, streamsOfName } from '../layout.ts';
import type { StreamViewType, TableRecord } from '../tables/catalog.ts';
import {
  nextSequence,
  readSequence,
  SEQUENCE_BYTES,
  type SequenceNumber,
  writeSequence,
} from './sequence.ts';
import { RETENTION_MS, type StreamSpan } from './shards.ts';

/** A stream as kept: plain JSON, with nothing from its records. */
export interface StreamRecord extends StreamSpan {
  label: string;
  viewType: StreamViewType;
  created_ms: number;
  /** As it was when the stream began or ended: its keys are reached by it once it is gone. */
  table: TableRecord;
  /** The table is gone, and this was its newest stream, which is over last: the table's keys go with it. */
  orphaned?: true;
}

/** Structure of a table's keys that seals its streams' records. */
export const STREAM_STRUCTURE = 'stream';

export function readStream(reader: RecordReader, tableName: string, label: string): StreamRecord | undefined {
  const bytes = reader.get(streamKey(tableName, label));
  return bytes && (JSON.parse(bytes.toString()) as StreamRecord);
}

/** The streams of tables of that name, or all; by name, and oldest first. */
export function* streams(engine: Engine, tableName?: string): Generator<StreamRecord> {
  for (const { value } of engine.range({ ...streamsOfName(tableName), includeStart: true })) {
    yield JSON.parse(value.toString()) as StreamRecord;
  }
}

/** Whether a stream that was disabled, or lost its table, has nothing left to read. */
export function isOver({ end }: StreamRecord, now_ms: number): boolean {
  return end !== undefined && end.ms < horizonAt(now_ms);
}

/** Records from before this time are trimmed. */
export function horizonAt(now_ms: number): number {
  return Math.floor(now_ms) - RETENTION_MS;
}

/** The last sequence number of a table's streams. */
export function readHead(reader: RecordReader, tableNumber: number): SequenceNumber | undefined {
  const record = reader.get(streamHeadKey(tableNumber));
  return record && readSequence(record, 0);
}

/** Moves the head to the next number, no earlier than now. */
export function moveHead(transaction: Transaction, tableNumber: number, now_ms: number): SequenceNumber {
  const head = nextSequence(readHead(transaction, tableNumber), now_ms);
  const record = Buffer.allocUnsafe(SEQUENCE_BYTES);
  writeSequence(record, 0, head);
  transaction.put(streamHeadKey(tableNumber), record);
  return head;
}

export function dataKey(tableNumber: number, sequence: SequenceNumber): Buffer {
  const key = streamDataKey(tableNumber, SEQUENCE_BYTES);
  writeSequence(key, key.length - SEQUENCE_BYTES, sequence);
  return key;
}

export function sequenceOf(key: Buffer): SequenceNumber {
  return readSequence(key, key.length - SEQUENCE_BYTES);
}

/**
 * Begins a stream of a table that has none that is enabled.
 * @returns the table's record, to be written
 */
export function startStream(
  transaction: Transaction,
  table: TableRecord,
  viewType: StreamViewType,
  { tableArn, now_ms }: { tableArn: string; now_ms: number },
): TableRecord {
  const label = freeLabel(transaction, table.name, now_ms);
  const followed = followersChanged(transaction, { ...table, stream: { label, viewType, enabled: true } });
  writeStream(transaction, {
    arn: `${tableArn}/stream/${label}`,
    label,
    viewType,
    created_ms: Math.floor(now_ms),
    start: moveHead(transaction, table.number, now_ms),
    table: followed,
  });
  return followed;
}

/**
 * Ends the stream that a table has enabled, if it has: its records stay readable for a day.
 * @returns the table's record, to be written
 */
export function endStream(transaction: Transaction, table: TableRecord, now_ms: number): TableRecord {
  const { stream } = table;
  if (!stream?.enabled) return table;
  const ended = followersChanged(transaction, { ...table, stream: { ...stream, enabled: false } });
  const record = readStream(transaction, table.name, stream.label)!;
  writeStream(transaction, { ...record, end: moveHead(transaction, table.number, now_ms), table: ended });
  return ended;
}

/**
 * Ends the stream of a table that is going.
 * @returns whether a stream outlives it, which needs its keys: `StreamTrimming` removes them with the last one
 */
export function leaveStreams(transaction: Transaction, table: TableRecord, now_ms: number): boolean {
  const { name, stream, number } = endStream(transaction, table, now_ms);
  const newest = stream && readStream(transaction, name, stream.label);
  if (newest === undefined) transaction.remove(streamHeadKey(number));
  else writeStream(transaction, { ...newest, orphaned: true });
  return newest !== undefined;
}

/** Two streams of a name never share a label, not even those of one millisecond. */
function freeLabel(reader: RecordReader, tableName: string, now_ms: number): string {
  for (let ms = Math.floor(now_ms); ; ms++) {
    const label = new Date(ms).toISOString().slice(0, -1);
    if (readStream(reader, tableName, label) === undefined) return label;
  }
}

function writeStream(transaction: Transaction, stream: StreamRecord): void {
  transaction.put(streamKey(stream.table.name, stream.label), Buffer.from(JSON.stringify(stream)));
}
