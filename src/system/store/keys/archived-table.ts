/** A table whose key was lost for too long: its items are in a backup, and what is left shows where. */

import { tableBeingUpdated } from '../errors.ts';
import type { TableRecord } from '../tables/catalog.ts';

/** Nobody reads or writes its items, then or ever again. */
export function isArchived({ keyLoss }: TableRecord): boolean {
  return keyLoss?.status === 'ARCHIVING' || keyLoss?.status === 'ARCHIVED';
}

/** The key of a table whose items are gone opens nothing any more, and settings serve nobody. @throws AwsError */
export function refuseArchived(table: TableRecord): void {
  if (isArchived(table)) throw tableBeingUpdated(table.name);
}
