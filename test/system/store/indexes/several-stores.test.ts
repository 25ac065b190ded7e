import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createStore } from '../../../../src/system/store/store.ts';
import { ACCOUNT, alice, REGION, startBench } from '../harness.ts';
import { gamesTable, globalIndex, putGame } from './indexed.ts';

it('an index that another process adds is followed at once, filled once, and left alone once it goes', async () => {
  const bench = await startBench({ storage: 'lmdb' });
  const other = await createStore({
    region: REGION,
    accountId: ACCOUNT,
    storage: 'lmdb',
    directory: join(bench.directory, 'store'),
    kms: bench.client,
    keyCache: { scope: 'connection', ttl_ms: 300_000, expiry: 'absolute' },
    clock: bench.clock,
  });
  onTestFinished(async () => {
    await other.close();
    await bench.close();
  });
  const change = (update: object) =>
    other.execute(
      'UpdateTable',
      {
        TableName: 'games',
        AttributeDefinitions: [{ AttributeName: 'note', AttributeType: 'S' }],
        GlobalSecondaryIndexUpdates: [update],
      },
      { principal: alice.principal, connectionId: 2 },
    );
  const put = (n: number) => putGame(bench, { user: `u${n}`, title: 'go', note: 'n' });
  const passes = async () => {
    bench.clock.advance(600);
    const until_ms = bench.clock.wall_ms();
    await Promise.all([bench.store.housekeeping.runDue(until_ms), other.housekeeping.runDue(until_ms)]);
    await bench.advance(100);
  };
  await bench.run('CreateTable', gamesTable);
  await Promise.all(Array.from({ length: 150 }, (_, n) => put(n)));
  const puts = Array.from({ length: 50 }, (_, n) => put(n + 150));
  await change({ Create: globalIndex('notes', ['note'], { ProjectionType: 'ALL' }) });
  await Promise.all([...puts, ...Array.from({ length: 50 }, (_, n) => put(n + 175)), passes()]);
  const scan = { TableName: 'games', IndexName: 'notes', Select: 'COUNT' };
  expect((await bench.run('Scan', scan)).Count).toBe(225);
  const going = Array.from({ length: 50 }, (_, n) => put(n));
  await change({ Delete: { IndexName: 'notes' } });
  await Promise.all([...going, passes()]);
  await put(1);
  expect((await bench.failure('Scan', scan)).message).toBe(
    'The table does not have the specified index: notes',
  );
  const { Table } = await bench.run('DescribeTable', { TableName: 'games' });
  expect(Table).toMatchObject({ ItemCount: 225, TableStatus: 'ACTIVE' });
  expect(Table.GlobalSecondaryIndexes).toHaveLength(2);
});
