import { expect, test } from 'vitest';
import { SimulatedClock } from '../../../../src/std/clock.ts';
import { advanceTogether, traveller } from '../../../../src/std/schedule.ts';
import type { KmsClient } from '../../../../src/system/kms/kms.ts';
import { changeTable, type KeyLoss } from '../../../../src/system/store/catalog.ts';
import { StoreCore } from '../../../../src/system/store/core.ts';
import { MemoryEngine } from '../../../../src/system/store/engine-memory.ts';
import { Housekeeping } from '../../../../src/system/store/housekeeping.ts';
import { getItem, putItem } from '../../../../src/system/store/items.ts';
import { RegionGroup } from '../../../../src/system/store/replicas/region-group.ts';
import { TombstoneTrimming } from '../../../../src/system/store/replicas/tombstones.ts';
import { createTable, describeTable } from '../../../../src/system/store/tables.ts';
import { updateTable } from '../../../../src/system/store/update-table.ts';
import { ACCOUNT, alice, hashTable } from '../harness.ts';
import { IRELAND, MAIN } from './world.ts';

const HOUR_MS = 3_600_000;
const context = { principal: alice.principal, connectionId: 1 };
const TableName = hashTable.TableName;

/** Tables without encryption need no KMS; what they know of their key's loss is written into their records. */
const NO_KMS = { call: () => Promise.reject(new Error('not asked')) } as unknown as KmsClient;

async function pair() {
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

async function lose(core: StoreCore, keyLoss: KeyLoss): Promise<void> {
  await changeTable(core.engine, core.catalog.find(TableName)!, (table) => ({ ...table, keyLoss }));
}

// biome-ignore lint/suspicious/noExplicitAny: tests read what they expect of it
const described = (core: StoreCore) => (describeTable(core, { TableName }) as any).Table;
const put = (core: StoreCore, pk: string) => putItem(core, { TableName, Item: { pk: { S: pk } } }, context);
const has = async (core: StoreCore, pk: string) =>
  `${await getItem(core, { TableName, Key: { pk: { S: pk } } }, context)}`.includes(pk);

test('20 hours after its key was found inaccessible a replica leaves, stays, and nothing goes to or from it', async () => {
  const { clock, here, there, advance } = await pair();
  expect(described(here).Replicas).toMatchObject([{ RegionName: IRELAND, ReplicaStatus: 'ACTIVE' }]);
  const inaccessible_ms = clock.wall_ms();
  await lose(there, { status: 'INACCESSIBLE_ENCRYPTION_CREDENTIALS', inaccessible_ms });
  expect(described(here).Replicas).toMatchObject([
    {
      RegionName: IRELAND,
      ReplicaStatus: 'INACCESSIBLE_ENCRYPTION_CREDENTIALS',
      ReplicaInaccessibleDateTime: inaccessible_ms / 1000,
    },
  ]);
  await advance(20 * HOUR_MS - 1);
  expect(described(here).Replicas).toHaveLength(1);
  await advance(1);
  expect(described(here)).not.toHaveProperty('Replicas', expect.anything());
  expect(described(there)).toMatchObject({ TableStatus: 'INACCESSIBLE_ENCRYPTION_CREDENTIALS' });
  expect(described(there).Replicas).toBeUndefined();
  await put(here, 'from-here');
  await put(there, 'from-there');
  await advance(HOUR_MS);
  expect([await has(there, 'from-here'), await has(here, 'from-there')]).toEqual([false, false]);
});

test('a key that is back within the 20 hours keeps the replica in', async () => {
  const { clock, here, there, advance } = await pair();
  await lose(there, { status: 'INACCESSIBLE_ENCRYPTION_CREDENTIALS', inaccessible_ms: clock.wall_ms() });
  await advance(19 * HOUR_MS);
  await changeTable(there.engine, there.catalog.find(TableName)!, ({ keyLoss: _back, ...table }) => table);
  await put(here, 'late');
  await advance(5 * HOUR_MS);
  expect(described(here).Replicas).toMatchObject([{ ReplicaStatus: 'ACTIVE' }]);
  expect(await has(there, 'late')).toBe(true);
});

test('a key that was refused once, and not again, is no reason to leave', async () => {
  const { clock, here, there, advance } = await pair();
  await lose(there, { status: 'SUSPECTED', since_ms: clock.wall_ms() });
  await advance(48 * HOUR_MS);
  expect(described(here).Replicas).toMatchObject([{ ReplicaStatus: 'ACTIVE' }]);
});
