import type { AttributeValue, Item } from '../types.ts';
import { getOwn, setOwn } from '../values/values.ts';
import type { PathTree } from './paths.ts';

/**
 * The parts of an item that a tree of paths names; of a list its named elements, closed up, in the list's order.
 */
export function project(item: Item, tree: PathTree): Item {
  return projectMap(item, tree) ?? {};
}

function projectValue(value: AttributeValue, tree: PathTree): AttributeValue | undefined {
  if (tree.whole) return value;
  if ('M' in value) {
    const map = projectMap(value.M, tree);
    return map === undefined ? undefined : { M: map };
  }
  if ('L' in value) {
    const list = projectList(value.L, tree);
    return list.length === 0 ? undefined : { L: list };
  }
  return undefined;
}

function projectMap(map: Item, tree: PathTree): Item | undefined {
  let projected: Item | undefined;
  for (const [name, child] of tree.children) {
    if (typeof name === 'number') return undefined;
    const value = getOwn(map, name);
    const part = value === undefined ? undefined : projectValue(value, child);
    if (part === undefined) continue;
    projected ??= {};
    setOwn(projected, name, part);
  }
  return projected;
}

function projectList(list: AttributeValue[], tree: PathTree): AttributeValue[] {
  const parts: { index: number; part: AttributeValue }[] = [];
  for (const [index, child] of tree.children) {
    if (typeof index === 'string') return [];
    const value = list[index];
    const part = value === undefined ? undefined : projectValue(value, child);
    if (part !== undefined) parts.push({ index, part });
  }
  return parts.sort((a, b) => a.index - b.index).map(({ part }) => part);
}
