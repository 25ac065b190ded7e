import { type BackupRecord, backupArn } from './backup-record.ts';
import type { StoreCore } from './core.ts';
import { describeKeySchema } from './table-description.ts';

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
      StreamDescription: describeSourceStream(backup),
      SSEDescription: describeSourceSse(backup),
    },
  };
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
  const provisioned = billing.mode === 'PROVISIONED';
  return {
    TableName: table.name,
    TableId: table.id,
    TableArn: core.arnOf(table.name),
    TableSizeBytes: totals.bytes,
    KeySchema: describeKeySchema(table),
    TableCreationDateTime: table.created_ms / 1000,
    ProvisionedThroughput: {
      ReadCapacityUnits: provisioned ? billing.read_units : 0,
      WriteCapacityUnits: provisioned ? billing.write_units : 0,
    },
    ItemCount: totals.items,
    BillingMode: billing.mode,
  };
}
