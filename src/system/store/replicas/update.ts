/** ReplicaUpdates of UpdateTable, version 2019.11.21: replicas are made, re-encrypted and deleted from any Region. */
import type { Principal } from '../../wire/types.ts';
import type { StoreCore } from '../core.ts';
import { invalidParameter, tableBeingUpdated, validationError } from '../errors.ts';
import { followersChanged } from '../followers.ts';
import { startKeyChange } from '../keys/key-change.ts';
import { chooseKey, type SseRequest } from '../keys/sse.ts';
import type { RequestReader } from '../request.ts';
import { startStream } from '../streams/streams.ts';
import { changeTable, type TableRecord } from '../tables/catalog.ts';
import { eraseTable } from '../tables/tables.ts';
import { replicaExists } from './creation.ts';
import { isGettingReplica } from './description.ts';
import type { Member } from './region-group.ts';

/** A source of replicas can't be deleted for so long, while there are any. */
const SOURCE_MS = 24 * 3_600_000;
/** Settings of a replica that it can't have apart from its source here. */
const UNSUPPORTED = [
  'ProvisionedThroughputOverride',
  'OnDemandThroughputOverride',
  'GlobalSecondaryIndexes',
  'TableClassOverride',
] as const;

export interface ReplicaUpdate {
  action: 'Create' | 'Update' | 'Delete';
  region: string;
  keyId: string | undefined;
}

/** @throws AwsError ValidationException for more than one update, or one that is none */
export function readReplicaUpdate(request: RequestReader): ReplicaUpdate | undefined {
  const updates = request.structures('ReplicaUpdates', { min: 1 });
  if (updates === undefined) return undefined;
  const found = updates.flatMap((update) =>
    (['Create', 'Update', 'Delete'] as const).flatMap((action) => {
      const details = update.structure(action);
      if (details === undefined) return [];
      const region = details.string('RegionName', { required: true }) ?? '';
      const keyId = action === 'Delete' ? undefined : details.string('KMSMasterKeyId');
      refuseUnsupported(update.map(action) ?? {});
      return [{ action, region, keyId }];
    }),
  );
  request.done();
  if (found.length !== 1 || updates.length !== 1) {
    throw invalidParameter('ReplicaUpdates takes one replica to create, update or delete at a time');
  }
  return found[0];
}

/** @throws AwsError ValidationException */
function refuseUnsupported(details: Readonly<Record<string, unknown>>): void {
  const found = UNSUPPORTED.find((name) => details[name] !== undefined && details[name] !== null);
  if (found !== undefined) throw invalidParameter(`${found} is not supported yet. Leave it out`);
}

/** @returns the table, as it is then */
export async function updateReplica(
  core: StoreCore,
  table: TableRecord,
  update: ReplicaUpdate,
  principal: Principal,
): Promise<TableRecord> {
  if (update.region === core.region) {
    throw validationError(
      'Cannot add, delete, or update the local region through ReplicaUpdates. Use CreateTable, DeleteTable, or UpdateTable as required.',
    );
  }
  const failed = table.replication?.joining?.failure !== undefined;
  if (update.action === 'Delete' && failed && table.replication?.joining?.region === update.region) {
    return forgetFailure(core, table);
  }
  if (update.action === 'Create') return create(core, table, update, principal);
  const member = core.regions.memberIn(update.region, table);
  if (member === undefined) {
    throw validationError(
      'Replica specified in the Replica Update or Replica Delete action of the request was not found.',
    );
  }
  if (update.action === 'Delete') await remove(core, table, member);
  else await changeKey(member, update, principal);
  return table;
}

async function create(
  core: StoreCore,
  table: TableRecord,
  { region, keyId }: ReplicaUpdate,
  principal: Principal,
): Promise<TableRecord> {
  const there = core.regions.coreOf(region);
  if (there === undefined) throw validationError(`Unsupported region: ${region}`);
  there.engine.refresh();
  if (there.catalog.find(table.name) !== undefined) throw replicaExists(table.name);
  refuseUpdating(core, table);
  const sse = await chooseEncryption(there, table, keyId, principal);
  const updated = await changeTable(core.engine, table, (current, transaction) => {
    refuseUpdating(core, current);
    const replication = {
      group: current.id,
      ...current.replication,
      region: core.region,
      joining: { region, sse, principal },
    };
    const at = { tableArn: core.arnOf(current.name), now_ms: core.clock.wall_ms() };
    return current.stream?.enabled
      ? followersChanged(transaction, { ...current, replication })
      : startStream(transaction, { ...current, replication }, 'NEW_AND_OLD_IMAGES', at);
  });
  core.regions.wake();
  return updated;
}

/** @throws AwsError ResourceInUseException, ValidationException */
function refuseUpdating(core: StoreCore, table: TableRecord): void {
  if (table.replication?.joining?.failure !== undefined) throw replicaExists(table.name);
  if (isGettingReplica(core, table)) throw tableBeingUpdated(table.name);
  if (table.stream?.enabled && table.stream.viewType !== 'NEW_AND_OLD_IMAGES') {
    throw invalidParameter(
      'Stream with view type NEW_AND_OLD_IMAGES is required to add a replica to a table: its stream has another',
    );
  }
}

/** Under the same kind of key as the table, unless another is named; of a customer's keys one has to be named. */
async function chooseEncryption(
  there: StoreCore,
  { encryption }: TableRecord,
  keyId: string | undefined,
  principal: Principal,
): Promise<SseRequest | undefined> {
  if (encryption.kind === 'none') return undefined;
  if (keyId === undefined && encryption.kind === 'customer-managed') throw keyMissing();
  if (keyId === undefined) return { enabled: encryption.kind === 'aws-managed' };
  const { arn } = await chooseKey(there.tableKeys, { enabled: true, keyId }, principal);
  return { enabled: true, keyId: arn };
}

function keyMissing(): Error {
  return invalidParameter('KMSMasterKeyId must be specified for each replica.');
}

async function changeKey(
  { core, table }: Member,
  { keyId }: ReplicaUpdate,
  principal: Principal,
): Promise<void> {
  if (keyId === undefined) throw keyMissing();
  await startKeyChange(core, table, { enabled: true, keyId }, principal);
}

async function remove(
  core: StoreCore,
  table: TableRecord,
  { core: there, table: replica }: Member,
): Promise<void> {
  if (table.replication?.joining !== undefined) throw tableBeingUpdated(table.name);
  await eraseTable(there, replica);
  core.regions.wake();
}

function forgetFailure(core: StoreCore, table: TableRecord): Promise<TableRecord> {
  return changeTable(core.engine, table, (current) => {
    const { joining: _failed, ...rest } = current.replication!;
    return { ...current, replication: rest };
  });
}

/** @throws AwsError for a table that has to stay for its replicas' sake */
export function refuseDeletingSource(core: StoreCore, table: TableRecord): void {
  if (isGettingReplica(core, table)) throw tableBeingUpdated(table.name);
  const { sourced_ms = Number.NEGATIVE_INFINITY } = table.replication ?? {};
  const recent = core.clock.wall_ms() - sourced_ms < SOURCE_MS;
  if (!recent || core.regions.replicasOf(core, table).length === 0) return;
  throw validationError(
    'Replica cannot be deleted because it has acted as a source region for new replica(s) being added to the table in the last 24 hours.',
  );
}

/** @throws AwsError ValidationException for a change of a stream that replication reads */
export function refuseChangingStream(core: StoreCore, table: TableRecord): void {
  if (core.regions.replicasOf(core, table).length === 0) return;
  throw validationError(`Stream cannot be changed while the table has replicas: TableName: ${table.name}`);
}
