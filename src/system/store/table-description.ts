import type { TableRecord } from './catalog.ts';
import type { StoreCore } from './core.ts';
import { describeRestore, isCreating } from './restored-table.ts';
import { readTotals } from './totals.ts';

export type TableStatus = 'CREATING' | 'ACTIVE' | 'UPDATING' | 'DELETING';
export type SseStatus = 'ENABLED' | 'UPDATING';

/** DynamoDB's `TableDescription`. Without encryption, and under the AWS owned key, it has no `SSEDescription`. */
export function describe(
  core: StoreCore,
  table: TableRecord,
  status: TableStatus = statusOf(table),
  sseStatus: SseStatus = 'ENABLED',
): object {
  const { items, bytes } = readTotals(core.engine, table.number) ?? { items: 0, bytes: 0 };
  return {
    AttributeDefinitions: keyAttributes(table).map(({ name, type }) => ({
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
    RestoreSummary: describeRestore(table),
    SSEDescription: describeSse(table, sseStatus),
    DeletionProtectionEnabled: table.deletionProtection,
    ...describeStreams(core, table),
  };
}

/** What the table is when no operation on it says otherwise. */
function statusOf(table: TableRecord): TableStatus {
  return isCreating(table) ? 'CREATING' : 'ACTIVE';
}

export function describeKeySchema(table: TableRecord): object[] {
  return keyAttributes(table).map(({ name }, index) => ({
    AttributeName: name,
    KeyType: index === 0 ? 'HASH' : 'RANGE',
  }));
}

function keyAttributes({ primaryKey: { partition, sort } }: TableRecord) {
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

function describeSse({ encryption }: TableRecord, status: SseStatus): object | undefined {
  if (encryption.kind === 'none' || encryption.kind === 'aws-owned') return undefined;
  return { Status: status, SSEType: 'KMS', KMSMasterKeyArn: encryption.kmsKeyArn };
}
