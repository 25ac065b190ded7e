import { setTimeout as sleep } from 'node:timers/promises';
import { advanceTogether } from '../std/schedule.ts';
import type { KmsSample, ServerProcess, StoreSample } from '../system/system.ts';
import {
  type Arm,
  type EventAction,
  type KeyKind,
  type Observation,
  tableNames,
} from '../workload/workload.ts';
import { type Access, Client } from './client.ts';
import { type DescribedTable, ReplicaWatch } from './replicas.ts';
import { createKey } from './tables.ts';

const CHANGE_LOOKED_AT_MS = 20;

export interface HappeningsOptions {
  arm: Arm;
  store: ServerProcess<StoreSample>;
  kms: ServerProcess<KmsSample>;
  /** Of the operator, whose calls are in no cache of a measured caller. */
  storeAccess: Access;
  kmsAccess: Access;
  /** The arm's customer managed key. */
  keyArn: string | undefined;
  /** The customer managed keys of its replicas, by Region. */
  replicaKeyArns: ReadonlyMap<string, string>;
}

/** Makes happen to an arm's embedded system what its workload says: as an operator would, over the wire, where it can be. */
export class Happenings {
  readonly #options: HappeningsOptions;
  #keyArn: string | undefined;
  /** Requests to the store, which no client of the arm sent. */
  requests = 0;

  constructor(options: HappeningsOptions) {
    this.#options = options;
    this.#keyArn = options.keyArn;
  }

  /** Resolves once it has happened. @returns what was seen meanwhile @throws what kept it from it */
  async happen(action: EventAction, over: AbortSignal): Promise<Observation[]> {
    if (action.do === 'advance-clock') return this.#advance(action.by_ms);
    await this.#act(action, over);
    return [];
  }

  async #act(action: Exclude<EventAction, { do: 'advance-clock' }>, over: AbortSignal): Promise<void> {
    const { arm, store, kms } = this.#options;
    // A fault's end is lifecycle time.
    const lasting_ms = (for_ns: number) => (for_ns / 1e6) * arm.clock.speed;
    switch (action.do) {
      case 'disable-key':
        return this.#askKms('DisableKey');
      case 'disable-replica-key':
        return this.#disableReplicaKey();
      case 'enable-key':
        return this.#askKms('EnableKey');
      case 'rotate-key':
        return this.#askKms('RotateKeyOnDemand');
      case 'schedule-key-deletion':
        return this.#askKms('ScheduleKeyDeletion', { PendingWindowInDays: 7 });
      case 'cancel-key-deletion':
        return this.#askKms('CancelKeyDeletion');
      case 'change-key':
        return this.#changeKey(action.to, over);
      case 'kms-outage':
        return kms.fault({ kind: 'outage', for_ms: lasting_ms(action.for_ns) });
      case 'kms-throttle':
        return kms.fault({ kind: 'throttle', for_ms: lasting_ms(action.for_ns) });
      case 'kms-latency': {
        const { p50_ms, p99_ms } = action;
        return kms.fault({ kind: 'latency', for_ms: lasting_ms(action.for_ns), p50_ms, p99_ms });
      }
      case 'wipe-cache':
        return store.wipe();
    }
  }

  async #askKms(operation: string, more: object = {}, region?: string): Promise<void> {
    const { kmsAccess } = this.#options;
    const access = { ...kmsAccess, region: region ?? kmsAccess.region };
    const body = JSON.stringify({ KeyId: this.#keyArn, ...more });
    await using(new Client('kms', access), (client) => client.call(operation, body));
  }

  #disableReplicaKey(): Promise<void> {
    const { arm, replicaKeyArns } = this.#options;
    const [region] = arm.system.replicas;
    return this.#askKms('DisableKey', { KeyId: replicaKeyArns.get(region!) }, region);
  }

  #advance(by_ms: number): Promise<Observation[]> {
    const { arm, store, kms, storeAccess } = this.#options;
    return using(new Client('dynamodb', storeAccess), async (client) => {
      const watch = new ReplicaWatch(arm, (table) => this.#describe(client, table));
      await watch.look();
      await advanceTogether([kms, store, watch], by_ms);
      return watch.observed;
    });
  }

  #ask<Answer>(client: Client, operation: string, body: object): Promise<Answer> {
    this.requests++;
    return client.call(operation, JSON.stringify(body));
  }

  async #describe(client: Client, TableName: string): Promise<DescribedTable> {
    const { Table } = await this.#ask<{ Table: DescribedTable }>(client, 'DescribeTable', { TableName });
    return Table;
  }

  /** Until every table shows the new key as in use. */
  async #changeKey(to: KeyKind, over: AbortSignal): Promise<void> {
    const { arm, kmsAccess, storeAccess } = this.#options;
    const keyArn = to === 'customer-managed' ? await createKey(kmsAccess, arm.name) : undefined;
    const SSESpecification =
      to === 'aws-owned'
        ? { Enabled: false }
        : { Enabled: true, SSEType: 'KMS', ...(keyArn === undefined ? {} : { KMSMasterKeyId: keyArn }) };
    await using(new Client('dynamodb', storeAccess), async (client) => {
      const names = tableNames(arm.table);
      for (const TableName of names) await this.#ask(client, 'UpdateTable', { TableName, SSESpecification });
      for (const TableName of names) {
        const isChanging = async () =>
          (await this.#describe(client, TableName)).SSEDescription?.Status === 'UPDATING';
        while (!over.aborted && (await isChanging())) await sleep(CHANGE_LOOKED_AT_MS);
      }
    });
    this.#keyArn = keyArn;
  }
}

async function using<Result>(client: Client, action: (client: Client) => Promise<Result>): Promise<Result> {
  try {
    return await action(client);
  } finally {
    client.close();
  }
}
