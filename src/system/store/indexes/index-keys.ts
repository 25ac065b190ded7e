import { invalidParameter, validationError } from '../errors.ts';
import type { KeyAttribute } from '../expressions/expressions.ts';
import { keySizeProblem } from '../items/item-key.ts';
import type { TableRecord } from '../tables/catalog.ts';
import type { AttributeValue, Item } from '../types.ts';
import { getOwn, typeOf } from '../values/values.ts';

/**
 * Checks that what an item has of the indexes' keys is of their types: what it lacks keeps it out of an index.
 * @throws AwsError ValidationException that names the first index by name
 */
export function checkIndexKeys(table: TableRecord, item: Item): void {
  for (const { name: index, attribute, isSort } of indexKeys(table)) {
    const { name, type } = attribute;
    const value = getOwn(item, name);
    if (value === undefined) continue;
    if (typeOf(value) !== type) {
      throw invalidParameter(
        `Type mismatch for Index Key ${name} Expected: ${type} Actual: ${typeOf(value)} IndexName: ${index}`,
      );
    }
    const empty = emptyKind(value);
    if (empty !== undefined) {
      throw validationError(
        'One or more parameter values are not valid. A value specified for a secondary index key is not supported. ' +
          `The AttributeValue for a key attribute cannot contain an empty ${empty} value. IndexName: ${index}, IndexKey: ${name}`,
      );
    }
    const problem = keySizeProblem(value, isSort);
    if (problem !== undefined) throw invalidParameter(problem);
  }
}

/**
 * The same for an update: what it leaves as it was may be older than the index.
 * @throws AwsError ValidationException
 */
export function checkUpdatedIndexKeys(table: TableRecord, base: Item, updated: Item): void {
  for (const { attribute, isSort } of indexKeys(table)) {
    const value = getOwn(updated, attribute.name);
    if (value === undefined || value === getOwn(base, attribute.name)) continue;
    if (typeOf(value) !== attribute.type) {
      throw validationError(
        'The update expression attempted to update the secondary index key to unsupported type',
      );
    }
    const empty = emptyKind(value);
    if (empty !== undefined) {
      throw validationError(
        'One or more parameter values are not valid. The update expression attempted to update a secondary index key ' +
          `to a value that is not supported. The AttributeValue for a key attribute cannot contain an empty ${empty} value.`,
      );
    }
    if (keySizeProblem(value, isSort) !== undefined) {
      throw validationError(
        'The update expression attempted to update the secondary index key beyond allowed size limits',
      );
    }
  }
}

interface IndexKey {
  /** Of the index. */
  name: string;
  attribute: KeyAttribute;
  isSort: boolean;
}

/** Of all indexes that writes keep in step, by their names, as DynamoDB looks through them. */
function indexKeys({ indexes }: TableRecord): IndexKey[] {
  if (indexes === undefined) return NONE;
  return indexes
    .filter(({ state }) => state !== 'DELETING')
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(({ name, key }) => {
      const partition = { name, attribute: key.partition, isSort: false };
      return key.sort === undefined ? [partition] : [partition, { name, attribute: key.sort, isSort: true }];
    });
}

const NONE: IndexKey[] = [];

/** What an attribute has that is empty, and so can't be a key. */
export function emptyKind(value: AttributeValue): 'string' | 'binary' | undefined {
  if ('S' in value && value.S === '') return 'string';
  return 'B' in value && value.B === '' ? 'binary' : undefined;
}
