import { refuseCreating } from '../backups/restored-table.ts';
import type { StoreCore } from '../core.ts';
import { invalidParameter, validationError } from '../errors.ts';
import {
  billedIndexes,
  changeIndexes,
  checkIndexUpdates,
  type IndexUpdates,
  readIndexUpdates,
  refuseBilling,
} from '../indexes/update.ts';
import { refuseArchived } from '../keys/archived-table.ts';
import { startKeyChange } from '../keys/key-change.ts';
import { readSseRequest, type SseRequest } from '../keys/sse.ts';
import type { RequestBody } from '../operation.ts';
import {
  type ReplicaUpdate,
  readReplicaUpdate,
  refuseChangingStream,
  updateReplica,
} from '../replicas/update.ts';
import { RequestReader } from '../request.ts';
import {
  changeStream,
  checkStreamUpdate,
  readStreamRequest,
  type StreamRequest,
} from '../streams/streams.ts';
import type { AccessContext } from '../types.ts';
import { changeTable, type TableRecord } from './catalog.ts';
import { describe } from './table-description.ts';
import { type BillingRequest, billingOf, readBilling } from './table-schema.ts';
import { requireNamedTable } from './tables.ts';

interface TableUpdate {
  billing: BillingRequest;
  deletionProtection: boolean | undefined;
  stream: StreamRequest | undefined;
  replica: ReplicaUpdate | undefined;
  indexes: IndexUpdates | undefined;
  sse: SseRequest | undefined;
}

/** UpdateTable: another KMS key, or a replica, or else billing, deletion protection, the stream and global indexes. */
export async function updateTable(
  core: StoreCore,
  body: RequestBody,
  { principal }: AccessContext,
): Promise<object> {
  const update = readUpdate(body);
  const { sse, replica, stream } = update;
  const table = requireNamedTable(core, body);
  refuseCreating(table, 'ResourceInUseException');
  checkUpdate(update);
  if (sse !== undefined)
    return { TableDescription: describe(core, await startKeyChange(core, table, sse, principal)) };
  // Deletion protection can go: an archived table that has it could never be deleted else.
  if (usesTable(update)) refuseArchived(table);
  if (replica !== undefined) {
    return {
      TableDescription: describe(core, await updateReplica(core, table, replica, principal), 'UPDATING'),
    };
  }
  if (stream !== undefined) refuseChangingStream(core, table);
  return { TableDescription: describe(core, await changeSettings(core, table, update), 'UPDATING') };
}

function readUpdate(body: RequestBody): TableUpdate {
  const request = new RequestReader(body);
  const billing = readBilling(request);
  const deletionProtection = request.boolean('DeletionProtectionEnabled');
  const stream = readStreamRequest(request);
  const replica = readReplicaUpdate(request);
  const indexes = readIndexUpdates(request);
  request.done();
  return { billing, deletionProtection, stream, replica, indexes, sse: readSseRequest(request) };
}

/** @throws AwsError ValidationException for what can't be asked for together, and for nothing asked for */
function checkUpdate({ billing, deletionProtection, stream, replica, indexes, sse }: TableUpdate): void {
  const changesSettings = changesBilling(billing) || deletionProtection !== undefined || stream !== undefined;
  const changesIndexes = (indexes?.actions.length ?? 0) > 0;
  if (sse !== undefined) {
    if (!changesSettings && !changesIndexes && replica === undefined) return;
    throw invalidParameter('Server-Side Encryption modification must be the only operation in the request');
  }
  if (replica !== undefined) {
    if (!changesSettings && !changesIndexes) return;
    throw invalidParameter('ReplicaUpdates must be the only change in an UpdateTable request');
  }
  if (!changesSettings && !changesIndexes) {
    throw validationError(
      'At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required',
    );
  }
  const protection = deletionProtection !== undefined;
  if (indexes !== undefined)
    checkIndexUpdates(indexes, { billing, stream: stream !== undefined, protection });
  if (stream !== undefined) checkStreamUpdate(stream, billing, protection);
}

function changesBilling({ mode, units }: BillingRequest): boolean {
  return mode !== undefined || units !== undefined;
}

function usesTable({ billing, stream, replica, indexes }: TableUpdate): boolean {
  return changesBilling(billing) || stream !== undefined || replica !== undefined || indexes !== undefined;
}

function changeSettings(core: StoreCore, table: TableRecord, update: TableUpdate): Promise<TableRecord> {
  const { billing, deletionProtection, stream, indexes } = update;
  const now_ms = core.clock.wall_ms();
  return changeTable(core.engine, table, (current, transaction) => {
    if (usesTable(update)) refuseArchived(current);
    let changed: TableRecord = {
      ...current,
      deletionProtection: deletionProtection ?? current.deletionProtection,
    };
    if (changesBilling(billing)) {
      changed.billing = billingOf({ mode: current.billing.mode, ...billing }, now_ms);
      if (billing.units !== undefined || changed.billing.mode !== current.billing.mode)
        refuseBilling(current);
    }
    if (indexes !== undefined) changed = changeIndexes(transaction, changed, indexes, now_ms);
    if (changesBilling(billing)) changed = billedIndexes(changed);
    const at = { tableArn: core.arnOf(table.name), now_ms };
    return stream === undefined ? changed : changeStream(transaction, changed, stream, at);
  });
}
