/** What follows from a table's settings: names, and how much an item needs at the least. */
import type { Arm } from './types.ts';

/** The arm's tables by number: its table's name, or with several that name and -1, -2, …. */
export function tableNames({ name, count }: Pick<Arm['table'], 'name' | 'count'>): string[] {
  return count === 1 ? [name] : Array.from({ length: count }, (_, index) => `${name}-${index + 1}`);
}

const namesOf = new Map<number, string[]>();

/** Of the attributes beside the key: `data`, or `field0`, `field1`, … where there are several. */
export function attributeNames(fields: number): readonly string[] {
  let names = namesOf.get(fields);
  if (!names) {
    names = fields === 1 ? ['data'] : Array.from({ length: fields }, (_, field) => `field${field}`);
    namesOf.set(fields, names);
  }
  return names;
}

/** The key attribute: `pk`, and 14 characters. */
const KEY_BYTES = 16;

/** Bytes of an item, by DynamoDB's rule, that are not its attributes' values: the key and every name. */
export function overheadBytes(fields: number): number {
  return attributeNames(fields).reduce((sum, name) => sum + name.length, KEY_BYTES);
}

/** The smallest item whose attributes all hold something. */
export function leastItemBytes(fields: number): number {
  return overheadBytes(fields) + fields;
}
