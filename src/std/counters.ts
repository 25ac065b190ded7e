/**
 * Arithmetic on counters: objects of numbers, nested, where null stands for a counter that is not supplied. A counter
 * that only one side has counts as 0 on the other; one that is null in the first stays null.
 */

/** a + b; `b` alone without `a`. */
export function addCounters<Counters extends object>(a: Counters | undefined, b: Counters): Counters {
  return a === undefined ? b : (combine(b as Tree, a as Tree, 1) as Counters);
}

/** a − b */
export function subtractCounters<Counters extends object>(a: Counters, b: Counters): Counters {
  return combine(a as Tree, b as Tree, -1) as Counters;
}

type Tree = { [name: string]: number | null | Tree };

function combine(a: Tree, b: Tree | null, sign: 1 | -1): Tree {
  const combined: Tree = {};
  for (const name of new Set([...Object.keys(a), ...Object.keys(b ?? {})])) {
    const left = a[name];
    const right = b?.[name] ?? null;
    if (left === null) combined[name] = null;
    else if (isTree(left) || isTree(right))
      combined[name] = combine((left ?? {}) as Tree, right as Tree | null, sign);
    else combined[name] = (left ?? 0) + sign * (right ?? 0);
  }
  return combined;
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null;
}
