import { encodeAad, type ItemKeys } from '../../envelope/envelope.ts';
import type { Engine } from '../engine/engine.ts';
import type { SequenceNumber } from './sequence.ts';
import { nextSequence } from './sequence.ts';
import { dataKey, STREAM_STRUCTURE, sequenceOf } from './stream-records.ts';

export interface StoredRecord {
  sequence: SequenceNumber;
  /** `StoredChange`, as it was sealed. */
  json: Buffer;
}

/** A table's stream records from one number to another, both included; opened as the caller comes to them. */
export function* readStored(
  engine: Engine,
  keys: ItemKeys,
  tableNumber: number,
  from: SequenceNumber,
  to: SequenceNumber,
): Generator<StoredRecord> {
  const range = { start: dataKey(tableNumber, from), end: dataKey(tableNumber, nextSequence(to, 0)) };
  for (const { key, value } of engine.range({ ...range, includeStart: true })) {
    yield { sequence: sequenceOf(key), json: keys.open(STREAM_STRUCTURE, encodeAad([key]), value) };
  }
}
