/** The secondary indexes that a request defines, checked as DynamoDB does. */

import { invalidParameter } from '../errors.ts';
import type { KeyAttribute, PrimaryKey } from '../expressions/expressions.ts';
import type { RequestReader } from '../request.ts';
import type { Billing } from '../tables/catalog.ts';
import { type KeyElement, keyFrom, readKeyElements } from '../tables/table-schema.ts';
import type { IndexRecord, Projection } from './types.ts';

export const MAX_GLOBAL_INDEXES = 20;
const MAX_LOCAL_INDEXES = 5;
/** In the projections of all indexes of a table together. */
const MAX_NON_KEY_ATTRIBUTES = 100;

/** Of one index. */
export const NON_KEY_ATTRIBUTES = { min: 1, max: 20, max_length: 255 } as const;

/** An index as a request defines it; constraints that are broken show in `done()`. */
export interface IndexDefinition {
  name: string;
  kind: IndexRecord['kind'];
  keys: KeyElement[];
  projection: { type: Projection['type'] | undefined; attributes: string[] | undefined };
  units: { read: number; write: number } | undefined;
}

/** @throws AwsError ValidationException for an empty list */
export function readIndexDefinitions(request: RequestReader): IndexDefinition[] {
  const local = request.structures('LocalSecondaryIndexes', {});
  const global = request.structures('GlobalSecondaryIndexes', {});
  return [
    ...(local ?? []).map((index) => readIndexDefinition(index, 'local')),
    ...(global ?? []).map((index) => readIndexDefinition(index, 'global')),
  ];
}

export function readIndexDefinition(request: RequestReader, kind: IndexRecord['kind']): IndexDefinition {
  const name = request.tableName('IndexName');
  const keys = readKeyElements(request);
  const projection = request.structure('Projection', { required: true });
  const type = projection?.choice('ProjectionType', ['ALL', 'KEYS_ONLY', 'INCLUDE']);
  const attributes = projection?.strings('NonKeyAttributes', NON_KEY_ATTRIBUTES);
  const units = kind === 'global' ? readUnits(request) : undefined;
  return { name, kind, keys, projection: { type, attributes }, units };
}

export function readUnits(request: RequestReader): { read: number; write: number } | undefined {
  const throughput = request.structure('ProvisionedThroughput');
  return (
    throughput && {
      write: throughput.integer('WriteCapacityUnits', { min: 1, required: true }) ?? 0,
      read: throughput.integer('ReadCapacityUnits', { min: 1, required: true }) ?? 0,
    }
  );
}

/** @throws AwsError ValidationException for a list that is there and empty */
export function refuseEmptyLists(body: Readonly<Record<string, unknown>>, names: readonly string[]): void {
  for (const name of names) {
    const list = body[name];
    if (Array.isArray(list) && list.length === 0) throw invalidParameter(`List of ${name} is empty`);
  }
}

/**
 * The indexes that a table is made with.
 * @throws AwsError ValidationException when they do not hold together
 */
export function indexesOf(
  definitions: readonly IndexDefinition[],
  attributes: readonly KeyAttribute[],
  tableKey: PrimaryKey,
  billing: Billing,
): IndexRecord[] {
  const count = (kind: IndexRecord['kind']) => definitions.filter((index) => index.kind === kind).length;
  if (count('local') > 0 && tableKey.sort === undefined) {
    throw invalidParameter(
      'Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex',
    );
  }
  if (count('global') > MAX_GLOBAL_INDEXES) {
    throw invalidParameter(`GlobalSecondaryIndex count exceeds the per-table limit of ${MAX_GLOBAL_INDEXES}`);
  }
  if (count('local') > MAX_LOCAL_INDEXES) {
    throw invalidParameter(`Number of LocalSecondaryIndexes exceeds per-table limit of ${MAX_LOCAL_INDEXES}`);
  }
  const names = definitions.map(({ name }) => name);
  const twice = names.find((name, place) => names.indexOf(name) !== place);
  if (twice !== undefined) throw invalidParameter(`Duplicate index name: ${twice}`);
  const indexes = definitions.map((definition, place) => {
    const index = indexOf(definition, attributes, place + 1);
    if (index.kind === 'local') checkLocalKey(index, tableKey);
    else checkUnits(definition, billing);
    return index;
  });
  checkProjections(indexes);
  return indexes;
}

/** @throws AwsError ValidationException */
export function indexOf(
  { name, kind, keys, projection, units }: IndexDefinition,
  attributes: readonly KeyAttribute[],
  number: number,
): IndexRecord {
  const key = keyFrom(keys, attributes);
  return { name, number, kind, key, projection: projectionOf(projection), units, state: 'ACTIVE' };
}

/** @throws AwsError ValidationException for more attributes than the projections of a table may name */
export function checkProjections(indexes: readonly IndexRecord[]): void {
  const named = indexes.flatMap(({ projection }) =>
    projection.type === 'INCLUDE' ? projection.attributes : [],
  );
  if (named.length <= MAX_NON_KEY_ATTRIBUTES) return;
  throw invalidParameter(
    `Total number of NonKeyAttributes in all secondary indexes exceeds per-table limit of ${MAX_NON_KEY_ATTRIBUTES}`,
  );
}

function checkLocalKey({ name, key }: IndexRecord, tableKey: PrimaryKey): void {
  if (key.partition.name !== tableKey.partition.name) {
    throw invalidParameter(
      `Index KeySchema does not have the same leading hash key as table KeySchema for index: ${name}. ` +
        `index hash key: ${key.partition.name}, table hash key: ${tableKey.partition.name}`,
    );
  }
  if (key.sort === undefined)
    throw invalidParameter(`Index KeySchema does not have a range key for index: ${name}`);
}

function checkUnits({ name, units }: IndexDefinition, { mode }: Billing): void {
  if (mode === 'PROVISIONED' && units === undefined)
    throw invalidParameter(`ProvisionedThroughput is not specified for index: ${name}`);
  if (mode === 'PAY_PER_REQUEST' && units !== undefined) {
    throw invalidParameter(
      `ProvisionedThroughput should not be specified for index: ${name} when BillingMode is PAY_PER_REQUEST`,
    );
  }
}

function projectionOf({ type, attributes }: IndexDefinition['projection']): Projection {
  if (type === undefined) throw invalidParameter('Unknown ProjectionType: null');
  if (type !== 'INCLUDE') {
    if (attributes === undefined) return { type };
    throw invalidParameter(`ProjectionType is ${type}, but NonKeyAttributes is specified`);
  }
  if (attributes === undefined)
    throw invalidParameter(`ProjectionType is ${type}, but NonKeyAttributes is not specified`);
  const twice = attributes.find((name, place) => attributes.indexOf(name) !== place);
  if (twice !== undefined) throw invalidParameter(`Duplicate element in NonKeyAttributes: ${twice}`);
  return { type, attributes: [...attributes].sort() };
}
