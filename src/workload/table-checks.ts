/** Tables that can't be made, or can't hold what they are to hold. */
import type { Check } from './checks.ts';
import { leastItemBytes, tableNames } from './table.ts';
import type { Sizes } from './types.ts';

/** DynamoDB's. */
const TABLE_NAME_MAX = 255;

export const TABLE_CHECKS: readonly Check[] = [
  {
    reads: ['table.fields', 'table.itemBytes'],
    find: ({ table: { fields, itemBytes } }) => {
      const [least, smallest] = [leastItemBytes(fields), smallestOf(itemBytes)];
      return (
        smallest < least && {
          what: `an item of ${smallest} B has no room for its key and ${fields} attributes of at least a byte, which take ${least} B with their names.`,
          remedy: `Lower 'table.fields', or raise 'table.itemBytes' to ${least}B or more.`,
        }
      );
    },
  },
  {
    reads: ['table.count', 'table.items'],
    find: ({ table: { count, items } }) =>
      items < count && {
        what: `${items} items leave some of ${count} tables empty.`,
        remedy: `Lower it, or raise 'table.items' to ${count} or more.`,
      },
  },
  {
    reads: ['table.name', 'table.count'],
    find: ({ table }) => {
      const longest = tableNames(table).at(-1)!;
      return (
        longest.length > TABLE_NAME_MAX && {
          what: `with the number of the table after it, it has ${longest.length} characters; a table's name has up to ${TABLE_NAME_MAX}.`,
          remedy: 'Give a shorter one.',
        }
      );
    },
  },
];

/** A log-normal size is cut off where an item would be too small; its median must not be. */
function smallestOf(sizes: Sizes): number {
  switch (sizes.kind) {
    case 'fixed':
      return sizes.value;
    case 'uniform':
      return sizes.min;
    case 'log-normal':
      return sizes.p50;
    case 'histogram':
      return Math.min(...sizes.classes.filter(({ share }) => share > 0).map(({ value }) => value));
  }
}
