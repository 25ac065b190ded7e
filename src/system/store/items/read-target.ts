/** What a Query or Scan reads: a table, or one of its indexes. */

import { invalidParameter, validationError } from '../errors.ts';
import type { CompiledExpressions, PrimaryKey } from '../expressions/expressions.ts';
import { entryKeyNames, projectedNames } from '../indexes/entries.ts';
import type { IndexRecord } from '../indexes/types.ts';
import type { RequestReader } from '../request.ts';
import type { TableRecord } from '../tables/catalog.ts';
import type { Item } from '../types.ts';
import { checkKey, keyOf } from './item-key.ts';
import type { PageRequest } from './result-page.ts';

export interface ReadTarget {
  table: TableRecord;
  index?: IndexRecord;
  /** The index's, or else the table's. */
  key: PrimaryKey;
}

/** Constraints that are broken show in `done()`. */
export function readIndexName(request: RequestReader): string | undefined {
  return request.string('IndexName') === undefined ? undefined : request.tableName('IndexName');
}

/**
 * @param start ExclusiveStartKey
 * @throws AwsError ValidationException for an index that is not there, or that can't be read in this way
 */
export function readTarget(
  table: TableRecord,
  indexName: string | undefined,
  { consistent, select }: PageRequest,
  start: unknown,
): ReadTarget {
  if (indexName === undefined) return { table, key: table.primaryKey };
  const index = table.indexes?.find(({ name, state }) => name === indexName && state !== 'DELETING');
  if (index === undefined) {
    throw validationError(
      start === undefined
        ? `The table does not have the specified index: ${indexName}`
        : 'The provided starting key is invalid',
    );
  }
  if (index.kind === 'global' && consistent)
    throw validationError('Consistent reads are not supported on global secondary indexes');
  if (index.state === 'CREATING')
    throw validationError(`Cannot read from backfilling global secondary index: ${indexName}`);
  if (index.kind === 'global' && select === 'ALL_ATTRIBUTES' && index.projection.type !== 'ALL') {
    throw invalidParameter(
      `Select type ALL_ATTRIBUTES is not supported for global secondary index ${indexName} because its projection type is not ALL`,
    );
  }
  return { table, index, key: index.key };
}

/**
 * Whether items have to be read from the table, since the index has not all that is asked for: a local one's are.
 * @throws AwsError ValidationException where a global index has not all that is asked for
 */
export function wantsWholeItems(
  { table, index }: ReadTarget,
  { select }: PageRequest,
  { named = [] }: CompiledExpressions,
): boolean {
  const projected = index && projectedNames(table, index);
  if (projected === undefined) return false;
  const missing = named.filter((name) => !projected.includes(name));
  if (index!.kind === 'local') return select === 'ALL_ATTRIBUTES' || missing.length > 0;
  if (missing.length === 0) return false;
  throw invalidParameter(`Global secondary index ${index!.name} does not project [${missing.join(', ')}]`);
}

/** @throws AwsError ValidationException, with the texts that starting keys have */
export function checkStartKey({ table, index }: ReadTarget, start: Record<string, unknown>): Item {
  if (index === undefined) return checkTableStartKey(table, start);
  const names = entryKeyNames(table, index);
  if (Object.keys(start).length !== names.length || !names.every((name) => Object.hasOwn(start, name)))
    throw validationError('The provided starting key is invalid');
  const indexKey = checkKey(index.key, keyOf(index.key, start as Item));
  return { ...indexKey, ...checkTableStartKey(table, keyOf(table.primaryKey, start as Item)) };
}

function checkTableStartKey(table: TableRecord, start: Record<string, unknown>): Item {
  try {
    return checkKey(table.primaryKey, start);
  } catch (thrown) {
    if (!(thrown instanceof Error)) throw thrown;
    throw validationError(`The provided starting key is invalid: ${thrown.message}`);
  }
}

/** An item's `LastEvaluatedKey`. */
export function startKeyOf({ table, index }: ReadTarget, item: Item): Item {
  const key = keyOf(table.primaryKey, item);
  return index === undefined ? key : { ...keyOf(index.key, item), ...key };
}
