/** GlobalSecondaryIndexUpdates of UpdateTable, with the texts observed on DynamoDB. */
import { AwsError } from '../../wire/errors.ts';
import type { Transaction } from '../engine/engine.ts';
import { indexInUse, invalidParameter, validationError } from '../errors.ts';
import type { KeyAttribute } from '../expressions/expressions.ts';
import { followersChanged } from '../followers.ts';
import type { RequestReader } from '../request.ts';
import type { Billing, TableRecord } from '../tables/catalog.ts';
import { type BillingRequest, readDefinitions } from '../tables/table-schema.ts';
import {
  checkProjections,
  type IndexDefinition,
  indexOf,
  MAX_GLOBAL_INDEXES,
  readIndexDefinition,
  readUnits,
} from './definitions.ts';
import { keyAttributesOf } from './description.ts';
import type { IndexRecord } from './types.ts';
import { INDEX_WORK_MS, isAllocating, writeIndexWork } from './work.ts';

type Units = { read: number; write: number };

type IndexAction =
  | { kind: 'Create'; name: string; definition: IndexDefinition }
  | { kind: 'Update'; name: string; units: Units | undefined }
  | { kind: 'Delete'; name: string };

export interface IndexUpdates {
  definitions: KeyAttribute[] | undefined;
  /** One for each entry of the list. */
  actions: IndexAction[];
}

/** @throws AwsError ValidationException for an entry that is not one action, and for constraints that are broken */
export function readIndexUpdates(request: RequestReader): IndexUpdates | undefined {
  const definitions = readDefinitions(request);
  const entries = request.structures('GlobalSecondaryIndexUpdates', {})?.map(readActions);
  request.done();
  const actions = entries?.map((found) => {
    if (found.length > 1) {
      throw invalidParameter(
        'Only one global secondary index action is allowed per GlobalSecondaryIndexUpdate object',
      );
    }
    if (found[0] !== undefined) return found[0];
    throw invalidParameter(
      'One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, GlobalSecondaryIndexUpdate.Delete must not be null',
    );
  });
  return actions && { definitions, actions };
}

function readActions(entry: RequestReader): IndexAction[] {
  const update = entry.structure('Update');
  const create = entry.structure('Create');
  const remove = entry.structure('Delete');
  const found: IndexAction[] = [];
  if (update !== undefined)
    found.push({ kind: 'Update', name: update.tableName('IndexName'), units: readUnits(update) });
  if (create !== undefined) {
    const definition = readIndexDefinition(create, 'global');
    found.push({ kind: 'Create', name: definition.name, definition });
  }
  if (remove !== undefined) found.push({ kind: 'Delete', name: remove.tableName('IndexName') });
  return found;
}

/** @throws AwsError ValidationException, LimitExceededException for what can't be asked for together */
export function checkIndexUpdates(
  { actions }: IndexUpdates,
  others: { billing: BillingRequest; stream: boolean; protection: boolean },
): void {
  if (actions.length === 0) throw invalidParameter('List of GlobalSecondaryIndexUpdates is empty');
  if (others.protection)
    throw invalidParameter('DeletionProtection modification must be the only operation in the request');
  const names = actions.map(({ name }) => name);
  const twice = names.find((name, place) => names.indexOf(name) !== place);
  if (twice !== undefined) {
    throw invalidParameter(
      `Only one global secondary index update per index is allowed simultaneously. Index: ${twice}`,
    );
  }
  const online = actions.filter(({ kind }) => kind !== 'Update').length;
  if (online > 0 && others.billing.units !== undefined)
    throw invalidParameter('You cannot create or delete index while updating table IOPS');
  if (online > 0 && others.stream)
    throw invalidParameter('You cannot create or delete index while changing stream status');
  if (online > 1) throw oneAtATime();
}

/**
 * @param table with the billing that it is to have
 * @returns the table's record, to be written
 * @throws AwsError
 */
export function changeIndexes(
  transaction: Transaction,
  table: TableRecord,
  { definitions, actions }: IndexUpdates,
  now_ms: number,
): TableRecord {
  let changed = table;
  for (const action of actions) {
    if (action.kind === 'Create')
      changed = addIndex(transaction, changed, action.definition, definitions, now_ms);
    else if (action.kind === 'Delete') changed = dropIndex(transaction, changed, action.name, now_ms);
    else changed = changeUnits(changed, action.name, action.units);
  }
  return changed;
}

function addIndex(
  transaction: Transaction,
  table: TableRecord,
  definition: IndexDefinition,
  definitions: readonly KeyAttribute[] | undefined,
  now_ms: number,
): TableRecord {
  const { indexes = [], lastIndex = 0 } = table;
  const { name } = definition;
  if (indexes.some((index) => index.name === name))
    throw validationError('Attempting to create an index which already exists');
  if (definitions === undefined)
    throw invalidParameter(`AttributeDefinitions is not specified for index: ${name}`);
  checkUnits(table.billing, name, definition.units);
  // What the table has of an attribute holds, whatever the request says of it.
  const attributes = [...keyAttributesOf(table), ...definitions];
  const index: IndexRecord = { ...indexOf(definition, attributes, lastIndex + 1), state: 'CREATING' };
  const all = [...indexes, index];
  checkProjections(all);
  if (all.filter(({ kind }) => kind === 'global').length > MAX_GLOBAL_INDEXES) {
    throw limitExceeded(
      `Number of global secondary indexes exceeds per-table limit of ${MAX_GLOBAL_INDEXES}`,
    );
  }
  if (indexes.some(({ state }) => state !== 'ACTIVE')) throw oneAtATime();
  writeIndexWork(transaction, table, index, { tableName: table.name, due_ms: now_ms + INDEX_WORK_MS });
  return followersChanged(transaction, { ...table, indexes: all, lastIndex: index.number });
}

function checkUnits({ mode }: Billing, name: string, units: Units | undefined): void {
  if (mode === 'PROVISIONED' && units === undefined)
    throw invalidParameter(
      `Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: ${name}`,
    );
  if (mode === 'PAY_PER_REQUEST' && units !== undefined) {
    throw invalidParameter(
      `Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for index: ${name} when BillingMode is PAY_PER_REQUEST`,
    );
  }
}

function dropIndex(transaction: Transaction, table: TableRecord, name: string, now_ms: number): TableRecord {
  const index = requireGlobal(table, name, 'delete');
  if (table.indexes!.some((other) => other !== index && other.state !== 'ACTIVE')) throw oneAtATime();
  if (isAllocating(transaction, table.number, index)) {
    throw indexInUse(
      `Index creation is in resource allocation phase. Retry deletion during backfilling phase or when the index is active. Table: ${table.name} Index: ${name}`,
    );
  }
  writeIndexWork(transaction, table, index, { tableName: table.name, due_ms: now_ms + INDEX_WORK_MS });
  return followersChanged(transaction, withIndex(table, { ...index, state: 'DELETING' }));
}

function changeUnits(table: TableRecord, name: string, units: Units | undefined): TableRecord {
  const index = requireGlobal(table, name, 'update');
  if (table.billing.mode === 'PAY_PER_REQUEST') {
    throw invalidParameter(
      `The only Updates for index: ${name} when TableThroughputMode is PAY_PER_REQUEST can be to OnDemandThroughput, WarmThroughput`,
    );
  }
  checkUnits(table.billing, name, units);
  const { read, write } = units!;
  if (index.units?.read === read && index.units.write === write) {
    throw validationError(
      `The provisioned throughput for the index ${name} will not change. The requested value equals the current value. ` +
        `Current ReadCapacityUnits provisioned for index ${name}: ${read}. Requested ReadCapacityUnits: ${read}. ` +
        `Current WriteCapacityUnits provisioned for index ${name}: ${write}. Requested WriteCapacityUnits: ${write}. ` +
        'Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.',
    );
  }
  return withIndex(table, { ...index, units: { read, write } });
}

/** @throws AwsError for an index that is not there, is a local one, or goes */
function requireGlobal({ name: table, indexes = [] }: TableRecord, name: string, verb: string): IndexRecord {
  const index = indexes.find((one) => one.name === name);
  if (index === undefined) {
    throw new AwsError(
      'ResourceNotFoundException',
      `Requested resource not found: Index ${name} for table ${table}`,
    );
  }
  if (index.kind === 'local')
    throw validationError(`Cannot ${verb} an index that is not a GlobalSecondaryIndex: ${name}`);
  if (index.state === 'DELETING') throw indexInUse(`Index is being deleted. Table: ${table} Index: ${name}`);
  return index;
}

function withIndex(table: TableRecord, changed: IndexRecord): TableRecord {
  return {
    ...table,
    indexes: table.indexes!.map((index) => (index.number === changed.number ? changed : index)),
  };
}

/**
 * The indexes under the billing that their table now has.
 * @throws AwsError ValidationException for one whose units were never given
 */
export function billedIndexes(table: TableRecord): TableRecord {
  const { billing, indexes } = table;
  if (indexes === undefined) return table;
  const billed = indexes.map((index): IndexRecord => {
    if (index.kind === 'local' || index.state === 'DELETING') return index;
    if (billing.mode === 'PAY_PER_REQUEST') return { ...index, units: undefined };
    if (index.units !== undefined) return index;
    throw invalidParameter(`ProvisionedThroughput must be specified for index: ${index.name}`);
  });
  return { ...table, indexes: billed };
}

/** @throws AwsError ResourceInUseException for another billing while an index goes */
export function refuseBilling({ name, indexes = [] }: TableRecord): void {
  const going = indexes.filter(({ state }) => state === 'DELETING').map((index) => index.name);
  if (going.length === 0) return;
  throw indexInUse(
    `Can't change table IOPS when an index is being deleted. Table: ${name} Indexes: [${going.join(', ')}]`,
  );
}

/** @throws AwsError ResourceInUseException for a table that can't be deleted as long as its indexes change */
export function refuseChangingIndexes({ indexes = [] }: TableRecord): void {
  if (indexes.every(({ state }) => state === 'ACTIVE')) return;
  throw indexInUse('Cannot delete table while indexes are being created, updated, or deleted.');
}

/** The indexes of a table without items, for one that takes over a table's settings: none comes or goes there. */
export function settledIndexes(indexes: readonly IndexRecord[]): IndexRecord[] {
  return indexes.filter(({ state }) => state !== 'DELETING').map((index) => ({ ...index, state: 'ACTIVE' }));
}

function oneAtATime(): AwsError {
  return limitExceeded('Only 1 online index can be created or deleted simultaneously per table');
}

function limitExceeded(text: string): AwsError {
  return new AwsError('LimitExceededException', `Subscriber limit exceeded: ${text}`);
}
