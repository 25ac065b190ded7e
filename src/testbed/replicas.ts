import { setTimeout as sleep } from 'node:timers/promises';
import { InputError } from '../std/errors.ts';
import type { TimeTraveller } from '../std/schedule.ts';
import { type Arm, type Observation, tableNames } from '../workload/workload.ts';
import { type Access, Client } from './client.ts';
import { createKey } from './tables.ts';

const POLL_MS = 50;
/** Whatever there is to copy, and for each item: several times what it takes. */
const PATIENCE_MS = 60_000;
const PATIENCE_MS_PER_ITEM = 1;
const ACTIVE = 'ACTIVE';

/** What DescribeTable says of a table in the main Region. */
export interface DescribedTable {
  TableStatus: string;
  SSEDescription?: { Status: string };
  Replicas?: { RegionName: string; ReplicaStatus: string }[];
}

export type Describe = (table: string) => Promise<DescribedTable>;

/**
 * Gives an arm's tables their replicas, one Region after the other, and waits until these have all items.
 *
 * @returns the replicas' customer managed keys by Region; none of tables under other kinds of key
 */
export async function createReplicas(store: Access, kms: Access, arm: Arm): Promise<Map<string, string>> {
  const keys = new Map<string, string>();
  const patience_ms = PATIENCE_MS + PATIENCE_MS_PER_ITEM * arm.table.items;
  const client = new Client('dynamodb', store);
  const describe: Describe = async (TableName) => {
    const { Table } = await client.call<{ Table: DescribedTable }>(
      'DescribeTable',
      JSON.stringify({ TableName }),
    );
    return Table;
  };
  try {
    for (const region of arm.system.replicas) {
      if (arm.table.encryption === 'customer-managed')
        keys.set(region, await createKey({ ...kms, region }, arm.name));
      const Create = { RegionName: region, KMSMasterKeyId: keys.get(region) };
      for (const TableName of tableNames(arm.table)) {
        await client.call('UpdateTable', JSON.stringify({ TableName, ReplicaUpdates: [{ Create }] }));
        await becomesActive(describe, store, TableName, region, patience_ms);
      }
    }
  } finally {
    client.close();
  }
  return keys;
}

async function becomesActive(
  describe: Describe,
  store: Access,
  name: string,
  region: string,
  patience_ms: number,
): Promise<void> {
  const deadline_ms = performance.now() + patience_ms;
  for (;;) {
    const table = await describe(name);
    const status = replicaStatuses(table).get(region) ?? 'missing';
    if (table.TableStatus === ACTIVE && status === ACTIVE) return;
    if (performance.now() > deadline_ms) {
      throw new InputError('E_TABLE_NOT_ACTIVE', {
        what: `the replica of table '${name}' in ${region} is still ${status} after ${patience_ms / 1000} s.`,
        where: store.url,
        remedy: "Lower 'table.items', which are copied there.",
      });
    }
    await sleep(POLL_MS);
  }
}

function replicaStatuses({ Replicas = [] }: DescribedTable): Map<string, string> {
  return new Map(Replicas.map(({ RegionName, ReplicaStatus }) => [RegionName, ReplicaStatus]));
}

/**
 * Travels along when the clock is moved, and looks, as the main Region shows them, what becomes of the replicas:
 * whenever something has been done that was due.
 */
export class ReplicaWatch implements TimeTraveller {
  /** Changes of status, in their order. */
  readonly observed: Observation[] = [];
  readonly #arm: Arm;
  readonly #describe: Describe;
  /** By table and Region; `since_ms` undefined for what was so before. */
  readonly #seen = new Map<string, { status: string; since_ms: number | undefined }>();
  #passed_ms = 0;

  /** @param describe as the main Region's store answers */
  constructor(arm: Arm, describe: Describe) {
    this.#arm = arm;
    this.#describe = describe;
  }

  async untilDue_ms(): Promise<number> {
    return Number.POSITIVE_INFINITY;
  }

  async step(duration_ms: number): Promise<void> {
    this.#passed_ms += duration_ms;
    await this.look();
  }

  async look(): Promise<void> {
    const { system, table } = this.#arm;
    if (system.replicas.length === 0) return;
    for (const name of tableNames(table)) {
      const statuses = replicaStatuses(await this.#describe(name));
      const of = table.count === 1 ? 'replica' : `replica of ${name}`;
      for (const region of system.replicas) {
        this.#saw(`${of} in ${region}`, statuses.get(region) ?? 'no longer in the replication group');
      }
    }
  }

  #saw(what: string, status: string): void {
    const before = this.#seen.get(what);
    if (before?.status === status) return;
    const first = before === undefined;
    this.#seen.set(what, { status, since_ms: first ? undefined : this.#passed_ms });
    if (first) return;
    const before_ms = before.since_ms === undefined ? null : this.#passed_ms - before.since_ms;
    this.observed.push({ what: `${what} ${status}`, after_ms: this.#passed_ms, before_ms });
  }
}
