import type { StoreCore } from '../core.ts';
import type { Transaction } from '../engine/engine.ts';
import { namedTableMissing } from '../errors.ts';
import { settledIndexes } from '../indexes/update.ts';
import { readKeyring, writeKeyring } from '../keys/keyring.ts';
import { totalsKey } from '../layout.ts';
import { nextTableNumber, readTable, type TableRecord, writeTable } from '../tables/catalog.ts';
import { readTotals, writeTotals } from '../tables/totals.ts';
import { type BackupRecord, backupArn, newBackupId, writeBackup } from './backup-record.ts';

const NAME_LENGTH = 255;
const NAME_END = '.archive';

/**
 * Turns a table's data into a backup, without its key: that is gone by then. Nothing is copied: the backup takes over
 * the records where they lie, and the table goes on without any, in one transaction. It is listed as `SYSTEM`
 * ("automatically created by DynamoDB"), without an expiry: DynamoDB bills it for as long as it is kept.
 *
 * @param change what else becomes of the table in the same transaction: its status, its `ArchivalSummary`; undefined
 *   when there is nothing to archive any more, since another process was quicker
 * @returns the table as it is now, and the backup, if it was made
 * @throws AwsError ResourceNotFoundException when the table went meanwhile
 */
export async function createArchiveBackup(
  core: StoreCore,
  table: TableRecord,
  change: (current: TableRecord, backupArn: string) => TableRecord | undefined = (current) => current,
): Promise<{ table: TableRecord; backupArn: string } | undefined> {
  const created_ms = core.clock.wall_ms();
  const id = newBackupId(created_ms);
  const arn = backupArn(core.arnOf(table.name), id);
  const archived = await core.engine.write((transaction) => {
    const current = readTable(transaction, table.name);
    const totals = readTotals(transaction, table.number);
    if (current?.id !== table.id || totals === undefined) throw namedTableMissing(table.name);
    const changed = change(current, arn);
    if (changed === undefined) return undefined;
    const backup: BackupRecord = {
      id,
      name: `${table.name.slice(0, NAME_LENGTH - NAME_END.length)}${NAME_END}`,
      type: 'SYSTEM',
      status: 'AVAILABLE',
      created_ms,
      number: current.number,
      table: current,
      totals,
      restores: 0,
    };
    writeBackup(transaction, backup);
    const number = moveSettings(transaction, current.number);
    const emptied = { ...changed, number, indexes: changed.indexes && settledIndexes(changed.indexes) };
    writeTable(transaction, emptied);
    return emptied;
  });
  core.forgetKeys(table);
  return archived && { table: archived, backupArn: arn };
}

/** What the table goes on showing, under a new number; whoever still writes to the old one finds no table there. */
function moveSettings(transaction: Transaction, from: number): number {
  const to = nextTableNumber(transaction);
  const totals = readTotals(transaction, from);
  if (totals !== undefined) writeTotals(transaction, to, totals);
  const keyring = readKeyring(transaction, from);
  if (keyring !== undefined) writeKeyring(transaction, to, keyring);
  transaction.remove(totalsKey(from));
  return to;
}
