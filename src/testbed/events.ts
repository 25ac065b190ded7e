import { setTimeout as sleep } from 'node:timers/promises';
import { advanceTogether } from '../std/schedule.ts';
import type { KmsSample, ServerProcess, StoreSample } from '../system/system.ts';
import { type Arm, type EventAction, type KeyKind, tableNames } from '../workload/workload.ts';
import { type Access, Client } from './client.ts';
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

  /** Resolves once it has happened. @throws what kept it from it */
  async happen(action: EventAction): Promise<void> {
    const { arm, store, kms } = this.#options;
    // A fault's end is lifecycle time.
    const lasting_ms = (for_ns: number) => (for_ns / 1e6) * arm.clock.speed;
    switch (action.do) {
      case 'disable-key':
        return this.#askKms('DisableKey');
      case 'enable-key':
        return this.#askKms('EnableKey');
      case 'rotate-key':
        return this.#askKms('RotateKeyOnDemand');
      case 'schedule-key-deletion':
        return this.#askKms('ScheduleKeyDeletion', { PendingWindowInDays: 7 });
      case 'cancel-key-deletion':
        return this.#askKms('CancelKeyDeletion');
      case 'change-key':
        return this.#changeKey(action.to);
      case 'kms-outage':
        return kms.fault({ kind: 'outage', for_ms: lasting_ms(action.for_ns) });
      case 'kms-throttle':
        return kms.fault({ kind: 'throttle', for_ms: lasting_ms(action.for_ns) });
      case 'kms-latency': {
        const { p50_ms, p99_ms } = action;
        return kms.fault({ kind: 'latency', for_ms: lasting_ms(action.for_ns), p50_ms, p99_ms });
      }
      case 'advance-clock':
        return advanceTogether([kms, store], action.by_ms);
      case 'wipe-cache':
        return store.wipe();
    }
  }

  async #askKms(operation: string, more: object = {}): Promise<void> {
    const body = JSON.stringify({ KeyId: this.#keyArn, ...more });
    await using(new Client('kms', this.#options.kmsAccess), (client) => client.call(operation, body));
  }

  /** Until every table shows the new key as in use. */
  async #changeKey(to: KeyKind): Promise<void> {
    const { arm, kmsAccess, storeAccess } = this.#options;
    const keyArn = to === 'customer-managed' ? await createKey(kmsAccess, arm.name) : undefined;
    const SSESpecification =
      to === 'aws-owned'
        ? { Enabled: false }
        : { Enabled: true, SSEType: 'KMS', ...(keyArn === undefined ? {} : { KMSMasterKeyId: keyArn }) };
    await using(new Client('dynamodb', storeAccess), async (client) => {
      const ask = <Answer>(operation: string, body: object): Promise<Answer> => {
        this.requests++;
        return client.call(operation, JSON.stringify(body));
      };
      const names = tableNames(arm.table);
      for (const TableName of names) await ask('UpdateTable', { TableName, SSESpecification });
      for (const TableName of names) {
        const changing = () =>
          ask<{ Table: { SSEDescription?: { Status: string } } }>('DescribeTable', { TableName });
        while ((await changing()).Table.SSEDescription?.Status === 'UPDATING')
          await sleep(CHANGE_LOOKED_AT_MS);
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
