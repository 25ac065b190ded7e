import type { StoreCore } from '../core.ts';
import type { TableRecord } from '../tables/catalog.ts';
import type { Member } from './region-group.ts';

/** `Replicas` of a table's description: those in other Regions. Nothing for a table that has none. */
export function describeReplicas(core: StoreCore, table: TableRecord): object | undefined {
  if (table.replication === undefined) return undefined;
  const replicas = core.regions.replicasOf(core, table).map(describeReplica);
  const { joining } = table.replication;
  if (joining !== undefined && core.regions.memberIn(joining.region, table) === undefined) {
    replicas.push({
      RegionName: joining.region,
      ReplicaStatus: joining.failure === undefined ? 'CREATING' : 'CREATION_FAILED',
      ReplicaStatusDescription: joining.failure,
      KMSMasterKeyId: joining.sse?.keyId,
    });
  }
  return replicas.length === 0 ? undefined : { Replicas: replicas, GlobalTableVersion: '2019.11.21' };
}

function describeReplica({ core, table }: Member): object {
  const { encryption, keyLoss } = table;
  const named = encryption.kind === 'aws-managed' || encryption.kind === 'customer-managed';
  return {
    RegionName: core.region,
    ReplicaArn: core.arnOf(table.name),
    ReplicaStatus: statusOf(table),
    KMSMasterKeyId: named ? encryption.kmsKeyArn : undefined,
    ReplicaInaccessibleDateTime:
      keyLoss === undefined || keyLoss.status === 'SUSPECTED' ? undefined : keyLoss.inaccessible_ms / 1000,
  };
}

function statusOf({ replication, keyLoss, keyChange }: TableRecord): string {
  if (keyLoss !== undefined && keyLoss.status !== 'SUSPECTED') return keyLoss.status;
  if (replication?.source !== undefined) return 'CREATING';
  return keyChange === undefined ? 'ACTIVE' : 'UPDATING';
}

/** The table waits for a replica that is being made from it: it is UPDATING. */
export function isGettingReplica(core: StoreCore, table: TableRecord): boolean {
  const { replication } = table;
  if (replication === undefined) return false;
  if (replication.joining !== undefined && replication.joining.failure === undefined) return true;
  return core.regions
    .replicasOf(core, table)
    .some(({ table: { replication: theirs } }) => theirs?.source === core.region);
}
