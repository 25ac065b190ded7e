/** What is carried from one Region to another: an item as it is, or that it is gone, and its stamp. */
import type { EngineRecord } from '../engine/engine.ts';
import { keyOf, placeOf } from '../items/item-key.ts';
import type { TableItems, WritableItems } from '../items/table-items.ts';
import { locatorOf } from '../layout.ts';
import { parseItem } from '../operation.ts';
import type { Item } from '../types.ts';
import { compareStamps, FIRST, lastStamp, readStamp, type Stamp, writeStamp } from './stamps.ts';

export interface ItemState {
  key: Item;
  /** None for one that was removed. */
  item: Item | undefined;
  stamp: Stamp;
  /** Of the item. */
  bytes: number;
}

/** @returns undefined for an item that is not there, and nothing is known of */
export function stateOfKey(items: TableItems, key: Item): ItemState | undefined {
  const { locator } = placeOf(items.keys, items.table, key);
  const stamp = readStamp(items.keys, items.reader, items.table.number, locator);
  const stored = items.find(key);
  if (stored === undefined) return stamp && { key, item: undefined, stamp, bytes: 0 };
  return { key, item: parseItem(stored), stamp: stamp ?? FIRST, bytes: stored.size_bytes };
}

/** Of an item's own record. */
export function stateOfRecord(items: TableItems, { key, value }: EngineRecord): ItemState {
  const stored = items.open(key, value);
  const item = parseItem(stored);
  const stamp = readStamp(items.keys, items.reader, items.table.number, locatorOf(key)) ?? FIRST;
  return { key: keyOf(items.table.primaryKey, item), item, stamp, bytes: stored.size_bytes };
}

/** Takes a change over if it is later than what is there. Taken twice it does nothing. */
export function receive(items: WritableItems, { key, item, stamp }: ItemState): void {
  const { locator } = placeOf(items.keys, items.table, key);
  const last = lastStamp(items, locator);
  const known = last ?? (items.find(key) === undefined ? undefined : FIRST);
  if (known !== undefined && compareStamps(stamp, known) <= 0) return;
  if (item === undefined) items.remove(key, 'replication');
  else items.put(item, 'replication');
  if (compareStamps(stamp, FIRST) > 0) writeStamp(items, locator, last, stamp);
}
