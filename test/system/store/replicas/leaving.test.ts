import { expect, test } from 'vitest';
import { changeTable } from '../../../../src/system/store/tables/catalog.ts';
import { described, HOUR_MS, has, lose, pair, put, TableName } from './pair.ts';
import { IRELAND } from './world.ts';

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
