import { randomUUID } from 'node:crypto';
import type { StoreCore } from '../core.ts';
import { validationError } from '../errors.ts';
import { settledIndexes } from '../indexes/update.ts';
import { ChangeFeed } from '../streams/streams.ts';
import { changeTable, readTable, type TableRecord } from '../tables/catalog.ts';
import { makeKeys, type NewTable, storeNewTable } from '../tables/tables.ts';
import { type Place, writePlace } from './places.ts';
import type { JoiningReplica } from './types.ts';

/** What DynamoDB says when the name is taken in the other Region, its own grammar included. */
export function replicaExists(name: string): Error {
  return validationError(
    `Failed to create a the new replica of table with name: '${name}' because one or more replicas already existed as tables.`,
  );
}

/**
 * Makes the replica that a table is to get: an empty table with keys of its own in the other Region, which says from
 * where in which stream it goes on once it has all items. Begun again after a crash, it finds what it made.
 *
 * @throws AwsError what DynamoDB answers when the other Region's KMS refuses the key; for a name that is taken there
 */
export async function createReplica(core: StoreCore, table: TableRecord): Promise<void> {
  const joining = table.replication?.joining;
  const there = joining && core.regions.coreOf(joining.region);
  if (joining === undefined || there === undefined) return;
  if (core.regions.memberIn(joining.region, table) === undefined)
    await storeReplica(core, table, there, joining);
  await changeTable(core.engine, table, (current) => {
    const { replication } = current;
    if (replication?.joining === undefined) return current;
    const { joining: _joined, ...rest } = replication;
    return { ...current, replication: { ...rest, sourced_ms: core.clock.wall_ms() } };
  });
}

async function storeReplica(
  core: StoreCore,
  table: TableRecord,
  there: StoreCore,
  { sse, principal }: JoiningReplica,
): Promise<void> {
  if (there.catalog.find(table.name) !== undefined) throw replicaExists(table.name);
  const fresh = replicaOf(core, table, there);
  const { encryption, keyring } =
    sse === undefined
      ? { encryption: fresh.encryption, keyring: undefined }
      : await makeKeys(there, fresh, sse, principal);
  const places = placesIn(core, table);
  await there.grants.write(encryption.grant, (transaction) => {
    if (readTable(transaction, table.name) !== undefined) throw replicaExists(table.name);
    const { number } = storeNewTable(transaction, { ...fresh, encryption }, keyring);
    for (const [region, place] of places) writePlace(transaction, number, region, place);
  });
  there.engine.refresh();
}

/** Schema, indexes and billing are the source's; tags and deletion protection are a table's own. */
function replicaOf(core: StoreCore, source: TableRecord, there: StoreCore): NewTable {
  return {
    name: source.name,
    id: randomUUID(),
    created_ms: there.clock.wall_ms(),
    primaryKey: source.primaryKey,
    billing: source.billing,
    deletionProtection: false,
    tags: [],
    encryption: { kind: 'none' },
    indexes: source.indexes && settledIndexes(source.indexes),
    lastIndex: source.lastIndex,
    replication: { group: source.replication!.group, region: there.region, source: core.region },
  };
}

/** All members' changes from now on; of the source, all items first, which have the changes of the others until now. */
function placesIn(core: StoreCore, table: TableRecord): [region: string, place: Place][] {
  const others = core.regions.replicasOf(core, table).filter(({ table: { stream } }) => stream?.enabled);
  return [{ core, table }, ...others].map((member) => {
    const place = { tableId: member.table.id, position: new ChangeFeed(member.core).end(member.table) };
    return [member.core.region, member.core === core ? { ...place, copy: {} } : place];
  });
}
