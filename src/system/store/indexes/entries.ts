import type { KeyAttribute, PrimaryKey } from '../expressions/expressions.ts';
import { keySizeProblem } from '../items/item-key.ts';
import type { TableRecord } from '../tables/catalog.ts';
import type { Item } from '../types.ts';
import { getOwn, keyBytes, setOwn, sortableKeyBytes, typeOf } from '../values/values.ts';
import { emptyKind } from './index-keys.ts';
import { entryOrder } from './order.ts';
import type { IndexRecord } from './types.ts';

/** The structure whose data keys seal an index's entries and directories. */
export function indexStructure(index: IndexRecord): string {
  return `index:${index.number}`;
}

/** Where an item's entry stands in an index. */
export interface EntryPlace {
  /** Tells partitions of the index apart. */
  partition: Buffer;
  /** The place in the partition's directory. */
  order: Buffer;
}

/** @returns undefined for an item that is not in the index: a key attribute is not there, or could be no index's key */
export function entryPlace(index: IndexRecord, item: Item, locator: Buffer): EntryPlace | undefined {
  const { partition, sort } = index.key;
  if (!has(item, partition, false) || (sort !== undefined && !has(item, sort, true))) return undefined;
  return {
    partition: keyBytes(getOwn(item, partition.name)!),
    order: entryOrder(sort && sortableKeyBytes(getOwn(item, sort.name)!), locator),
  };
}

function has(item: Item, { name, type }: KeyAttribute, isSort: boolean): boolean {
  const value = getOwn(item, name);
  if (value === undefined || typeOf(value) !== type) return false;
  return emptyKind(value) === undefined && keySizeProblem(value, isSort) === undefined;
}

/** What the index has of an item. */
export function projectedItem(table: TableRecord, index: IndexRecord, item: Item): Item {
  const names = projectedNames(table, index);
  if (names === undefined) return item;
  const projected: Item = {};
  for (const name of names) {
    const value = getOwn(item, name);
    if (value !== undefined) setOwn(projected, name, value);
  }
  return projected;
}

/** The attributes that an index has; undefined for all. */
export function projectedNames(table: TableRecord, { key, projection }: IndexRecord): string[] | undefined {
  if (projection.type === 'ALL') return undefined;
  const included = projection.type === 'INCLUDE' ? projection.attributes : [];
  return [...new Set([...keyNames(table.primaryKey), ...keyNames(key), ...included])];
}

/** The names that find an entry again: those of the table's key and of the index's. */
export function entryKeyNames(table: TableRecord, index: IndexRecord): string[] {
  return [...new Set([...keyNames(index.key), ...keyNames(table.primaryKey)])];
}

export function keyNames({ partition, sort }: PrimaryKey): string[] {
  return sort === undefined ? [partition.name] : [partition.name, sort.name];
}
