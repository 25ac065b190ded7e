import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { LmdbEngine } from '../../../../src/system/store/engine/engine-lmdb.ts';
import { readKeyring } from '../../../../src/system/store/keys/keyring.ts';
import { active, backUp, restore } from '../backups/backup-harness.ts';
import { type Answers, type Bench, startBench } from '../harness.ts';
import { gamesTable, globalIndex } from './indexed.ts';

const USES = 20;
const ITEMS = 60;

async function startGames(): Promise<Bench> {
  const bench = await startBench({ storage: 'lmdb', dataKeyUses: USES });
  onTestFinished(() => bench.close());
  await bench.run('CreateTable', gamesTable);
  return bench;
}

async function fill(bench: Bench): Promise<void> {
  for (let n = 0; n < ITEMS; n++) {
    const Item = {
      user: { S: `SECRET-${n}` },
      title: { S: 'go' },
      score: { N: `${n}` },
      team: { S: 'SECRET-RED' },
    };
    await bench.run('PutItem', { TableName: 'games', Item });
  }
}

async function newKey(bench: Bench): Promise<string> {
  return (await bench.asUser('CreateKey', {})).KeyMetadata.Arn;
}

async function counts(bench: Bench, TableName = 'games'): Promise<number[]> {
  const indexes = ['by-score', 'titles', 'teams'];
  const scans = indexes.map((IndexName) => bench.run('Scan', { TableName, IndexName }));
  return (await Promise.all(scans)).map(({ Items }) => Items.length);
}

/** The store's keys as they lie on disk. */
async function keyring(bench: Bench): Promise<Answers> {
  await bench.store.close();
  const engine = new LmdbEngine(join(bench.directory, 'store'));
  const found = readKeyring(engine, 1);
  await engine.close();
  await bench.reopen();
  return found;
}

it('each index has data keys of its own, which rotate, and go with it', async () => {
  const bench = await startGames();
  await fill(bench);
  const { structures } = await keyring(bench);
  expect(Object.keys(structures).toSorted()).toEqual(['index:1', 'index:2', 'index:3', 'table']);
  for (const name of ['index:1', 'index:2', 'index:3'])
    expect(structures[name].dataKeys.length).toBeGreaterThanOrEqual(ITEMS / USES);
  expect(await counts(bench)).toEqual([ITEMS, ITEMS, ITEMS]);
  await bench.run('UpdateTable', {
    TableName: 'games',
    GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: 'titles' } }],
  });
  await bench.advance(1000);
  expect(Object.keys((await keyring(bench)).structures).toSorted()).toEqual(['index:1', 'index:3', 'table']);
  const found = await bench.run('Scan', { TableName: 'games', IndexName: 'teams', Select: 'COUNT' });
  expect(found.Count).toBe(ITEMS);
});

it('a change of the KMS key takes the indexes along, also one that is being filled', async () => {
  const bench = await startGames();
  await fill(bench);
  const before = (await keyring(bench)).structures['index:3'];
  await bench.run('UpdateTable', {
    TableName: 'games',
    AttributeDefinitions: [{ AttributeName: 'team', AttributeType: 'S' }],
    GlobalSecondaryIndexUpdates: [{ Create: globalIndex('more', ['team'], { ProjectionType: 'KEYS_ONLY' }) }],
  });
  const KMSMasterKeyId = await newKey(bench);
  await bench.run('UpdateTable', {
    TableName: 'games',
    SSESpecification: { Enabled: true, SSEType: 'KMS', KMSMasterKeyId },
  });
  await bench.advance(1000);
  const { structures, tableKey } = await keyring(bench);
  expect(tableKey.kmsKeyArn).toBe(KMSMasterKeyId);
  const { dataKeys } = structures['index:3'];
  expect(dataKeys.map(({ id }: Answers) => id)).toEqual(before.dataKeys.map(({ id }: Answers) => id));
  expect(dataKeys[0].wrapped).not.toEqual(before.dataKeys[0].wrapped);
  expect(await counts(bench)).toEqual([ITEMS, ITEMS, ITEMS]);
  const more = await bench.run('Scan', { TableName: 'games', IndexName: 'more', Select: 'COUNT' });
  expect(more.Count).toBe(ITEMS);
  await bench.asUser('DisableKey', { KeyId: KMSMasterKeyId });
  bench.store.wipeCaches();
  const refused = await bench.failure('Scan', { TableName: 'games', IndexName: 'teams' });
  expect(refused.message).toContain('KMS key disabled error');
});

it('nothing of an index is on disk in the clear', async () => {
  const bench = await startGames();
  await fill(bench);
  await bench.store.close();
  const directory = join(bench.directory, 'store');
  for (const file of readdirSync(directory))
    expect(readFileSync(join(directory, file)).includes('SECRET')).toBe(false);
  await bench.reopen();
});

it('a table is restored with its indexes, also with one that was being filled, and without one that went', async () => {
  const bench = await startGames();
  await fill(bench);
  await bench.run('UpdateTable', {
    TableName: 'games',
    AttributeDefinitions: [{ AttributeName: 'team', AttributeType: 'S' }],
    GlobalSecondaryIndexUpdates: [{ Create: globalIndex('more', ['team'], { ProjectionType: 'KEYS_ONLY' }) }],
  });
  const filling = await backUp(bench, 'games');
  await bench.advance(1000);
  await bench.run('UpdateTable', {
    TableName: 'games',
    GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: 'more' } }],
  });
  const going = await backUp(bench, 'games');
  const statuses = ({ GlobalSecondaryIndexes }: Answers) =>
    GlobalSecondaryIndexes.map(({ IndexName, IndexStatus, ItemCount }: Answers) => [
      IndexName,
      IndexStatus,
      ItemCount,
    ]);
  const kept = [
    ['titles', 'ACTIVE', ITEMS],
    ['teams', 'ACTIVE', ITEMS],
  ];
  await restore(bench, filling, 'filled');
  expect(statuses(await active(bench, 'filled'))).toEqual([...kept, ['more', 'ACTIVE', ITEMS]]);
  expect(statuses(await restore(bench, going, 'gone'))).toEqual(kept);
  expect(await counts(bench, 'filled')).toEqual([ITEMS, ITEMS, ITEMS]);
  await bench.run('DeleteTable', { TableName: 'filled' });
});
