import { refuseArchived } from './archived-table.ts';
import { changeTable } from './catalog.ts';
import type { StoreCore } from './core.ts';
import { invalidParameter, validationError } from './errors.ts';
import { startKeyChange } from './key-change.ts';
import type { RequestBody } from './operation.ts';
import { readReplicaUpdate, refuseChangingStream, updateReplica } from './replicas/update.ts';
import { RequestReader } from './request.ts';
import { refuseCreating } from './restored-table.ts';
import { readSseRequest } from './sse.ts';
import { changeStream, checkStreamUpdate, readStreamRequest } from './streams/streams.ts';
import { describe } from './table-description.ts';
import { billingOf, readBilling } from './table-schema.ts';
import { requireNamedTable } from './tables.ts';
import type { AccessContext } from './types.ts';

/** UpdateTable: another KMS key, or else billing, deletion protection and the stream. */
export async function updateTable(
  core: StoreCore,
  body: RequestBody,
  { principal }: AccessContext,
): Promise<object> {
  const request = new RequestReader(body);
  const billing = readBilling(request);
  const deletionProtection = request.boolean('DeletionProtectionEnabled');
  const stream = readStreamRequest(request);
  const replica = readReplicaUpdate(request);
  request.done();
  const sse = readSseRequest(request);
  const table = requireNamedTable(core, body);
  refuseCreating(table, 'ResourceInUseException');
  const changesBilling = billing.mode !== undefined || billing.units !== undefined;
  const changesSettings = changesBilling || deletionProtection !== undefined || stream !== undefined;
  if (sse !== undefined) {
    if (changesSettings || replica !== undefined)
      throw invalidParameter('SSESpecification must be the only change in an UpdateTable request');
    return { TableDescription: describe(core, await startKeyChange(core, table, sse, principal)) };
  }
  // Deletion protection can go: an archived table that has it could never be deleted else.
  const usesTable = changesBilling || stream !== undefined || replica !== undefined;
  if (usesTable) refuseArchived(table);
  if (replica !== undefined) {
    if (changesSettings)
      throw invalidParameter('ReplicaUpdates must be the only change in an UpdateTable request');
    return {
      TableDescription: describe(core, await updateReplica(core, table, replica, principal), 'UPDATING'),
    };
  }
  if (!changesSettings) {
    throw validationError(
      'At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required',
    );
  }
  if (stream !== undefined) {
    checkStreamUpdate(stream, billing, deletionProtection !== undefined);
    refuseChangingStream(core, table);
  }
  const now_ms = core.clock.wall_ms();
  const updated = await changeTable(core.engine, table, (current, transaction) => {
    if (usesTable) refuseArchived(current);
    const settings = {
      ...current,
      billing: changesBilling
        ? billingOf({ mode: current.billing.mode, ...billing }, now_ms)
        : current.billing,
      deletionProtection: deletionProtection ?? current.deletionProtection,
    };
    const at = { tableArn: core.arnOf(table.name), now_ms };
    return stream === undefined ? settings : changeStream(transaction, settings, stream, at);
  });
  return { TableDescription: describe(core, updated, 'UPDATING') };
}
