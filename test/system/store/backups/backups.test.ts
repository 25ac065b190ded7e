import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Answers, type Bench, bob, hashTable, sortTable, startBench } from '../harness.ts';
import { active, backUp, ended, itemsOf, restore } from './backup-harness.ts';

const NAME = 'nightly';
const source = { TableName: 'users', BackupName: NAME };

let bench: Bench;
beforeEach(async () => {
  bench = await startBench({ storage: 'lmdb' });
});
afterEach(() => bench.close());

const put = (id: string, TableName = 'users') =>
  bench.run('PutItem', { TableName, Item: { pk: { S: id }, text: { S: `the text of ${id}` } } });

const createKey = async (): Promise<string> => (await bench.asUser('CreateKey', {})).KeyMetadata.Arn;
const encryptedBy = (arn: string) => ({ Enabled: true, SSEType: 'KMS', KMSMasterKeyId: arn });

describe('CreateBackup', () => {
  it('answers CREATING, then the backup is AVAILABLE with the table as it was', async () => {
    const arn = await createKey();
    await bench.run('CreateTable', { ...hashTable, SSESpecification: encryptedBy(arn) });
    const { Table } = await bench.run('DescribeTable', { TableName: 'users' });
    for (const id of ['a', 'b', 'c']) await put(id);
    const { TableSizeBytes } = (await bench.run('DescribeTable', { TableName: 'users' })).Table;
    const { BackupDetails } = await bench.run('CreateBackup', source);
    const now = Math.floor(bench.clock.wall_ms()) / 1000;
    expect(BackupDetails).toEqual({
      BackupArn: expect.stringMatching(
        new RegExp(`^${Table.TableArn}/backup/${String(now * 1000).padStart(14, '0')}-[0-9a-f]{8}$`),
      ),
      BackupName: NAME,
      BackupSizeBytes: TableSizeBytes,
      BackupStatus: 'CREATING',
      BackupType: 'USER',
      BackupCreationDateTime: now,
    });
    expect(await ended(bench, BackupDetails.BackupArn)).toEqual({
      BackupDetails: { ...BackupDetails, BackupStatus: 'AVAILABLE' },
      SourceTableDetails: {
        TableName: 'users',
        TableId: Table.TableId,
        TableArn: Table.TableArn,
        TableSizeBytes,
        KeySchema: Table.KeySchema,
        TableCreationDateTime: Table.CreationDateTime,
        ProvisionedThroughput: { ReadCapacityUnits: 0, WriteCapacityUnits: 0 },
        ItemCount: 3,
        BillingMode: 'PAY_PER_REQUEST',
      },
      SourceTableFeatureDetails: {
        SSEDescription: { Status: 'ENABLED', SSEType: 'KMS', KMSMasterKeyArn: arn },
      },
    });
  });

  it('takes the ARN of a table for its name', async () => {
    await bench.run('CreateTable', hashTable);
    const { TableArn } = (await bench.run('DescribeTable', { TableName: 'users' })).Table;
    const arn = await backUp(bench, TableArn);
    const { BackupSummaries } = await bench.run('ListBackups', { TableName: TableArn });
    expect(BackupSummaries).toMatchObject([{ BackupArn: arn, TableName: 'users', TableArn }]);
    const continuous = await bench.run('DescribeContinuousBackups', { TableName: TableArn });
    expect(continuous.ContinuousBackupsDescription).toEqual({
      ContinuousBackupsStatus: 'ENABLED',
      PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: 'DISABLED' },
    });
  });

  it('needs the key of the table, and nothing of the KMS when that is cached', async () => {
    const arn = await createKey();
    await bench.run('CreateTable', { ...hashTable, SSESpecification: encryptedBy(arn) });
    await put('a');
    bench.store.reset();
    await backUp(bench, 'users');
    expect(bench.store.counters().kms.attempts).toEqual({});
    await bench.asUser('DisableKey', { KeyId: arn });
    bench.store.wipeCaches();
    expect(await bench.failure('CreateBackup', source)).toMatchObject({
      code: 'ValidationException',
      message: expect.stringMatching(/^KMS key disabled error: /),
    });
  });

  it('refuses what DynamoDB refuses', async () => {
    const missing = { code: 'TableNotFoundException', message: 'Table not found: users' };
    expect(await bench.failure('CreateBackup', source)).toMatchObject(missing);
    expect(await bench.failure('DescribeContinuousBackups', { TableName: 'users' })).toMatchObject(missing);
    await bench.run('CreateTable', hashTable);
    for (const body of [
      { TableName: 'users' },
      { ...source, BackupName: 'no' },
      { ...source, BackupName: 'a b c' },
    ])
      expect((await bench.failure('CreateBackup', body)).code).toBe('ValidationException');
    const first = bench.run('CreateBackup', source);
    expect((await bench.failure('CreateBackup', source)).code).toBe('BackupInUseException');
    expect((await bench.failure('DeleteTable', { TableName: 'users' })).code).toBe('ResourceInUseException');
    const { BackupArn } = (await first).BackupDetails;
    await ended(bench, BackupArn);
    await bench.run('DeleteTable', { TableName: 'users' });
  });

  it('makes 50 backups at a time', async () => {
    const tables = Array.from({ length: 51 }, (_, number) => `table-${number}`);
    for (const TableName of tables) {
      await bench.run('CreateTable', { ...hashTable, TableName });
      // Its key is cached: the requests then begin in one turn of the event loop.
      await put('a', TableName);
    }
    const outcomes = await Promise.allSettled(
      tables.map((TableName) => bench.run('CreateBackup', { TableName, BackupName: NAME })),
    );
    const refused = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [outcome.reason.code] : [],
    );
    expect(refused).toEqual(['LimitExceededException']);
  });
});

describe('ListBackups', () => {
  const listed = async (body: object = {}) => {
    const { BackupSummaries, LastEvaluatedBackupArn } = await bench.run('ListBackups', body);
    return {
      names: BackupSummaries.map(({ BackupName }: Answers) => BackupName),
      next: LastEvaluatedBackupArn,
    };
  };

  it('filters by table and time, and pages', async () => {
    await bench.run('CreateTable', hashTable);
    await bench.run('CreateTable', sortTable);
    const times: number[] = [];
    for (let number = 0; number < 6; number++) {
      bench.clock.advance(60_000);
      times.push(Math.floor(bench.clock.wall_ms()) / 1000);
      await backUp(bench, number % 2 === 0 ? 'users' : 'events', `backup-${number}`);
    }
    const all = [0, 1, 2, 3, 4, 5].map((number) => `backup-${number}`);
    expect(await listed()).toEqual({ names: all, next: undefined });
    expect((await listed({ TableName: 'events' })).names).toEqual([all[1], all[3], all[5]]);
    expect((await listed({ TableName: 'nobody' })).names).toEqual([]);
    const range = { TimeRangeLowerBound: times[1], TimeRangeUpperBound: times[4] };
    expect((await listed(range)).names).toEqual(all.slice(1, 4));
    expect((await listed({ ...range, TableName: 'users' })).names).toEqual([all[2]]);
    const paged: string[] = [];
    let ExclusiveStartBackupArn: string | undefined;
    do {
      const { names, next } = await listed({ Limit: 4, ExclusiveStartBackupArn });
      paged.push(...names);
      ExclusiveStartBackupArn = next;
    } while (ExclusiveStartBackupArn !== undefined);
    expect(paged).toEqual(all);
    expect((await listed({ BackupType: 'SYSTEM' })).names).toEqual([]);
    expect((await listed({ BackupType: 'ALL' })).names).toEqual(all);
    for (const body of [
      { Limit: 0 },
      { Limit: 101 },
      { BackupType: 'MINE' },
      { ExclusiveStartBackupArn: 'x'.repeat(40) },
    ])
      expect((await bench.failure('ListBackups', body)).code).toBe('ValidationException');
    expect((await bench.failure('ListBackups', { TimeRangeLowerBound: 'now' })).code).toBe(
      'SerializationException',
    );
  });
});

describe('DeleteBackup', () => {
  it('removes the backup, and its records after it', async () => {
    await bench.run('CreateTable', hashTable);
    await put('a');
    const BackupArn = await backUp(bench, 'users');
    const { BackupDescription } = await bench.run('DeleteBackup', { BackupArn });
    expect(BackupDescription.BackupDetails).toMatchObject({ BackupArn, BackupStatus: 'DELETED' });
    const missing = { code: 'BackupNotFoundException', message: `Backup not found: ${BackupArn}` };
    for (const operation of ['DescribeBackup', 'DeleteBackup'])
      expect(await bench.failure(operation, { BackupArn })).toMatchObject(missing);
    const target = { BackupArn, TargetTableName: 'restored' };
    expect(await bench.failure('RestoreTableFromBackup', target)).toMatchObject(missing);
    expect(await itemsOf(bench, 'users')).toHaveLength(1);
  });

  it('waits for what makes or uses the backup', async () => {
    await bench.run('CreateTable', hashTable);
    await Promise.all(Array.from({ length: 1000 }, (_, number) => put(`item ${number}`)));
    const { BackupArn } = (await bench.run('CreateBackup', source)).BackupDetails;
    expect((await bench.failure('DeleteBackup', { BackupArn })).code).toBe('BackupInUseException');
    const target = { BackupArn, TargetTableName: 'restored' };
    expect((await bench.failure('RestoreTableFromBackup', target)).code).toBe('BackupInUseException');
    await ended(bench, BackupArn);
    await bench.run('RestoreTableFromBackup', target);
    expect((await bench.failure('DeleteBackup', { BackupArn })).code).toBe('BackupInUseException');
    await active(bench, 'restored');
    await bench.run('DeleteBackup', { BackupArn });
    expect(await itemsOf(bench, 'restored')).toHaveLength(1000);
  });
});

describe('RestoreTableFromBackup', () => {
  it('makes a new table of the backup: CREATING until every item is there', async () => {
    await bench.run('CreateTable', {
      ...sortTable,
      DeletionProtectionEnabled: true,
      Tags: [{ Key: 'a', Value: 'b' }],
    });
    const Items = Array.from({ length: 250 }, (_, number) => ({
      pk: { S: `p${number % 3}` },
      sk: { N: String((number * 37) % 250) },
      text: { S: 'x'.repeat(number) },
    }));
    for (const Item of Items) await bench.run('PutItem', { TableName: 'events', Item });
    const BackupArn = await backUp(bench, 'events');
    const before = await bench.run('DescribeTable', { TableName: 'events' });
    bench.clock.advance(3_600_000);
    const target = { BackupArn, TargetTableName: 'restored' };
    const { TableDescription } = await bench.run('RestoreTableFromBackup', target);
    expect(TableDescription).toMatchObject({
      TableName: 'restored',
      TableStatus: 'CREATING',
      KeySchema: before.Table.KeySchema,
      DeletionProtectionEnabled: false,
      RestoreSummary: {
        SourceBackupArn: BackupArn,
        SourceTableArn: before.Table.TableArn,
        RestoreDateTime: before.Table.CreationDateTime,
        RestoreInProgress: true,
      },
    });
    expect(TableDescription.TableId).not.toBe(before.Table.TableId);
    const Key = { pk: { S: 'p0' }, sk: { N: '0' } };
    expect((await bench.failure('GetItem', { TableName: 'restored', Key })).code).toBe(
      'ResourceNotFoundException',
    );
    for (const [operation, code] of [
      ['DeleteTable', 'ResourceInUseException'],
      ['CreateBackup', 'TableInUseException'],
    ] as const)
      expect((await bench.failure(operation, { TableName: 'restored', BackupName: NAME })).code).toBe(code);
    expect((await bench.failure('RestoreTableFromBackup', target)).code).toBe('TableInUseException');
    const table = await active(bench, 'restored');
    expect(table).toMatchObject({ ItemCount: 250, TableSizeBytes: before.Table.TableSizeBytes });
    expect(table.RestoreSummary.RestoreInProgress).toBe(false);
    expect((await bench.failure('RestoreTableFromBackup', target)).code).toBe('TableAlreadyExistsException');
    expect((await bench.run('ListTagsOfResource', { ResourceArn: table.TableArn })).Tags).toEqual([]);
    for (const pk of ['p0', 'p1', 'p2']) {
      const query = { KeyConditionExpression: 'pk = :p', ExpressionAttributeValues: { ':p': { S: pk } } };
      const [was, is] = await Promise.all(
        ['events', 'restored'].map((TableName) => bench.run('Query', { TableName, ...query })),
      );
      expect(is).toEqual(was);
      expect(is.Count).toBeGreaterThan(80);
    }
  });

  it('keeps each kind of key, or takes another', async () => {
    const [one, other] = [await createKey(), await createKey()];
    const sseOf = async (TableName: string, more: object, override: object = {}) => {
      await bench.run('CreateTable', { ...hashTable, TableName, ...more });
      await put('a', TableName);
      const arn = await backUp(bench, TableName);
      const { SSEDescription } = await restore(bench, arn, `${TableName}-restored`, override);
      expect(await itemsOf(bench, `${TableName}-restored`)).toEqual(await itemsOf(bench, TableName));
      return SSEDescription?.KMSMasterKeyArn;
    };
    expect(await sseOf('owned', {})).toBeUndefined();
    expect(await sseOf('customer', { SSESpecification: encryptedBy(one) })).toBe(one);
    const managed = await sseOf('managed', { SSESpecification: { Enabled: true } });
    expect(managed).not.toBeUndefined();
    const plain = { Tags: [{ Key: 'sealbench:encryption', Value: 'none' }] };
    expect(await sseOf('plain', plain)).toBeUndefined();
    const toOther = { SSESpecificationOverride: encryptedBy(other) };
    expect(await sseOf('moved', { SSESpecification: encryptedBy(one) }, toOther)).toBe(other);
    expect(await sseOf('sealed', plain, toOther)).toBe(other);
    const toOwned = { SSESpecificationOverride: { Enabled: false } };
    expect(await sseOf('given-up', { SSESpecification: encryptedBy(one) }, toOwned)).toBeUndefined();
  });

  it('keeps the billing mode, or takes another', async () => {
    const units = { ReadCapacityUnits: 5, WriteCapacityUnits: 7 };
    const provisioned = { BillingMode: 'PROVISIONED', ProvisionedThroughput: units };
    await bench.run('CreateTable', hashTable);
    await bench.run('CreateTable', { ...hashTable, ...provisioned, TableName: 'paid' });
    const [onDemand, paid] = [await backUp(bench, 'users'), await backUp(bench, 'paid')];
    const { SourceTableDetails } = await ended(bench, paid);
    expect(SourceTableDetails).toMatchObject({ BillingMode: 'PROVISIONED', ProvisionedThroughput: units });
    expect((await restore(bench, paid, 'same')).ProvisionedThroughput).toMatchObject(units);
    const more = { ReadCapacityUnits: 50, WriteCapacityUnits: 70 };
    const overridden = await restore(bench, paid, 'more', { ProvisionedThroughputOverride: more });
    expect(overridden.ProvisionedThroughput).toMatchObject(more);
    const freed = await restore(bench, paid, 'freed', { BillingModeOverride: 'PAY_PER_REQUEST' });
    expect(freed.BillingModeSummary.BillingMode).toBe('PAY_PER_REQUEST');
    for (const override of [
      { BillingModeOverride: 'PROVISIONED' },
      { ProvisionedThroughputOverride: units },
      { BillingModeOverride: 'MINE' },
    ]) {
      const failure = await bench.failure('RestoreTableFromBackup', {
        BackupArn: onDemand,
        TargetTableName: 'never',
        ...override,
      });
      expect(failure.code).toBe('ValidationException');
    }
    expect((await bench.failure('DescribeTable', { TableName: 'never' })).code).toBe(
      'ResourceNotFoundException',
    );
  });

  it('opens the key of that time as its caller, whatever became of the table and its key', async () => {
    const [one, other] = [await createKey(), await createKey()];
    await bench.run('CreateTable', { ...hashTable, SSESpecification: encryptedBy(one) });
    await put('a');
    const was = await itemsOf(bench, 'users');
    const BackupArn = await backUp(bench, 'users');
    await bench.run('DeleteTable', { TableName: 'users' });
    await bench.run('CreateTable', { ...hashTable, SSESpecification: encryptedBy(other) });
    await bench.asUser('DisableKey', { KeyId: one });
    const target = { BackupArn, TargetTableName: 'restored' };
    const toOther = { SSESpecificationOverride: encryptedBy(other) };
    for (const body of [target, { ...target, ...toOther }]) {
      expect(await bench.failure('RestoreTableFromBackup', body)).toMatchObject({
        code: 'ValidationException',
        message: expect.stringMatching(/^KMS key disabled error: /),
      });
    }
    expect((await bench.failure('DescribeTable', { TableName: 'restored' })).code).toBe(
      'ResourceNotFoundException',
    );
    await bench.asUser('EnableKey', { KeyId: one });
    const heard = bench.kms.trail().length;
    await bench.run('RestoreTableFromBackup', { ...target, ...toOther }, { as: bob });
    await active(bench, 'restored');
    const decrypt = bench.kms
      .trail()
      .slice(heard)
      .find(({ eventName }) => eventName === 'Decrypt');
    expect(decrypt).toMatchObject({
      userIdentity: { arn: bob.principal.arn },
      requestParameters: { encryptionContext: { 'aws:dynamodb:tableName': 'users' } },
    });
    await bench.asUser('DisableKey', { KeyId: one });
    bench.store.wipeCaches();
    expect(await itemsOf(bench, 'restored')).toEqual(was);
  });

  it('leaves no table behind when its own key is refused', async () => {
    await bench.run('CreateTable', hashTable);
    const BackupArn = await backUp(bench, 'users');
    const disabled = await createKey();
    await bench.asUser('DisableKey', { KeyId: disabled });
    const body = { BackupArn, TargetTableName: 'restored', SSESpecificationOverride: encryptedBy(disabled) };
    expect((await bench.failure('RestoreTableFromBackup', body)).message).toMatch(
      /^KMS key disabled error: /,
    );
    expect((await bench.failure('DescribeTable', { TableName: 'restored' })).code).toBe(
      'ResourceNotFoundException',
    );
    await bench.run('DeleteBackup', { BackupArn });
  });
});
