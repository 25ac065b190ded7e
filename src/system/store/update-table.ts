import { rewrap } from '../envelope/envelope.ts';
import { AwsError } from '../wire/errors.ts';
import { readTable, type TableRecord, writeTable } from './catalog.ts';
import type { StoreCore } from './core.ts';
import type { Transaction } from './engine.ts';
import { invalidParameter, namedTableMissing, validationError } from './errors.ts';
import { keyLedger, readKeyring } from './keyring.ts';
import type { RequestBody } from './operation.ts';
import { RequestReader } from './request.ts';
import { type ChosenKey, chooseKey, readSseRequest, type SseRequest } from './sse.ts';
import { changeStream, checkStreamUpdate, readStreamRequest } from './streams/streams.ts';
import { describe } from './table-description.ts';
import { billingOf, readBilling, refuseUnsupported } from './table-schema.ts';
import { refuseCreating } from './restored-table.ts';
import { requireNamedTable } from './tables.ts';

/** UpdateTable: another KMS key, or else billing, deletion protection and the stream. */
export async function updateTable(core: StoreCore, body: RequestBody): Promise<object> {
  refuseUnsupported(body);
  const request = new RequestReader(body);
  const billing = readBilling(request);
  const deletionProtection = request.boolean('DeletionProtectionEnabled');
  const stream = readStreamRequest(request);
  request.done();
  const sse = readSseRequest(request);
  const table = requireNamedTable(core, body);
  refuseCreating(table, 'ResourceInUseException');
  const changesBilling = billing.mode !== undefined || billing.units !== undefined;
  const changesSettings = changesBilling || deletionProtection !== undefined || stream !== undefined;
  if (sse !== undefined) {
    if (changesSettings)
      throw invalidParameter('SSESpecification must be the only change in an UpdateTable request');
    return changeTableKey(core, table, sse);
  }
  if (!changesSettings) {
    throw validationError(
      'At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required',
    );
  }
  if (stream !== undefined) checkStreamUpdate(stream, billing, deletionProtection !== undefined);
  const now_ms = core.clock.wall_ms();
  const updated = await changeRecord(core, table, (current, transaction) => {
    const settings = {
    ...current,
    billing: changesBilling ? billingOf({ mode: current.billing.mode, ...billing }, now_ms) : current.billing,
    deletionProtection: deletionProtection ?? current.deletionProtection,
  };
    const at = { tableArn: core.arnOf(table.name), now_ms };
    return stream === undefined ? settings : changeStream(transaction, settings, stream, at);
  });
  return { TableDescription: describe(core, updated, 'UPDATING') };
}

function changeRecord(
  core: StoreCore,
  table: TableRecord,
  change: (current: TableRecord, transaction: Transaction) => TableRecord,
): Promise<TableRecord> {
  return core.engine.write((transaction) => {
    const current = readTable(transaction, table.name);
    if (current?.id !== table.id) throw namedTableMissing(table.name);
    const changed = change(current, transaction);
    writeTable(transaction, changed);
    return changed;
  });
}

/**
 * Gives the table a table key under another KMS key: its data keys are wrapped anew, its items stay as they are. Both
 * KMS keys are needed until the answer. It says UPDATING and still names the old key, as DynamoDB's does; with the
 * next request the change is done.
 */
async function changeTableKey(core: StoreCore, table: TableRecord, sse: SseRequest): Promise<object> {
  if (table.encryption.kind === 'none') {
    throw invalidParameter('A table made with the tag sealbench:encryption=none stays without encryption');
  }
  if (!sse.enabled && table.encryption.kind === 'aws-owned')
    throw invalidParameter('Table is already encrypted by default');
  const chosen = await chooseKey(core.tableKeys, sse);
  if (isSameKey(table, sse, chosen)) {
    throw invalidParameter(
      'Table is already encrypted with given KMSMasterKeyId. Use KMSMasterKeyId parameter if you want to change Master Key',
    );
  }
  const description = describe(core, table, 'ACTIVE', 'UPDATING');
  await moveTableKey(core, table, chosen);
  core.forgetKeys(table);
  return { TableDescription: description };
}

/** As DynamoDB, a key named by its id or an alias is taken for another one, and re-encrypts. */
function isSameKey({ encryption }: TableRecord, { keyId }: SseRequest, chosen: ChosenKey): boolean {
  return chosen.arn === encryption.kmsKeyArn && (keyId === undefined || keyId === chosen.arn);
}

async function moveTableKey(core: StoreCore, table: TableRecord, chosen: ChosenKey): Promise<void> {
  const keyring = readKeyring(core.engine, table.number);
  if (keyring === undefined) throw namedTableMissing(table.name);
  const plaintext = await core.tableKeys.decrypt(table.name, keyring.tableKey.kmsCiphertext);
  try {
    const next = await core.tableKeys.generate(table.name, chosen.arn);
    await changeRecord(core, table, (current, transaction) => {
      const ledger = keyLedger(transaction, table.number);
      // Read anew: it may have got data keys meanwhile.
      const newest = ledger.read();
      if (newest.tableKey.id !== keyring.tableKey.id) throw keyChangeUnderWay(table.name);
      ledger.write(rewrap(newest, plaintext, next));
      return { ...current, encryption: { kind: chosen.kind, kmsKeyArn: chosen.arn } };
    }).finally(() => next.plaintext.fill(0));
  } finally {
    plaintext.fill(0);
  }
}

function keyChangeUnderWay(tableName: string): AwsError {
  return new AwsError(
    'ResourceInUseException',
    `Attempt to change a resource which is still in use: Table is being updated: ${tableName}`,
  );
}
