/** CreateBackup, DescribeBackup, ListBackups, DeleteBackup, DescribeContinuousBackups. */

import type { StoreCore } from '../core.ts';
import type { RecordReader } from '../engine/engine.ts';
import { validationError } from '../errors.ts';
import { isArchived } from '../keys/archived-table.ts';
import type { RequestBody } from '../operation.ts';
import { RequestReader } from '../request.ts';
import type { TableRecord } from '../tables/catalog.ts';
import type { AccessContext } from '../types.ts';
import { discardBackup, sourceMissing } from './backup-copies.ts';
import { describeBackup as describeDetails, details, summary } from './backup-description.ts';
import {
  type BackupRecord,
  backupArn,
  backupIdOf,
  backupInUse,
  backupMissing,
  backupsFrom,
  newBackupId,
  readBackup,
  timeOfId,
} from './backup-record.ts';
import { refuseCreating } from './restored-table.ts';

const ARN_LENGTH = { min: 37, max: 1024 };
const MAX_PAGE = 100;
/** Backups that a page of ListBackups is chosen from, so that filters can't make it long. */
const MAX_EVALUATED = 1000;

/**
 * CreateBackup. As any operation on the table's data it needs the table's key as its caller, from the key cache or by
 * the KMS's leave: DynamoDB refuses it while the key is inaccessible. The items are not opened.
 */
export async function createBackup(
  core: StoreCore,
  body: RequestBody,
  context: AccessContext,
): Promise<object> {
  const request = tableRequest(core, body);
  const tableName = request.tableName();
  const name = request.tableName('BackupName');
  request.done();
  const table = requireSource(core, tableName);
  await core.access.keysOf(table, context);
  const created_ms = Math.floor(core.clock.wall_ms());
  const id = newBackupId(created_ms);
  const backup = await core.backups.create(table, { id, name, type: 'USER', created_ms });
  return { BackupDetails: details(core, backup) };
}

/** @throws AwsError TableNotFoundException, TableInUseException */
function requireSource(core: StoreCore, name: string): TableRecord {
  const table = core.catalog.find(name);
  if (table === undefined || isArchived(table)) throw sourceMissing(name);
  refuseCreating(table, 'TableInUseException');
  return table;
}

/** DescribeBackup */
export function describeBackup(core: StoreCore, body: RequestBody): object {
  const arn = readArn(body);
  return { BackupDescription: describeDetails(core, requireBackup(core, core.engine, arn)) };
}

function readArn(body: RequestBody): string {
  const request = new RequestReader(body);
  const arn = request.string('BackupArn', { required: true, length: ARN_LENGTH }) ?? '';
  request.done();
  return arn;
}

/** @throws AwsError BackupNotFoundException */
export function requireBackup(core: StoreCore, reader: RecordReader, arn: string): BackupRecord {
  const id = backupIdOf(arn);
  const backup = id === undefined ? undefined : readBackup(reader, id);
  if (backup === undefined || arnOf(core, backup) !== arn) throw backupMissing(arn);
  return backup;
}

function arnOf(core: StoreCore, { table, id }: BackupRecord): string {
  return backupArn(core.arnOf(table.name), id);
}

/** ListBackups: by time; a filter may leave a page short, or empty, that is not the last. */
export function listBackups(core: StoreCore, body: RequestBody): object {
  const request = tableRequest(core, body);
  const tableName = request.string('TableName') === undefined ? undefined : request.tableName();
  const lower_ms = request.timestamp_ms('TimeRangeLowerBound') ?? 0;
  const upper_ms = request.timestamp_ms('TimeRangeUpperBound') ?? Number.POSITIVE_INFINITY;
  const type = request.choice('BackupType', ['USER', 'SYSTEM', 'AWS_BACKUP', 'ALL']) ?? 'USER';
  const limit = request.integer('Limit', { min: 1, max: MAX_PAGE }) ?? MAX_PAGE;
  const startArn = request.string('ExclusiveStartBackupArn', { length: ARN_LENGTH });
  request.done();
  const after = startArn === undefined ? '' : backupIdOf(startArn);
  if (after === undefined) throw validationError(`Invalid ExclusiveStartBackupArn: ${startArn}`);
  const found: BackupRecord[] = [];
  let last: BackupRecord | undefined;
  let evaluated = 0;
  let more = false;
  const from = [after, timeOfId(lower_ms)].sort()[1]!;
  for (const backup of backupsFrom(core.engine, from)) {
    if (backup.id === after) continue;
    if (backup.created_ms >= upper_ms) break;
    more = found.length === limit || evaluated === MAX_EVALUATED;
    if (more) break;
    evaluated += 1;
    last = backup;
    const wanted = (type === 'ALL' || backup.type === type) && backup.created_ms >= lower_ms;
    if (wanted && (tableName === undefined || backup.table.name === tableName)) found.push(backup);
  }
  return {
    BackupSummaries: found.map((backup) => summary(core, backup)),
    LastEvaluatedBackupArn: more && last !== undefined ? arnOf(core, last) : undefined,
  };
}

/** DeleteBackup: it is gone at once; its sealed items follow. */
export async function deleteBackup(core: StoreCore, body: RequestBody): Promise<object> {
  const arn = readArn(body);
  const backup = await core.engine.write((transaction) => {
    const current = requireBackup(core, transaction, arn);
    if (current.status === 'CREATING') throw backupInUse(arn, 'created');
    if (current.restores > 0) throw backupInUse(arn, 'restored');
    discardBackup(transaction, current);
    return current;
  });
  core.removal.start();
  return { BackupDescription: describeDetails(core, backup, 'DELETED') };
}

/** DescribeContinuousBackups: as of any table whose point-in-time recovery was not enabled. It can't be here. */
export function describeContinuousBackups(core: StoreCore, body: RequestBody): object {
  const request = tableRequest(core, body);
  const name = request.tableName();
  request.done();
  if (core.catalog.find(name) === undefined) throw sourceMissing(name);
  return {
    ContinuousBackupsDescription: {
      ContinuousBackupsStatus: 'ENABLED',
      PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: 'DISABLED' },
    },
  };
}

/** These operations take a table's ARN in place of its name. */
function tableRequest(core: StoreCore, body: RequestBody): RequestReader {
  const prefix = core.arnOf('');
  const { TableName } = body;
  const isArn = typeof TableName === 'string' && TableName.startsWith(prefix);
  return new RequestReader(isArn ? { ...body, TableName: TableName.slice(prefix.length) } : body);
}
