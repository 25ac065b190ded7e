import { randomUUID } from 'node:crypto';
import { createTableKeyring, type WrappedKeys } from '../../envelope/envelope.ts';
import { AwsError } from '../../wire/errors.ts';
import type { Principal } from '../../wire/types.ts';
import { refuseCreating } from '../backups/restored-table.ts';
import type { StoreCore } from '../core.ts';
import type { Transaction } from '../engine/engine.ts';
import { namedTableMissing, validationError } from '../errors.ts';
import { indexesOf, readIndexDefinitions, refuseEmptyLists } from '../indexes/definitions.ts';
import { refuseChangingIndexes } from '../indexes/update.ts';
import { TABLE_STRUCTURE, writeKeyring } from '../keys/keyring.ts';
import { type ChosenKey, chooseKey, isUnencrypted, readSseRequest, type SseRequest } from '../keys/sse.ts';
import { deletedTableKey, keyringKey, totalsKey } from '../layout.ts';
import type { RequestBody } from '../operation.ts';
import { refuseDeletingSource } from '../replicas/update.ts';
import { isTableName, RequestReader } from '../request.ts';
import { leaveStreams, readStreamRequest, startStream, viewTypeAtCreation } from '../streams/streams.ts';
import type { AccessContext } from '../types.ts';
import {
  nextTableNumber,
  readTable,
  removeTable,
  type StreamViewType,
  type TableRecord,
  writeTable,
} from './catalog.ts';
import { describe } from './table-description.ts';
import { billingOf, primaryKeyOf, readBilling, readSchema, readTags } from './table-schema.ts';
import { writeTotals } from './totals.ts';

/** A table before it has a number. */
export type NewTable = Omit<TableRecord, 'number'>;

/** CreateTable: the answer says CREATING, and the table is there when it arrives. */
export async function createTable(
  core: StoreCore,
  body: RequestBody,
  { principal }: AccessContext,
): Promise<object> {
  const { table: wanted, sse, encrypted, viewType } = readCreation(core, body);
  if (core.catalog.find(wanted.name) !== undefined) throw tableExists(wanted.name);
  const { encryption, keyring } = encrypted
    ? await makeKeys(core, wanted, sse, principal)
    : { encryption: wanted.encryption, keyring: undefined };
  const table = await core.grants.write(encryption.grant, (transaction) => {
    if (readTable(transaction, wanted.name) !== undefined) throw tableExists(wanted.name);
    const stored = storeNewTable(transaction, { ...wanted, encryption }, keyring);
    if (viewType === undefined) return stored;
    const at = { tableArn: core.arnOf(stored.name), now_ms: core.clock.wall_ms() };
    const streaming = startStream(transaction, stored, viewType, at);
    writeTable(transaction, streaming);
    return streaming;
  });
  return { TableDescription: describe(core, table, 'CREATING') };
}

function readCreation(
  core: StoreCore,
  body: RequestBody,
): { table: NewTable; sse?: SseRequest; encrypted: boolean; viewType?: StreamViewType } {
  const request = new RequestReader(body);
  const name = request.tableName();
  const schema = readSchema(request);
  const definitions = readIndexDefinitions(request);
  const billing = readBilling(request);
  const tags = readTags(request);
  const deletionProtection = request.boolean('DeletionProtectionEnabled') ?? false;
  const stream = readStreamRequest(request);
  request.done();
  refuseEmptyLists(body, ['LocalSecondaryIndexes', 'GlobalSecondaryIndexes']);
  const viewType = viewTypeAtCreation(stream);
  const sse = readSseRequest(request);
  const unencrypted = isUnencrypted(tags, sse);
  const created_ms = core.clock.wall_ms();
  const primaryKey = primaryKeyOf(
    schema,
    definitions.map(({ keys }) => keys),
  );
  const billed = billingOf(billing, created_ms);
  const indexes = indexesOf(definitions, schema.definitions, primaryKey, billed);
  const table: NewTable = {
    name,
    id: randomUUID(),
    created_ms,
    primaryKey,
    billing: billed,
    ...(indexes.length === 0 ? {} : { indexes, lastIndex: indexes.length }),
    deletionProtection,
    tags,
    encryption: { kind: 'none' },
  };
  return { table, sse, encrypted: !unencrypted, viewType };
}

/** A table's keys, under the grant that they are made by: they become the table's with `core.grants.write`. */
export async function makeKeys(
  core: StoreCore,
  { id, name }: NewTable,
  sse: SseRequest | undefined,
  principal: Principal,
): Promise<{ encryption: TableRecord['encryption']; keyring: WrappedKeys }> {
  const chosen: ChosenKey = await chooseKey(core.tableKeys, sse, principal);
  const grant = await core.grants.obtain(name, chosen, principal);
  const tableKey = await core.grants.attempt(grant, () => core.tableKeys.generate(name, chosen.arn));
  const keyring = createTableKeyring(id, tableKey, [TABLE_STRUCTURE]);
  tableKey.plaintext.fill(0);
  return { encryption: { kind: chosen.kind, kmsKeyArn: chosen.arn, grant }, keyring };
}

export function storeNewTable(
  transaction: Transaction,
  wanted: NewTable,
  keyring: WrappedKeys | undefined,
): TableRecord {
  const table: TableRecord = { ...wanted, number: nextTableNumber(transaction) };
  writeTable(transaction, table);
  writeTotals(transaction, table.number, { items: 0, bytes: 0 });
  if (keyring !== undefined) writeKeyring(transaction, table.number, keyring);
  return table;
}

function tableExists(name: string): AwsError {
  return new AwsError('ResourceInUseException', `Table already exists: ${name}`);
}

/** DescribeTable */
export function describeTable(core: StoreCore, body: RequestBody): object {
  return { Table: describe(core, requireNamedTable(core, body)) };
}

/** @throws AwsError ResourceNotFoundException that names the table */
export function requireNamedTable(core: StoreCore, body: RequestBody): TableRecord {
  const request = new RequestReader(body);
  const name = request.tableName();
  request.done();
  const table = core.catalog.find(name);
  if (table === undefined) throw namedTableMissing(name);
  return table;
}

/** DeleteTable: its keys and its name are gone at once; its sealed data follows. */
export async function deleteTable(core: StoreCore, body: RequestBody): Promise<object> {
  const table = requireNamedTable(core, body);
  refuseCreating(table, 'ResourceInUseException');
  refuseDeletingSource(core, table);
  const description = describe(core, table, 'DELETING');
  await eraseTable(core, table);
  core.regions.wake();
  return { TableDescription: description };
}

/** @throws AwsError ResourceNotFoundException, ValidationException, ResourceInUseException */
export async function eraseTable(core: StoreCore, table: TableRecord): Promise<void> {
  core.backups.refuseCopying(table);
  refuseChangingIndexes(table);
  if (table.deletionProtection) {
    throw validationError(
      'Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.',
    );
  }
  await core.engine.write((transaction) => {
    const current = readTable(transaction, table.name);
    if (current?.id !== table.id) throw namedTableMissing(table.name);
    removeTable(transaction, table.name);
    core.grants.dropAll(transaction, current);
    const streamStays = leaveStreams(transaction, current, core.clock.wall_ms());
    if (!streamStays) transaction.remove(keyringKey(table.number));
    transaction.remove(totalsKey(table.number));
    transaction.put(deletedTableKey(table.number), Buffer.of(1));
  });
  core.forgetKeys(table);
  core.grants.start();
  core.removal.start();
}

/** ListTables */
export function listTables(core: StoreCore, body: RequestBody): object {
  const request = new RequestReader(body);
  const startsAfter = request.string('ExclusiveStartTableName') !== undefined;
  const after = startsAfter ? request.tableName('ExclusiveStartTableName') : '';
  const limit = request.integer('Limit', { min: 1, max: 100 }) ?? 100;
  request.done();
  const names = core.catalog.names(after, limit + 1);
  const page = names.slice(0, limit);
  return { TableNames: page, LastEvaluatedTableName: names.length > limit ? page.at(-1) : undefined };
}

/** ListTagsOfResource: a table's tags always fit one page. */
export function listTagsOfResource(core: StoreCore, body: RequestBody): object {
  const request = new RequestReader(body);
  const arn = request.string('ResourceArn', { required: true }) ?? '';
  request.done();
  const prefix = core.arnOf('');
  const name = arn.startsWith(prefix) ? arn.slice(prefix.length) : '';
  const table = isTableName(name) ? core.catalog.find(name) : undefined;
  if (table === undefined) {
    throw new AwsError(
      'ResourceNotFoundException',
      `Requested resource not found: ResourcArn: ${arn} not found`,
    );
  }
  return { Tags: table.tags };
}
