/** What is still to be done for an index, as kept: whoever opens the engine after a crash goes on with it. */

import type { RecordReader, Transaction } from '../engine/engine.ts';
import { indexWorkKey } from '../layout.ts';
import type { TableRecord } from '../tables/catalog.ts';
import type { IndexRecord } from './types.ts';

/**
 * From an index's being asked for, or its deletion, until it is worked on, by the lifecycle clock: it passes as quickly as
 * CREATING does. DynamoDB takes 24 to 56 s for the one, and 3 to 5 s for the other.
 */
export const INDEX_WORK_MS = 500;

export interface IndexWork {
  tableName: string;
  /** Wall time from when on it is done. */
  due_ms: number;
  /** Filling has begun. */
  begun?: boolean;
  /** Hex: locator of the last item that is in the index. */
  after?: string;
}

export function readIndexWork(
  reader: RecordReader,
  tableNumber: number,
  index: number,
): IndexWork | undefined {
  const record = reader.get(indexWorkKey(tableNumber, index));
  return record && (JSON.parse(record.toString()) as IndexWork);
}

export function writeIndexWork(
  transaction: Transaction,
  { number }: TableRecord,
  index: IndexRecord,
  work: IndexWork,
): void {
  transaction.put(indexWorkKey(number, index.number), Buffer.from(JSON.stringify(work)));
}

/** An index between its being asked for and its filling: DynamoDB's "resource allocation". */
export function isAllocating(reader: RecordReader, tableNumber: number, index: IndexRecord): boolean {
  if (index.state !== 'CREATING') return false;
  const work = readIndexWork(reader, tableNumber, index.number);
  return work !== undefined && work.begun !== true;
}
