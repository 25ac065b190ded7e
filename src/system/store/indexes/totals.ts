import type { RecordReader, Transaction } from '../engine/engine.ts';
import { indexTotalsKey } from '../layout.ts';

/** How many entries an index has, and their size as DynamoDB counts it. */
export interface IndexTotals {
  items: number;
  bytes: number;
}

export function readIndexTotals(reader: RecordReader, tableNumber: number, index: number): IndexTotals {
  const record = reader.get(indexTotalsKey(tableNumber, index));
  if (record === undefined) return { items: 0, bytes: 0 };
  return { items: record.readDoubleBE(0), bytes: record.readDoubleBE(8) };
}

export function addToIndexTotals(
  transaction: Transaction,
  tableNumber: number,
  index: number,
  { items, bytes }: IndexTotals,
): void {
  if (items === 0 && bytes === 0) return;
  const totals = readIndexTotals(transaction, tableNumber, index);
  const record = Buffer.allocUnsafe(16);
  record.writeDoubleBE(totals.items + items, 0);
  record.writeDoubleBE(totals.bytes + bytes, 8);
  transaction.put(indexTotalsKey(tableNumber, index), record);
}
