import { isCreating } from './backups/restored-table.ts';
import type { StoreCore } from './core.ts';
import { tableMissing } from './errors.ts';
import { isArchived } from './keys/archived-table.ts';
import type { StoredItem } from './sealed-records.ts';
import type { TableRecord } from './tables/catalog.ts';
import type { AccessContext, Item } from './types.ts';

/** A request's body as it came out of `JSON.parse`. */
export type RequestBody = Record<string, unknown>;

/** Performs one DynamoDB operation; answers at once where it can. Throws `AwsError`. */
export type Operation = (
  core: StoreCore,
  body: RequestBody,
  context: AccessContext,
) => Promise<object | string> | object | string;

/** @throws AwsError ResourceNotFoundException */
export function requireTable(core: StoreCore, name: string): TableRecord {
  const table = core.catalog.find(name);
  if (table === undefined || isCreating(table) || isArchived(table)) throw tableMissing();
  return table;
}

export function parseItem({ json }: StoredItem): Item {
  return JSON.parse(json.toString()) as Item;
}
