import type { KeyLedger, WrappedKeys } from '../../envelope/envelope.ts';
import type { RecordReader, Transaction } from '../engine/engine.ts';
import { tableMissing } from '../errors.ts';
import { keyringKey } from '../layout.ts';

/** The one structure whose items and pages a table's data keys seal. */
export const TABLE_STRUCTURE = 'table';

export function readKeyring(reader: RecordReader, tableNumber: number): WrappedKeys | undefined {
  const record = reader.get(keyringKey(tableNumber));
  return record && (JSON.parse(record.toString()) as WrappedKeys);
}

export function writeKeyring(transaction: Transaction, tableNumber: number, keyring: WrappedKeys): void {
  transaction.put(keyringKey(tableNumber), Buffer.from(JSON.stringify(keyring)));
}

/** A table's key record within a transaction. */
export function keyLedger(transaction: Transaction, tableNumber: number): KeyLedger {
  return {
    read: () => {
      const keyring = readKeyring(transaction, tableNumber);
      if (keyring === undefined) throw tableMissing();
      return keyring;
    },
    write: (changed) => writeKeyring(transaction, tableNumber, changed),
  };
}
