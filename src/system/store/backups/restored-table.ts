/** What a table knows of its being restored from a backup. */
import { AwsError } from '../../wire/errors.ts';
import type { TableRecord } from '../tables/catalog.ts';

export interface RestoreOrigin {
  backupArn: string;
  sourceTableArn: string;
  /** When the backup was made. */
  backup_ms: number;
  inProgress: boolean;
}

/**
 * Not all of its items are there yet, from a backup or from another Region: it shows itself as CREATING, and nobody
 * reads or writes it.
 */
export function isCreating(table: TableRecord): boolean {
  return table.restore?.inProgress === true || table.replication?.source !== undefined;
}

/** @throws AwsError while the table is being restored or replicated */
export function refuseCreating(
  table: TableRecord,
  code: 'ResourceInUseException' | 'TableInUseException',
): void {
  if (!isCreating(table)) return;
  throw new AwsError(
    code,
    `Attempt to change a resource which is still in use: Table is being created: ${table.name}`,
  );
}

/** DynamoDB's `RestoreSummary`. */
export function describeRestore({ restore }: TableRecord): object | undefined {
  if (restore === undefined) return undefined;
  return {
    SourceBackupArn: restore.backupArn,
    SourceTableArn: restore.sourceTableArn,
    RestoreDateTime: restore.backup_ms / 1000,
    RestoreInProgress: restore.inProgress,
  };
}
