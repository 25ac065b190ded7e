import { randomBytes } from 'node:crypto';
import {
  createTableKeyring,
  type TableKey,
  TableKeys,
  type WrappedKeys,
} from '../../../src/system/envelope/envelope.ts';

export const ARN = 'arn:aws:kms:us-east-1:123456789012:key/1';

export function newTableKey(): TableKey {
  return { plaintext: randomBytes(32), kmsCiphertext: randomBytes(80).toString('base64'), kmsKeyArn: ARN };
}

export function newTable(tableId = 'table-1', structures: readonly string[] = ['table', 'index/a']) {
  const tableKey = newTableKey();
  const wrapped: WrappedKeys = createTableKeyring(tableId, tableKey, structures);
  return { tableKey, wrapped, keys: TableKeys.open(tableKey.plaintext, tableId, wrapped) };
}

/** Ends the current turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
