import { describeRestore, isCreating } from '../backups/restored-table.ts';
import type { StoreCore } from '../core.ts';
import { describeIndexes, keyAttributesOf } from '../indexes/description.ts';
import { isAllocating } from '../indexes/work.ts';
import { describeReplicas, isGettingReplica } from '../replicas/description.ts';
import type { TableRecord } from './catalog.ts';
import { readTotals } from './totals.ts';

export type TableStatus =
  | 'CREATING'
  | 'ACTIVE'
  | 'UPDATING'
  | 'DELETING'
  | 'INACCESSIBLE_ENCRYPTION_CREDENTIALS'
  | 'ARCHIVING'
  | 'ARCHIVED';

/** DynamoDB's `TableDescription`. Without encryption, and under the AWS owned key, it has no `SSEDescription`. */
export function describe(
  core: StoreCore,
  table: TableRecord,
  status: TableStatus = statusOf(core, table),
): object {
  const { items, bytes } = readTotals(core.engine, table.number) ?? { items: 0, bytes: 0 };
  return {
    AttributeDefinitions: keyAttributesOf(table).map(({ name, type }) => ({
      AttributeName: name,
      AttributeType: type,
    })),
    TableName: table.name,
    KeySchema: describeKeySchema(table),
    TableStatus: status,
    CreationDateTime: table.created_ms / 1000,
    ...describeBilling(table),
    TableSizeBytes: bytes,
    ItemCount: items,
    TableArn: core.arnOf(table.name),
    TableId: table.id,
    SSEDescription: describeSse(table, core.clock.wall_ms()),
    ArchivalSummary: describeArchival(table),
    RestoreSummary: describeRestore(table),
    DeletionProtectionEnabled: table.deletionProtection,
    ...describeIndexes(core, table, status === 'CREATING'),
    ...describeStreams(core, table),
    ...describeReplicas(core, table),
  };
}

/** What the table is when no operation on it says otherwise. */
function statusOf(core: StoreCore, table: TableRecord): TableStatus {
  if (isCreating(table)) return 'CREATING';
  const { keyLoss } = table;
  if (keyLoss !== undefined && keyLoss.status !== 'SUSPECTED') return keyLoss.status;
  return isGettingReplica(core, table) || isChangingIndex(core, table) ? 'UPDATING' : 'ACTIVE';
}

/** While an index goes, and until one that comes is being filled. */
function isChangingIndex({ engine }: StoreCore, { number, indexes = [] }: TableRecord): boolean {
  return indexes.some((index) => index.state === 'DELETING' || isAllocating(engine, number, index));
}

export function describeKeySchema(table: Pick<TableRecord, 'primaryKey'>): object[] {
  return keyAttributes(table).map(({ name }, index) => ({
    AttributeName: name,
    KeyType: index === 0 ? 'HASH' : 'RANGE',
  }));
}

function keyAttributes({ primaryKey: { partition, sort } }: Pick<TableRecord, 'primaryKey'>) {
  return sort === undefined ? [partition] : [partition, sort];
}

/** Of a stream that was disabled the ARN and the label stay, as observed on DynamoDB. */
function describeStreams(core: StoreCore, { name, stream }: TableRecord): object | undefined {
  return (
    stream && {
      StreamSpecification: stream.enabled
        ? { StreamEnabled: true, StreamViewType: stream.viewType }
        : undefined,
      LatestStreamArn: `${core.arnOf(name)}/stream/${stream.label}`,
      LatestStreamLabel: stream.label,
    }
  );
}

function describeBilling({ billing }: TableRecord): object {
  const provisioned = billing.mode === 'PROVISIONED';
  return {
    ProvisionedThroughput: {
      NumberOfDecreasesToday: 0,
      ReadCapacityUnits: provisioned ? billing.read_units : 0,
      WriteCapacityUnits: provisioned ? billing.write_units : 0,
    },
    BillingModeSummary: provisioned
      ? undefined
      : { BillingMode: billing.mode, LastUpdateToPayPerRequestDateTime: billing.since_ms / 1000 },
  };
}

/**
 * While a key changes the description says UPDATING, first with the old KMS key and then with the new one; it has no
 * ARN for the AWS owned key. That a key is lost leaves the status as it is. (All as observed on DynamoDB.)
 */
function describeSse({ encryption, keyChange, keyLoss }: TableRecord, now_ms: number): object | undefined {
  const shown = keyChange !== undefined && now_ms >= keyChange.shown_ms ? keyChange : encryption;
  const hasArn = shown.kind === 'aws-managed' || shown.kind === 'customer-managed';
  if (!hasArn && keyChange === undefined) return undefined;
  return {
    Status: keyChange === undefined ? 'ENABLED' : 'UPDATING',
    ...(hasArn ? { SSEType: 'KMS', KMSMasterKeyArn: shown.kmsKeyArn } : {}),
    ...(keyLoss === undefined || keyLoss.status === 'SUSPECTED'
      ? {}
      : { InaccessibleEncryptionDateTime: keyLoss.inaccessible_ms / 1000 }),
  };
}

function describeArchival({ keyLoss }: TableRecord): object | undefined {
  if (keyLoss?.status !== 'ARCHIVED') return undefined;
  return {
    ArchivalDateTime: keyLoss.archival_ms / 1000,
    ArchivalReason: 'INACCESSIBLE_ENCRYPTION_CREDENTIALS',
    ArchivalBackupArn: keyLoss.backupArn,
  };
}
