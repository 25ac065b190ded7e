import type { RecordReader, Transaction } from '../engine/engine.ts';
import { totalsKey } from '../layout.ts';

/** How many items a table has, and their size as DynamoDB counts it. Exact: changed with every item. */
export interface Totals {
  items: number;
  bytes: number;
  /** The revision of the table's record that writers must have: see `followersChanged`. None is 0. */
  revision?: number;
}

const BYTES = 20;

/** @returns undefined when the table is not there any more */
export function readTotals(reader: RecordReader, tableNumber: number): Totals | undefined {
  const record = reader.get(totalsKey(tableNumber));
  return (
    record && {
      items: record.readDoubleBE(0),
      bytes: record.readDoubleBE(8),
      // Tables of earlier versions had none.
      revision: record.length < BYTES ? 0 : record.readUInt32BE(16),
    }
  );
}

export function writeTotals(
  transaction: Transaction,
  tableNumber: number,
  { items, bytes, revision = 0 }: Totals,
): void {
  const record = Buffer.allocUnsafe(BYTES);
  record.writeDoubleBE(items, 0);
  record.writeDoubleBE(bytes, 8);
  record.writeUInt32BE(revision, 16);
  transaction.put(totalsKey(tableNumber), record);
}
