import { expect, it, onTestFinished } from 'vitest';
import { createArchiveBackup } from '../../../../src/system/store/backups/archive-backup.ts';
import { StoreCore } from '../../../../src/system/store/core.ts';
import { LmdbEngine } from '../../../../src/system/store/engine/engine-lmdb.ts';
import { ACCOUNT, type Bench, REGION, sortTable, startBench } from '../harness.ts';
import { backUp, itemsOf, restore } from './backup-harness.ts';

/** A core over the store's directory, as another process over the same engine has one. */
function coreOf(bench: Bench): StoreCore {
  const engine = new LmdbEngine(`${bench.directory}/store`);
  const core = new StoreCore(engine, {
    region: REGION,
    accountId: ACCOUNT,
    storage: 'lmdb',
    kms: bench.client,
    keyCache: { scope: 'connection', ttl_ms: 300_000, expiry: 'absolute' },
    clock: bench.clock,
  });
  onTestFinished(async () => {
    core.access.close();
    await engine.close();
  });
  return core;
}

it('makes a backup of a table whose key is gone, which is restored when the key is back', async () => {
  const bench = await startBench({ storage: 'lmdb' });
  onTestFinished(() => bench.close());
  const { KeyMetadata } = await bench.asUser('CreateKey', {});
  const SSESpecification = { Enabled: true, SSEType: 'KMS', KMSMasterKeyId: KeyMetadata.Arn };
  await bench.run('CreateTable', { ...sortTable, SSESpecification });
  for (let number = 0; number < 120; number++) {
    const Item = { pk: { S: `p${number % 4}` }, sk: { N: String(number) } };
    await bench.run('PutItem', { TableName: 'events', Item });
  }
  const items = await itemsOf(bench, 'events');
  const earlier = await backUp(bench, 'events', 'earlier');
  const { Table } = await bench.run('DescribeTable', { TableName: 'events' });
  await bench.asUser('DisableKey', { KeyId: KeyMetadata.Arn });

  const core = coreOf(bench);
  const asked = bench.kms.trail().length;
  const archive = await createArchiveBackup(core, core.catalog.find('events')!, (current, arn) => ({
    ...current,
    keyLoss: { status: 'ARCHIVED', inaccessible_ms: 0, archival_ms: 1, backupArn: arn },
  }));
  const { backupArn, table } = archive!;
  expect(bench.kms.trail()).toHaveLength(asked);
  expect(table.keyLoss).toMatchObject({ status: 'ARCHIVED', backupArn });
  await expect(createArchiveBackup(core, { ...table, id: 'another' })).rejects.toMatchObject({
    code: 'ResourceNotFoundException',
  });

  const archived = await bench.run('DescribeTable', { TableName: 'events' });
  expect(archived.Table).toMatchObject({ ItemCount: 120, TableSizeBytes: Table.TableSizeBytes });
  expect((await bench.run('ListBackups', {})).BackupSummaries).toHaveLength(1);
  const { BackupSummaries } = await bench.run('ListBackups', { BackupType: 'SYSTEM' });
  expect(BackupSummaries).toMatchObject([
    {
      BackupArn: backupArn,
      BackupType: 'SYSTEM',
      BackupStatus: 'AVAILABLE',
      BackupSizeBytes: Table.TableSizeBytes,
    },
  ]);
  const target = { BackupArn: backupArn, TargetTableName: 'restored' };
  expect((await bench.failure('RestoreTableFromBackup', target)).message).toMatch(
    /^KMS key disabled error: /,
  );

  await bench.asUser('EnableKey', { KeyId: KeyMetadata.Arn });
  // The archived table is in the way of its own name, and goes without its backup.
  const same = { BackupArn: backupArn, TargetTableName: 'events' };
  expect((await bench.failure('RestoreTableFromBackup', same)).code).toBe('TableAlreadyExistsException');
  await bench.run('DeleteTable', { TableName: 'events' });
  for (const [arn, name] of [
    [backupArn, 'events'],
    [earlier, 'restored'],
  ] as const) {
    expect(await restore(bench, arn, name)).toMatchObject({ ItemCount: 120 });
    expect(await itemsOf(bench, name)).toEqual(items);
  }
  await bench.run('DeleteBackup', { BackupArn: backupArn });
  expect(await itemsOf(bench, 'events')).toEqual(items);
});
