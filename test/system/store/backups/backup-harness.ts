/** What tests of backups do over and over. */
import type { Answers, Bench } from '../harness.ts';

/** Its description once it is AVAILABLE. */
export async function ended(bench: Bench, BackupArn: string): Promise<Answers> {
  for (;;) {
    const { BackupDescription } = await bench.run('DescribeBackup', { BackupArn });
    if (BackupDescription.BackupDetails.BackupStatus !== 'CREATING') return BackupDescription;
    await new Promise(setImmediate);
  }
}

/** @returns the ARN of a backup that is AVAILABLE */
export async function backUp(bench: Bench, TableName: string, BackupName = 'nightly'): Promise<string> {
  const { BackupDetails } = await bench.run('CreateBackup', { TableName, BackupName });
  await ended(bench, BackupDetails.BackupArn);
  return BackupDetails.BackupArn;
}

/** Its description once it is not CREATING any more. */
export async function active(bench: Bench, TableName: string): Promise<Answers> {
  for (;;) {
    const { Table } = await bench.run('DescribeTable', { TableName });
    if (Table.TableStatus !== 'CREATING') return Table;
    await new Promise(setImmediate);
  }
}

export async function restore(
  bench: Bench,
  BackupArn: string,
  TargetTableName: string,
  more: object = {},
): Promise<Answers> {
  await bench.run('RestoreTableFromBackup', { BackupArn, TargetTableName, ...more });
  return active(bench, TargetTableName);
}

/** All of them, in an order of their own. */
export async function itemsOf(bench: Bench, TableName: string): Promise<string[]> {
  const { Items } = await bench.run('Scan', { TableName });
  return Items.map((item: unknown) => JSON.stringify(item)).sort();
}
