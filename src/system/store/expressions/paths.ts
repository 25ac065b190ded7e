import type { AttributeValue, Item } from '../types.ts';
import { getOwn } from '../values/values.ts';

/** Attribute names and list indexes, placeholders replaced. The first is always a name. */
export type Path = readonly (string | number)[];

export function valueAt(item: Item, path: Path): AttributeValue | undefined {
  let value = getOwn(item, path[0] as string);
  for (let i = 1; i < path.length && value !== undefined; i++) {
    const step = path[i]!;
    if (typeof step === 'number') value = 'L' in value ? value.L[step] : undefined;
    else value = 'M' in value ? getOwn(value.M, step) : undefined;
  }
  return value;
}

/** As DynamoDB prints a path: `[a, b, [0]]`. */
export function pathText(path: Path): string {
  return `[${path.map((step) => (typeof step === 'number' ? `[${step}]` : step)).join(', ')}]`;
}

export function samePath(a: Path, b: Path): boolean {
  return a.length === b.length && a.every((step, i) => step === b[i]);
}

/** Paths as a tree, for projecting several at once and for telling paths that meet. */
export interface PathTree {
  /** The first path that runs through here. */
  path: Path;
  /** A path ends here. */
  whole: boolean;
  children: Map<string | number, PathTree>;
}

/**
 * @param problem is thrown where one path contains another, or treats a list as a map
 */
export function pathTree(paths: readonly Path[], problem: (text: string) => Error): PathTree {
  const root: PathTree = { path: [], whole: false, children: new Map() };
  for (const path of paths) {
    let node = root;
    for (const step of path) {
      if (node.whole) throw problem(meeting('overlap', node.path, path));
      node = childFor(node, step, path, problem);
    }
    if (node.path !== path) throw problem(meeting('overlap', node.path, path));
    node.whole = true;
  }
  return root;
}

function childFor(
  node: PathTree,
  step: string | number,
  path: Path,
  problem: (text: string) => Error,
): PathTree {
  let child = node.children.get(step);
  if (child === undefined) {
    for (const sibling of node.children.keys()) {
      if (typeof sibling !== typeof step) {
        throw problem(meeting('conflict', node.children.get(sibling)!.path, path));
      }
      break;
    }
    child = { path, whole: false, children: new Map() };
    node.children.set(step, child);
  }
  return child;
}

function meeting(how: 'overlap' | 'conflict', one: Path, two: Path): string {
  return `Two document paths ${how} with each other; must remove or rewrite one of these paths; path one: ${pathText(one)}, path two: ${pathText(two)}`;
}
