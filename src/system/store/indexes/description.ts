import type { StoreCore } from '../core.ts';
import type { KeyAttribute } from '../expressions/expressions.ts';
import type { TableRecord } from '../tables/catalog.ts';
import { describeKeySchema } from '../tables/table-description.ts';
import { readIndexTotals } from './totals.ts';
import type { IndexRecord } from './types.ts';
import { isAllocating } from './work.ts';

/** DynamoDB's `LocalSecondaryIndexes` and `GlobalSecondaryIndexes`: absent where there are none. */
export function describeIndexes(core: StoreCore, table: TableRecord, isNew: boolean): object | undefined {
  if (table.indexes === undefined) return undefined;
  const ofKind = (kind: IndexRecord['kind']) => {
    const described = table
      .indexes!.filter((index) => index.kind === kind)
      .map((index) => describeIndex(core, table, index, isNew));
    return described.length > 0 ? described : undefined;
  };
  return { LocalSecondaryIndexes: ofKind('local'), GlobalSecondaryIndexes: ofKind('global') };
}

function describeIndex(core: StoreCore, table: TableRecord, index: IndexRecord, isNew: boolean): object {
  const { items, bytes } = readIndexTotals(core.engine, table.number, index.number);
  return {
    IndexName: index.name,
    KeySchema: describeKeySchema({ primaryKey: index.key }),
    Projection: describeProjection(index),
    IndexSizeBytes: bytes,
    ItemCount: items,
    IndexArn: `${core.arnOf(table.name)}/index/${index.name}`,
    ...(index.kind === 'global' ? describeState(core, table, index, isNew) : {}),
  };
}

/** `Backfilling` is there for an index that its table did not begin with, until it is active. */
function describeState(
  core: StoreCore,
  { number, billing }: TableRecord,
  index: IndexRecord,
  isNew: boolean,
): object {
  const units = billing.mode === 'PROVISIONED' ? index.units : undefined;
  const backfilling = index.state === 'CREATING' ? !isAllocating(core.engine, number, index) : undefined;
  return {
    IndexStatus: isNew ? 'CREATING' : index.state,
    Backfilling: backfilling,
    ProvisionedThroughput: {
      NumberOfDecreasesToday: 0,
      ReadCapacityUnits: units?.read ?? 0,
      WriteCapacityUnits: units?.write ?? 0,
    },
  };
}

export function describeProjection({ projection }: IndexRecord): object {
  return {
    ProjectionType: projection.type,
    NonKeyAttributes: projection.type === 'INCLUDE' ? projection.attributes : undefined,
  };
}

/** The key attributes of the table and of its indexes, each once, by name. */
export function keyAttributesOf({ primaryKey, indexes = [] }: TableRecord): KeyAttribute[] {
  const attributes = new Map<string, KeyAttribute>();
  for (const { partition, sort } of [primaryKey, ...indexes.map(({ key }) => key)]) {
    for (const attribute of sort === undefined ? [partition] : [partition, sort])
      if (!attributes.has(attribute.name)) attributes.set(attribute.name, attribute);
  }
  return [...attributes.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
