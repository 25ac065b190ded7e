import type { DirectoryRange } from '../items/directory.ts';

/**
 * Where an entry stands in its partition's directory: by the index's sort key, and among equals by the item's locator,
 * which is in no order that means anything and stays the same. The sort key's bytes are of any length, so that they are
 * written in a form that is no beginning of another's: what follows does not disturb their order.
 */
export function entryOrder(sort: Buffer | undefined, locator: Buffer): Buffer {
  return sort === undefined ? locator : Buffer.concat([groupedBytes(sort), locator]);
}

/** A range of sort keys as the range of the entries that have them. */
export function entryRange({ from, to, reverse }: DirectoryRange): DirectoryRange {
  const range: DirectoryRange = { reverse };
  if (from !== undefined) {
    const sort = groupedBytes(from.sort);
    range.from = { sort: from.inclusive ? sort : bytesAfter(sort)!, inclusive: true };
  }
  if (to !== undefined) {
    const sort = groupedBytes(to.sort);
    range.to = { sort: to.inclusive ? bytesAfter(sort)! : sort, inclusive: false };
  }
  return range;
}

const GROUP_BYTES = 8;
const MORE = GROUP_BYTES + 1;

/**
 * Groups of eight bytes, the last one filled up with zeros, each followed by a byte that says how many of them count, or
 * that more follow. They order as the plain bytes do, and none is the beginning of another. At 1,024 bytes, the longest
 * of sort keys, an eighth more: a directory's page holds three.
 */
export function groupedBytes(bytes: Buffer): Buffer {
  const groups = Math.max(1, Math.ceil(bytes.length / GROUP_BYTES));
  const grouped = Buffer.alloc(groups * (GROUP_BYTES + 1));
  for (let group = 0; group < groups; group++) {
    const start = group * GROUP_BYTES;
    const at = group * (GROUP_BYTES + 1);
    bytes.copy(grouped, at, start, start + GROUP_BYTES);
    grouped[at + GROUP_BYTES] = group < groups - 1 ? MORE : bytes.length - start;
  }
  return grouped;
}

/** The least bytes above all that begin with `prefix`; none above 0xff…ff. */
export function bytesAfter(prefix: Buffer): Buffer | undefined {
  for (let last = prefix.length - 1; last >= 0; last--) {
    if (prefix[last] === 0xff) continue;
    const end = Buffer.from(prefix.subarray(0, last + 1));
    end[last]! += 1;
    return end;
  }
  return undefined;
}
