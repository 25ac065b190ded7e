import type { ItemKeys } from '../../envelope/envelope.ts';
import { invalidParameter, keyMismatch, serializationError, validationError } from '../errors.ts';
import type { KeyAttribute, PrimaryKey } from '../expressions/expressions.ts';
import { itemRecordKey } from '../layout.ts';
import type { TableRecord } from '../tables/catalog.ts';
import type { AttributeValue, Item } from '../types.ts';
import { getOwn, keyBytes, setOwn, sortableKeyBytes, typeOf, validateValue } from '../values/values.ts';

/** An item's place in the engine, and in its partition's directory where the table has a sort key. */
export interface ItemPlace {
  recordKey: Buffer;
  locator: Buffer;
  sorted?: { partition: Buffer; sort: Buffer };
}

const MAX_PARTITION_KEY_BYTES = 2048;
const MAX_SORT_KEY_BYTES = 1024;

/** @param item has valid key attributes */
export function placeOf(keys: ItemKeys, table: TableRecord, item: Item): ItemPlace {
  const { partition, sort } = table.primaryKey;
  const partitionBytes = keyBytes(getOwn(item, partition.name)!);
  if (sort === undefined) {
    const locator = keys.locator([partitionBytes]);
    return { locator, recordKey: itemRecordKey(table.number, locator) };
  }
  const locator = keys.locator([partitionBytes, keyBytes(getOwn(item, sort.name)!)]);
  return { locator, recordKey: itemRecordKey(table.number, locator) };
}

/** As `placeOf`, with what writing and listing need: the place in the directory, if the table has a sort key. */
export function sortedPlaceOf(keys: ItemKeys, table: TableRecord, item: Item): ItemPlace {
  const place = placeOf(keys, table, item);
  const { partition, sort } = table.primaryKey;
  if (sort === undefined) return place;
  return {
    ...place,
    sorted: {
      partition: partitionLocator(keys, getOwn(item, partition.name)!),
      sort: sortableKeyBytes(getOwn(item, sort.name)!),
    },
  };
}

export function partitionLocator(keys: ItemKeys, partition: AttributeValue): Buffer {
  return keys.locator([keyBytes(partition)]);
}

/** The item's key attributes alone. */
export function keyOf({ partition, sort }: PrimaryKey, item: Item): Item {
  const key: Item = {};
  for (const attribute of sort === undefined ? [partition] : [partition, sort]) {
    setOwn(key, attribute.name, getOwn(item, attribute.name)!);
  }
  return key;
}

/** Tells keys of one table apart. */
export function keyName(primaryKey: PrimaryKey, item: Item): string {
  const { partition, sort } = primaryKey;
  const name = keyBytes(getOwn(item, partition.name)!).toString('base64');
  return sort === undefined ? name : `${name}/${keyBytes(getOwn(item, sort.name)!).toString('base64')}`;
}

/**
 * Checks a request's `Key`: exactly the table's key attributes, of their types.
 * @throws AwsError ValidationException, SerializationException
 */
export function checkKey(primaryKey: PrimaryKey, input: unknown): Item {
  if (input === undefined || input === null) {
    throw validationError(
      "1 validation error detected: Value null at 'key' failed to satisfy constraint: Member must not be null",
    );
  }
  if (typeof input !== 'object' || Array.isArray(input)) throw serializationError('Unexpected field type');
  const given = input as Record<string, unknown>;
  const { partition, sort } = primaryKey;
  const key: Item = {};
  for (const name of Object.keys(given)) setOwn(key, name, validateValue(given[name]));
  if (Object.keys(key).length !== (sort === undefined ? 1 : 2)) throw keyMismatch();
  checkKeyElement(key, partition, MAX_PARTITION_KEY_BYTES);
  if (sort !== undefined) checkKeyElement(key, sort, MAX_SORT_KEY_BYTES);
  return key;
}

function checkKeyElement(key: Item, { name, type }: KeyAttribute, max_bytes: number): void {
  const value = getOwn(key, name);
  if (value === undefined || typeOf(value) !== type) throw keyMismatch();
  if (isEmpty(value)) throw invalidParameter(emptyKeyText(name, type));
  checkKeySize(value, max_bytes);
}

/**
 * Checks that an item to be stored has the table's key attributes, of their types.
 * @throws AwsError ValidationException
 */
export function checkItemKey({ partition, sort }: PrimaryKey, item: Item): void {
  checkItemKeyElement(item, partition, MAX_PARTITION_KEY_BYTES);
  if (sort !== undefined) checkItemKeyElement(item, sort, MAX_SORT_KEY_BYTES);
}

function checkItemKeyElement(item: Item, { name, type }: KeyAttribute, max_bytes: number): void {
  const value = getOwn(item, name);
  if (value === undefined) throw invalidParameter(`Missing the key ${name} in the item`);
  if (typeOf(value) !== type) {
    throw invalidParameter(`Type mismatch for key ${name} expected: ${type} actual: ${typeOf(value)}`);
  }
  if (isEmpty(value)) {
    throw validationError(`One or more parameter values are not valid. ${emptyKeyText(name, type)}`);
  }
  checkKeySize(value, max_bytes);
}

function emptyKeyText(name: string, type: string): string {
  const kind = type === 'S' ? 'string' : 'binary';
  return `The AttributeValue for a key attribute cannot contain an empty ${kind} value. Key: ${name}`;
}

function isEmpty(value: AttributeValue): boolean {
  return ('S' in value && value.S === '') || ('B' in value && value.B === '');
}

function checkKeySize(value: AttributeValue, max_bytes: number): void {
  const problem = keySizeProblem(value, max_bytes === MAX_SORT_KEY_BYTES);
  if (problem !== undefined) throw invalidParameter(problem);
}

/** @returns DynamoDB's words for a key attribute that is too long */
export function keySizeProblem(value: AttributeValue, isSort: boolean): string | undefined {
  const bytes =
    'S' in value ? Buffer.byteLength(value.S) : 'B' in value ? Buffer.byteLength(value.B, 'base64') : 0;
  if (bytes <= (isSort ? MAX_SORT_KEY_BYTES : MAX_PARTITION_KEY_BYTES)) return undefined;
  return isSort
    ? 'Aggregated size of all range keys has exceeded the size limit of 1024 bytes'
    : 'Size of hashkey has exceeded the maximum size limit of2048 bytes';
}
