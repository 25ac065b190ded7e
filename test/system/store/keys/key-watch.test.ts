import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Bench, hashTable, startBench } from '../harness.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const get = { TableName: 'users', Key: { pk: { S: 'ann' } } };
const put = { TableName: 'users', Item: { pk: { S: 'ann' }, n: { N: '1' } } };

describe('a table whose KMS key is lost', () => {
  let bench: Bench;
  let arn: string;
  beforeEach(async () => {
    bench = await startBench({ storage: 'lmdb' });
    arn = (await bench.asUser('CreateKey', {})).KeyMetadata.Arn;
    const SSESpecification = { Enabled: true, SSEType: 'KMS', KMSMasterKeyId: arn };
    await bench.run('CreateTable', { ...hashTable, SSESpecification });
    await bench.run('PutItem', put);
  });
  afterEach(() => bench.close());

  const described = async () => (await bench.run('DescribeTable', { TableName: 'users' })).Table;
  const status = async () => (await described()).TableStatus;

  it('is inaccessible 12 to 20 minutes later, fails as DynamoDB does, and comes back with its key', async () => {
    await bench.asUser('DisableKey', { KeyId: arn });
    const disabled_s = bench.clock.wall_ms() / 1000;
    await bench.advance(12 * MINUTE_MS - 1);
    expect(await status()).toBe('ACTIVE');
    await bench.advance(8 * MINUTE_MS + 1);
    const { TableStatus, SSEDescription } = await described();
    expect(TableStatus).toBe('INACCESSIBLE_ENCRYPTION_CREDENTIALS');
    expect(SSEDescription).toMatchObject({ Status: 'ENABLED', KMSMasterKeyArn: arn });
    const after_s = SSEDescription.InaccessibleEncryptionDateTime - disabled_s;
    expect(after_s).toBeGreaterThanOrEqual(12 * 60);
    expect(after_s).toBeLessThanOrEqual(20 * 60);
    const change = { TableName: 'users', SSESpecification: { Enabled: false } };
    for (const [operation, body] of [
      ['GetItem', get],
      ['PutItem', put],
      ['UpdateTable', change],
    ] as const) {
      const failed = await bench.failure(operation, body);
      expect(failed.code).toBe('ValidationException');
      expect(failed.message).toContain(`DisabledException: ${arn} is disabled.`);
    }
    await bench.reopen();
    expect(await status()).toBe('INACCESSIBLE_ENCRYPTION_CREDENTIALS');
    await bench.asUser('EnableKey', { KeyId: arn });
    expect((await bench.run('GetItem', get)).Item).toEqual(put.Item);
    await bench.advance(8 * MINUTE_MS);
    expect(await status()).toBe('ACTIVE');
  });

  it('is inaccessible to users who may use the key when the service may not: its grant was revoked', async () => {
    const { Grants } = await bench.asUser('ListGrants', { KeyId: arn });
    await bench.asUser('RevokeGrant', { KeyId: arn, GrantId: Grants[0].GrantId });
    await bench.advance(20 * MINUTE_MS);
    expect(await status()).toBe('INACCESSIBLE_ENCRYPTION_CREDENTIALS');
    expect((await bench.failure('GetItem', get)).code).toBe('AccessDeniedException');
  });

  it('is none of those of a KMS that does not answer: that is asked ever more rarely, and again within about an hour', async () => {
    bench.kms.fault({ kind: 'outage', for_ms: 10 * DAY_MS });
    bench.kms.reset();
    await bench.advance(10 * DAY_MS);
    expect(await status()).toBe('ACTIVE');
    expect(bench.kms.counters().calls.Decrypt).toBeLessThan(10 * 24);
    await bench.asUser('DisableKey', { KeyId: arn });
    await bench.advance((64 + 20) * MINUTE_MS);
    expect(await status()).toBe('INACCESSIBLE_ENCRYPTION_CREDENTIALS');
  });

  it('has its status when a cancelled deletion leaves the key disabled, and loses it once that is enabled', async () => {
    await bench.asUser('ScheduleKeyDeletion', { KeyId: arn, PendingWindowInDays: 7 });
    await bench.advance(20 * MINUTE_MS);
    await bench.asUser('CancelKeyDeletion', { KeyId: arn });
    await bench.advance(8 * MINUTE_MS);
    expect(await status()).toBe('INACCESSIBLE_ENCRYPTION_CREDENTIALS');
    await bench.asUser('EnableKey', { KeyId: arn });
    await bench.advance(8 * MINUTE_MS);
    expect(await status()).toBe('ACTIVE');
  });

  it('is archived after seven days: no items any more, a backup of them, and no other status between', async () => {
    await bench.asUser('DisableKey', { KeyId: arn });
    await bench.advance(8 * DAY_MS);
    const { TableStatus, SSEDescription, ArchivalSummary } = await described();
    expect(TableStatus).toBe('ARCHIVED');
    expect(ArchivalSummary).toMatchObject({ ArchivalReason: 'INACCESSIBLE_ENCRYPTION_CREDENTIALS' });
    expect(ArchivalSummary.ArchivalDateTime - SSEDescription.InaccessibleEncryptionDateTime).toBe(7 * 86_400);
    expect((await bench.failure('GetItem', get)).code).toBe('ResourceNotFoundException');
    await bench.asUser('EnableKey', { KeyId: arn });
    expect((await bench.failure('PutItem', put)).code).toBe('ResourceNotFoundException');
    await bench.reopen();
    await bench.advance(DAY_MS);
    expect(await status()).toBe('ARCHIVED');
    const BackupArn = ArchivalSummary.ArchivalBackupArn;
    await bench.run('RestoreTableFromBackup', { BackupArn, TargetTableName: 'again' });
    await bench.advance(60_000);
    await expect
      .poll(async () => (await bench.run('DescribeTable', { TableName: 'again' })).Table.TableStatus)
      .toBe('ACTIVE');
    expect((await bench.run('GetItem', { ...get, TableName: 'again' })).Item).toEqual(put.Item);
  });
});
