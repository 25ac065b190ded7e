/**
 * A DynamoDB-compatible store whose items are sealed before the storage engine sees them.
 *
 *   body -> operation (tables, items, query, scan, batch): checks, compiled expressions
 *        -> core: the table's keys, from the key cache or by the KMS's leave
 *        -> table-items: locators, envelopes, the directories that hold sort keys in order
 *        -> engine: LMDB or memory
 */

export { createStore } from './encrypted-store.ts';
export { RegionGroup } from './replicas/region-group.ts';
export { startStoreServer } from './server.ts';
export type * from './types.ts';
