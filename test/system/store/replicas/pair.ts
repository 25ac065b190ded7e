import { SimulatedClock } from '../../../../src/std/clock.ts';
import { advanceTogether, traveller } from '../../../../src/std/schedule.ts';
import type { KmsClient } from '../../../../src/system/kms/kms.ts';
import { StoreCore } from '../../../../src/system/store/core.ts';
import { MemoryEngine } from '../../../../src/system/store/engine/engine-memory.ts';
import { Housekeeping } from '../../../../src/system/store/housekeeping.ts';
import { deleteItem, getItem, putItem } from '../../../../src/system/store/items/items.ts';
import { RegionGroup } from '../../../../src/system/store/replicas/region-group.ts';
import { TombstoneTrimming } from '../../../../src/system/store/replicas/tombstones.ts';
import { changeTable, type KeyLoss } from '../../../../src/system/store/tables/catalog.ts';
import { createTable, describeTable } from '../../../../src/system/store/tables/tables.ts';
import { updateTable } from '../../../../src/system/store/tables/update-table.ts';
import { ACCOUNT, alice, hashTable } from '../harness.ts';
import { IRELAND, MAIN } from './world.ts';

export const HOUR_MS = 3_600_000;
const context = { principal: alice.principal, connectionId: 1 };
export const TableName = hashTable.TableName;

/** Tables without encryption need no KMS; what they know of their key's loss is written into their records. */
const NO_KMS = { call: () => Promise.reject(new Error('not asked')) } as unknown as KmsClient;

/** Two Regions in memory with a table that is in both, and their work in the test's hand. */
export async function pair() {
  const clock = new SimulatedClock();
  const group = new RegionGroup();
  const coreIn = (region: string) => {
    const core = new StoreCore(new MemoryEngine(), {
      region,
      accountId: ACCOUNT,
      storage: 'memory',
      kms: NO_KMS,
      keyCache: { scope: 'process', ttl_ms: 300_000, expiry: 'absolute' },
      clock,
      regions: group,
    });
    group.join(core);
    const chores = [core.replication, new TombstoneTrimming(core.engine, core.catalog, clock)];
    return { core, work: new Housekeeping(core.engine, clock, chores) };
  };
  const [here, there] = [coreIn(MAIN), coreIn(IRELAND)];
  const advance = (duration_ms: number) =>
    advanceTogether([traveller(clock, [here.work, there.work])], duration_ms);
  await createTable(
    here.core,
    { ...hashTable, Tags: [{ Key: 'sealbench:encryption', Value: 'none' }] },
    context,
  );
  await updateTable(here.core, { TableName, ReplicaUpdates: [{ Create: { RegionName: IRELAND } }] }, context);
  for (let i = 0; i < 5; i++) await advance(1000);
  return { clock, here: here.core, there: there.core, advance };
}

export async function lose(core: StoreCore, keyLoss: KeyLoss): Promise<void> {
  await changeTable(core.engine, core.catalog.find(TableName)!, (table) => ({ ...table, keyLoss }));
}

// biome-ignore lint/suspicious/noExplicitAny: tests read what they expect of it
export const described = (core: StoreCore) => (describeTable(core, { TableName }) as any).Table;
export const put = (core: StoreCore, pk: string) =>
  putItem(core, { TableName, Item: { pk: { S: pk } } }, context);
export const has = async (core: StoreCore, pk: string) =>
  `${await getItem(core, { TableName, Key: { pk: { S: pk } } }, context)}`.includes(pk);

export const remove = (core: StoreCore, pk: string) =>
  deleteItem(core, { TableName, Key: { pk: { S: pk } } }, context);
