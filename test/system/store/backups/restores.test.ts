import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createStore } from '../../../../src/system/store/store.ts';
import { ACCOUNT, type Bench, bob, REGION, sortTable, startBench } from '../harness.ts';
import { active, backUp, itemsOf } from './backup-harness.ts';

const ITEMS = 400;

let bench: Bench;
let keyArn: string;
let BackupArn: string;
let items: string[];
beforeEach(async () => {
  bench = await startBench({ storage: 'lmdb' });
  keyArn = (await bench.asUser('CreateKey', {})).KeyMetadata.Arn;
  const SSESpecification = { Enabled: true, SSEType: 'KMS', KMSMasterKeyId: keyArn };
  await bench.run('CreateTable', { ...sortTable, SSESpecification });
  const put = async (number: number) => {
    const Item = { pk: { S: `p${number % 4}` }, sk: { N: String(number) } };
    await bench.run('PutItem', { TableName: 'events', Item });
  };
  await Promise.all(Array.from({ length: ITEMS }, (_, number) => put(number)));
  items = await itemsOf(bench, 'events');
  BackupArn = await backUp(bench, 'events');
});
afterEach(() => bench.close());

/** Begins to restore the backup, and closes the store before it is done. */
async function beginAndClose(): Promise<void> {
  await bench.run('RestoreTableFromBackup', { BackupArn, TargetTableName: 'restored' });
  for (let count = 0; count < 50; ) {
    count = (await bench.run('DescribeTable', { TableName: 'restored' })).Table.ItemCount;
    await new Promise(setImmediate);
  }
  await bench.store.close();
}

it('goes on in the store that is opened next', async () => {
  await beginAndClose();
  await bench.reopen();
  const { Table } = await bench.run('DescribeTable', { TableName: 'restored' });
  expect(Table.TableStatus).toBe('CREATING');
  expect(Table.ItemCount).toBeGreaterThan(0);
  expect(Table.ItemCount).toBeLessThan(ITEMS);
  expect(await active(bench, 'restored')).toMatchObject({ ItemCount: ITEMS });
  expect(await itemsOf(bench, 'restored')).toEqual(items);
  await bench.run('DeleteBackup', { BackupArn });
});

it('goes on in several stores at once, and is done once', async () => {
  await beginAndClose();
  const open = () =>
    createStore({
      region: REGION,
      accountId: ACCOUNT,
      storage: 'lmdb',
      directory: join(bench.directory, 'store'),
      kms: bench.client,
      keyCache: { scope: 'connection', ttl_ms: 300_000, expiry: 'absolute' },
      clock: bench.clock,
    });
  const others = [await open(), await open()];
  await bench.reopen();
  expect(await active(bench, 'restored')).toMatchObject({ ItemCount: ITEMS });
  await Promise.all(others.map((store) => store.close()));
  expect(await itemsOf(bench, 'restored')).toEqual(items);
  await bench.run('DeleteBackup', { BackupArn });
});

it('ends with the table when the key is refused meanwhile, and gives its grant back', async () => {
  const grants = async () => (await bench.asUser('ListGrants', { KeyId: keyArn })).Grants.length;
  expect(await grants()).toBe(1);
  await beginAndClose();
  expect(await grants()).toBe(2);
  await bench.asUser('DisableKey', { KeyId: keyArn });
  await bench.reopen();
  await expect(active(bench, 'restored')).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
  await bench.asUser('EnableKey', { KeyId: keyArn });
  while ((await grants()) > 1) await bench.advance(60_000);
  await bench.run('DeleteBackup', { BackupArn });
});

it('waits for a KMS that does not answer', async () => {
  await beginAndClose();
  bench.kms.fault({ kind: 'throttle', for_ms: 60_000 });
  bench.store.reset();
  await bench.reopen();
  while ((bench.store.counters().kms.attempts.Decrypt ?? 0) < 3) await new Promise(setImmediate);
  expect((await bench.run('DescribeTable', { TableName: 'restored' })).Table.TableStatus).toBe('CREATING');
  bench.clock.advance(60_000);
  for (;;) {
    await bench.advance(10_000);
    const { Table } = await bench.run('DescribeTable', { TableName: 'restored' });
    if (Table.TableStatus === 'ACTIVE') break;
    await new Promise(setImmediate);
  }
  expect(await itemsOf(bench, 'restored')).toEqual(items);
});

it('needs a caller who may use the key of the backup', async () => {
  const Statement = [
    { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` }, Action: 'kms:*', Resource: '*' },
    { Effect: 'Deny', Principal: { AWS: bob.principal.arn }, Action: 'kms:Decrypt', Resource: '*' },
  ];
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
  await bench.asUser('PutKeyPolicy', { KeyId: keyArn, Policy });
  const refused = {
    code: 'AccessDeniedException',
    message: expect.stringMatching(/^KMS key access denied error: /),
  };
  const backup = { TableName: 'events', BackupName: 'by-bob' };
  expect(await bench.failure('CreateBackup', backup, { as: bob })).toMatchObject(refused);
  const target = { BackupArn, TargetTableName: 'restored' };
  const toOwned = { ...target, SSESpecificationOverride: { Enabled: false } };
  for (const body of [target, toOwned])
    expect(await bench.failure('RestoreTableFromBackup', body, { as: bob })).toMatchObject(refused);
  expect((await bench.run('ListTables', {})).TableNames).toEqual(['events']);
  await bench.run('RestoreTableFromBackup', target);
  expect(await active(bench, 'restored')).toMatchObject({ ItemCount: ITEMS });
});
