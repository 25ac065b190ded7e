import type { RecordReader, Transaction } from './engine.ts';
import { totalsKey } from './layout.ts';

/** How many items a table has, and their size as DynamoDB counts it. Exact: changed with every item. */
export interface Totals {
  items: number;
  bytes: number;
}

/** @returns undefined when the table is not there any more */
export function readTotals(reader: RecordReader, tableNumber: number): Totals | undefined {
  const record = reader.get(totalsKey(tableNumber));
  return record && { items: record.readDoubleBE(0), bytes: record.readDoubleBE(8) };
}

export function writeTotals(transaction: Transaction, tableNumber: number, { items, bytes }: Totals): void {
  const record = Buffer.allocUnsafe(16);
  record.writeDoubleBE(items, 0);
  record.writeDoubleBE(bytes, 8);
  transaction.put(totalsKey(tableNumber), record);
}
