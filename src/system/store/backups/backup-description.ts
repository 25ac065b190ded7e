import type { StoreCore } from '../core.ts';
import { describeProjection } from '../indexes/description.ts';
import type { IndexRecord } from '../indexes/types.ts';
import type { Billing } from '../tables/catalog.ts';
import { describeKeySchema } from '../tables/table-description.ts';
import { type BackupRecord, backupArn } from './backup-record.ts';

type BackupStatus = BackupRecord['status'] | 'DELETED';

/** DynamoDB's `BackupDetails`. */
export function details(core: StoreCore, backup: BackupRecord, status: BackupStatus = backup.status): object {
  return {
    BackupArn: backupArn(core.arnOf(backup.table.name), backup.id),
    BackupName: backup.name,
    BackupSizeBytes: backup.totals.bytes,
    BackupStatus: status,
    BackupType: backup.type,
    BackupCreationDateTime: backup.created_ms / 1000,
  };
}

/** DynamoDB's `BackupSummary`. */
export function summary(core: StoreCore, backup: BackupRecord): object {
  const { table } = backup;
  return {
    TableName: table.name,
    TableId: table.id,
    TableArn: core.arnOf(table.name),
    ...details(core, backup),
  };
}

/** DynamoDB's `BackupDescription`: the table and its features as they were. */
export function describeBackup(core: StoreCore, backup: BackupRecord, status?: BackupStatus): object {
  return {
    BackupDetails: details(core, backup, status),
    SourceTableDetails: describeSource(core, backup),
    SourceTableFeatureDetails: {
      LocalSecondaryIndexes: describeSourceIndexes(backup, 'local'),
      GlobalSecondaryIndexes: describeSourceIndexes(backup, 'global'),
      StreamDescription: describeSourceStream(backup),
      SSEDescription: describeSourceSse(backup),
    },
  };
}

function describeSourceIndexes(
  { table: { indexes = [], billing } }: BackupRecord,
  kind: IndexRecord['kind'],
): object[] | undefined {
  const described = indexes
    .filter((index) => index.kind === kind)
    .map((index) => ({
      IndexName: index.name,
      KeySchema: describeKeySchema({ primaryKey: index.key }),
      Projection: describeProjection(index),
      ProvisionedThroughput: kind === 'global' ? describeUnits(billing, index.units) : undefined,
    }));
  return described.length > 0 ? described : undefined;
}

/** 0 on demand. */
function describeUnits({ mode }: Billing, units: { read: number; write: number } | undefined): object {
  const { read, write } = mode === 'PROVISIONED' && units !== undefined ? units : { read: 0, write: 0 };
  return { ReadCapacityUnits: read, WriteCapacityUnits: write };
}

function describeSourceStream({ table: { stream } }: BackupRecord): object | undefined {
  return stream?.enabled ? { StreamEnabled: true, StreamViewType: stream.viewType } : undefined;
}

/** The key that the backup is under, whatever becomes of the table's. */
function describeSourceSse({ table: { encryption } }: BackupRecord): object | undefined {
  if (encryption.kind === 'none' || encryption.kind === 'aws-owned') return undefined;
  return { Status: 'ENABLED', SSEType: 'KMS', KMSMasterKeyArn: encryption.kmsKeyArn };
}

function describeSource(core: StoreCore, { table, totals }: BackupRecord): object {
  const { billing } = table;
  const units =
    billing.mode === 'PROVISIONED' ? { read: billing.read_units, write: billing.write_units } : undefined;
  return {
    TableName: table.name,
    TableId: table.id,
    TableArn: core.arnOf(table.name),
    TableSizeBytes: totals.bytes,
    KeySchema: describeKeySchema(table),
    TableCreationDateTime: table.created_ms / 1000,
    ProvisionedThroughput: describeUnits(billing, units),
    ItemCount: totals.items,
    BillingMode: billing.mode,
  };
}
