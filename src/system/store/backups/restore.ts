import { randomUUID } from 'node:crypto';
import { AwsError } from '../../wire/errors.ts';
import type { Principal } from '../../wire/types.ts';
import type { StoreCore } from '../core.ts';
import type { RecordReader } from '../engine/engine.ts';
import { readSseRequest, type SseRequest } from '../keys/sse.ts';
import type { RequestBody } from '../operation.ts';
import { RequestReader } from '../request.ts';
import { type Billing, readTable, type TableRecord } from '../tables/catalog.ts';
import { describe } from '../tables/table-description.ts';
import { type BillingRequest, billingOf, readBilling } from '../tables/table-schema.ts';
import { makeKeys, type NewTable, storeNewTable } from '../tables/tables.ts';
import type { AccessContext } from '../types.ts';
import { type BackupRecord, backupInUse } from './backup-record.ts';
import { requireBackup } from './backups.ts';
import { type IndexOverrides, readIndexOverrides, restoredIndexes } from './restored-indexes.ts';
import { refuseCreating } from './restored-table.ts';
import { beginRestore, openBackupKeys } from './restores.ts';

interface Restoration {
  arn: string;
  name: string;
  billing: BillingRequest;
  indexes: IndexOverrides;
  sse: SseRequest | undefined;
}

/**
 * RestoreTableFromBackup: a new table with the backup's items, schema, indexes, billing and kind of encryption, or
 * what overrides them. It starts without the rest: tags, stream, time to live, deletion protection. The backup's KMS key
 * must let the caller open the table key of its time; the table gets keys of its own, as one made with CreateTable.
 */
export async function restoreTableFromBackup(
  core: StoreCore,
  body: RequestBody,
  { principal }: AccessContext,
): Promise<object> {
  const wanted = readRestoration(body);
  const backup = requireAvailable(core, core.engine, wanted.arn);
  refuseTaken(core.engine, wanted.name);
  const fresh = restoredTable(core, backup, wanted);
  const table = await core.restores.begin(async () => {
    (await openBackupKeys(core, backup, principal)).wipe();
    const { encryption, keyring } = await keysFor(
      core,
      fresh,
      wanted.sse ?? sameEncryption(backup.table),
      principal,
    );
    return core.grants.write(encryption.grant, (transaction) => {
      const current = requireAvailable(core, transaction, wanted.arn);
      refuseTaken(transaction, wanted.name);
      const stored = storeNewTable(transaction, { ...fresh, encryption }, keyring);
      beginRestore(transaction, stored, { tableName: stored.name, backupId: current.id, principal });
      return stored;
    });
  });
  return { TableDescription: describe(core, table) };
}

function readRestoration(body: RequestBody): Restoration {
  const request = new RequestReader(body);
  const arn = request.string('BackupArn', { required: true, length: { min: 37, max: 1024 } }) ?? '';
  const name = request.tableName('TargetTableName');
  const billing = readBilling(request, 'Override');
  const indexes = readIndexOverrides(request);
  request.done();
  return { arn, name, billing, indexes, sse: readSseRequest(request, 'SSESpecificationOverride') };
}

/** @throws AwsError BackupNotFoundException, BackupInUseException */
function requireAvailable(core: StoreCore, reader: RecordReader, arn: string): BackupRecord {
  const backup = requireBackup(core, reader, arn);
  if (backup.status === 'CREATING') throw backupInUse(arn, 'created');
  return backup;
}

/** @throws AwsError TableAlreadyExistsException, TableInUseException */
function refuseTaken(reader: RecordReader, name: string): void {
  const table = readTable(reader, name);
  if (table === undefined) return;
  refuseCreating(table, 'TableInUseException');
  throw new AwsError('TableAlreadyExistsException', `Table already exists: ${name}`);
}

function restoredTable(core: StoreCore, backup: BackupRecord, wanted: Restoration): NewTable {
  const { table } = backup;
  const created_ms = core.clock.wall_ms();
  const billing = restoredBilling(table.billing, wanted.billing, created_ms);
  const indexes = restoredIndexes(table.indexes ?? [], wanted.indexes, billing);
  return {
    name: wanted.name,
    id: randomUUID(),
    created_ms,
    primaryKey: table.primaryKey,
    billing,
    ...(indexes.length === 0 ? {} : { indexes, lastIndex: table.lastIndex }),
    deletionProtection: false,
    tags: [],
    encryption: { kind: 'none' },
    restore: {
      backupArn: wanted.arn,
      sourceTableArn: core.arnOf(table.name),
      backup_ms: backup.created_ms,
      inProgress: true,
    },
  };
}

/** @throws AwsError ValidationException when overrides and backup contradict each other */
function restoredBilling(
  source: Billing,
  { mode = source.mode, units }: BillingRequest,
  now_ms: number,
): Billing {
  const kept =
    mode === 'PROVISIONED' && source.mode === mode
      ? { read: source.read_units, write: source.write_units }
      : undefined;
  return billingOf({ mode, units: units ?? kept }, now_ms);
}

/** @returns undefined for a table without encryption */
function sameEncryption({ encryption: { kind, kmsKeyArn } }: TableRecord): SseRequest | undefined {
  if (kind === 'none') return undefined;
  if (kind === 'aws-owned') return { enabled: false };
  return kind === 'aws-managed' ? { enabled: true } : { enabled: true, keyId: kmsKeyArn };
}

async function keysFor(core: StoreCore, table: NewTable, sse: SseRequest | undefined, principal: Principal) {
  if (sse === undefined) return { encryption: table.encryption, keyring: undefined };
  return makeKeys(core, table, sse, principal);
}
