import { randomBytes } from 'node:crypto';
import { AwsError } from '../../wire/errors.ts';
import type { Engine, RecordReader, Transaction } from '../engine/engine.ts';
import { backupRecordKey, backupRecordsFrom } from '../layout.ts';
import type { TableRecord } from '../tables/catalog.ts';
import type { Totals } from '../tables/totals.ts';

export type BackupType = 'USER' | 'SYSTEM';

/** A backup as kept: plain JSON, without secrets and without anything from its items. */
export interface BackupRecord {
  /** Last part of its ARN: 14 digits of milliseconds and eight drawn ones, so that ids sort by time. */
  id: string;
  name: string;
  type: BackupType;
  status: 'CREATING' | 'AVAILABLE';
  created_ms: number;
  /** Its items and wrapped keys lie under this number as a table's do under the table's; never used again. */
  number: number;
  /** The table as it was. Its items are bound to this table's id and number, wherever they lie. */
  table: TableRecord;
  totals: Totals;
  /** Restores under way: it can't be deleted meanwhile. */
  restores: number;
}

const ID = /^\d{14}-[0-9a-f]{8}$/;

export function newBackupId(created_ms: number): string {
  return `${timeOfId(created_ms)}-${randomBytes(4).toString('hex')}`;
}

/** What ids of that moment begin with. */
export function timeOfId(wall_ms: number): string {
  return String(Math.max(0, Math.floor(wall_ms))).padStart(14, '0');
}

/** @param tableArn of the table that was backed up */
export function backupArn(tableArn: string, id: string): string {
  return `${tableArn}/backup/${id}`;
}

/** @returns undefined for what is no backup's ARN */
export function backupIdOf(arn: string): string | undefined {
  const id = arn.slice(arn.lastIndexOf('/') + 1);
  return ID.test(id) ? id : undefined;
}

export function readBackup(reader: RecordReader, id: string): BackupRecord | undefined {
  const bytes = reader.get(backupRecordKey(id));
  return bytes && (JSON.parse(bytes.toString()) as BackupRecord);
}

export function writeBackup(transaction: Transaction, backup: BackupRecord): void {
  transaction.put(backupRecordKey(backup.id), Buffer.from(JSON.stringify(backup)));
}

export function removeBackup(transaction: Transaction, id: string): void {
  transaction.remove(backupRecordKey(id));
}

/** Backups in the order of their ids, beginning with `id`. */
export function* backupsFrom(engine: Engine, id: string): Generator<BackupRecord> {
  for (const { value } of engine.range({ ...backupRecordsFrom(id), includeStart: true })) {
    yield JSON.parse(value.toString()) as BackupRecord;
  }
}

export function backupMissing(arn: string): AwsError {
  return new AwsError('BackupNotFoundException', `Backup not found: ${arn}`);
}

export function backupInUse(arn: string, use: 'created' | 'restored'): AwsError {
  return new AwsError('BackupInUseException', `Backup is being ${use}: ${arn}`);
}
