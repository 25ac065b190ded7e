/** The life of a table under its KMS key, as a program with the AWS SDK meets it; days pass by a simulated clock. */
import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  CreateBackupCommand,
  CreateTableCommand,
  DeleteItemCommand,
  DeleteTableCommand,
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  ListTablesCommand,
  ListTagsOfResourceCommand,
  PutItemCommand,
  QueryCommand,
  RestoreTableFromBackupCommand,
  ScanCommand,
  type TableDescription,
  UpdateItemCommand,
  UpdateTableCommand,
  type UpdateTableCommandInput,
} from '@aws-sdk/client-dynamodb';
import {
  CancelKeyDeletionCommand,
  CreateKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  KMSClient,
  ScheduleKeyDeletionCommand,
} from '@aws-sdk/client-kms';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { advanceTogether, traveller } from '../../../../src/std/schedule.ts';
import { type StoreServer, startStoreServer } from '../../../../src/system/store/store.ts';
import { ACCOUNT, alice, type Bench, REGION, startBench } from '../harness.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const TableName = 'users';
const Item = { pk: { S: 'ann' }, n: { N: '1' } };
const Key = { pk: Item.pk };

describe('a table under a customer managed key', () => {
  let bench: Bench;
  let server: StoreServer;
  let dynamodb: DynamoDBClient;
  let kms: KMSClient;
  let KeyId: string;

  beforeEach(async () => {
    bench = await startBench();
    server = await startStoreServer({
      region: REGION,
      accountId: ACCOUNT,
      storage: 'memory',
      kms: bench.client,
      keyCache: { scope: 'connection', ttl_ms: 300_000, expiry: 'absolute' },
      clock: bench.clock,
      keyChange_ms: 22_000,
      callers: [alice],
      auth: 'sigv4',
      port: 0,
    });
    const common = { region: REGION, credentials: alice, maxAttempts: 1 };
    dynamodb = new DynamoDBClient({ ...common, endpoint: server.url });
    kms = new KMSClient({ ...common, endpoint: bench.kms.url });
    KeyId = await createKey();
    await dynamodb.send(
      new CreateTableCommand({
        TableName,
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        BillingMode: 'PAY_PER_REQUEST',
        DeletionProtectionEnabled: true,
        Tags: [{ Key: 'team', Value: 'blue' }],
        ...under(KeyId),
      }),
    );
    await dynamodb.send(new PutItemCommand({ TableName, Item }));
  });
  afterEach(async () => {
    dynamodb.destroy();
    kms.destroy();
    await server.close();
    await bench.close();
  });

  const createKey = async () => (await kms.send(new CreateKeyCommand({}))).KeyMetadata!.Arn!;
  const under = (KMSMasterKeyId: string) =>
    ({ SSESpecification: { Enabled: true, SSEType: 'KMS', KMSMasterKeyId } }) as const;
  const pass = (duration_ms: number) =>
    advanceTogether([traveller(bench.clock, [server.store.housekeeping])], duration_ms);
  const described = async (name = TableName): Promise<TableDescription> =>
    (await dynamodb.send(new DescribeTableCommand({ TableName: name }))).Table!;
  const get = async (name = TableName) =>
    (await dynamodb.send(new GetItemCommand({ TableName: name, Key }))).Item;
  const update = (input: Omit<UpdateTableCommandInput, 'TableName'>) =>
    dynamodb.send(new UpdateTableCommand({ TableName, ...input }));

  /** Every operation on what is in the table. */
  const dataOperations = (): [string, () => Promise<unknown>][] => [
    ['GetItem', () => get()],
    ['PutItem', () => dynamodb.send(new PutItemCommand({ TableName, Item }))],
    ['DeleteItem', () => dynamodb.send(new DeleteItemCommand({ TableName, Key }))],
    [
      'UpdateItem',
      () =>
        dynamodb.send(
          new UpdateItemCommand({
            TableName,
            Key,
            UpdateExpression: 'SET a = :a',
            ExpressionAttributeValues: { ':a': { S: 'a' } },
          }),
        ),
    ],
    [
      'Query',
      () =>
        dynamodb.send(
          new QueryCommand({
            TableName,
            KeyConditionExpression: 'pk = :p',
            ExpressionAttributeValues: { ':p': Item.pk },
          }),
        ),
    ],
    ['Scan', () => dynamodb.send(new ScanCommand({ TableName }))],
    [
      'BatchGetItem',
      () => dynamodb.send(new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys: [Key] } } })),
    ],
    [
      'BatchWriteItem',
      () =>
        dynamodb.send(
          new BatchWriteItemCommand({ RequestItems: { [TableName]: [{ PutRequest: { Item } }] } }),
        ),
    ],
  ];

  async function expectFailures(operations: [string, () => Promise<unknown>][], expected: object) {
    for (const [name, operation] of operations) {
      const outcome = await operation().then(
        () => ({ name: 'none' }),
        (error: Error) => ({ name: error.name, message: error.message }),
      );
      expect({ operation: name, ...outcome }).toMatchObject({ operation: name, ...expected });
    }
  }

  const isDisabled = {
    name: 'ValidationException',
    message: expect.stringMatching(/^KMS key disabled error: .* is disabled\. /),
  };

  it('changes to another key: ACTIVE throughout, the old key shown for a while and needed to the end', async () => {
    const next = await createKey();
    const { TableDescription } = await update(under(next));
    expect(TableDescription).toMatchObject({
      TableStatus: 'ACTIVE',
      SSEDescription: { Status: 'UPDATING', SSEType: 'KMS', KMSMasterKeyArn: KeyId },
    });
    await expectFailures([['again', () => update(under(next))]], { name: 'ResourceInUseException' });
    await pass(10_000);
    expect((await described()).SSEDescription).toMatchObject({ Status: 'UPDATING', KMSMasterKeyArn: next });
    await dynamodb.send(new PutItemCommand({ TableName, Item: { ...Item, n: { N: '2' } } }));
    await pass(12_000);
    expect(await described()).toMatchObject({
      TableStatus: 'ACTIVE',
      SSEDescription: { Status: 'ENABLED', KMSMasterKeyArn: next },
    });
    await kms.send(new DisableKeyCommand({ KeyId }));
    await pass(6 * MINUTE_MS);
    expect(await get()).toEqual({ ...Item, n: { N: '2' } });
    await pass(MINUTE_MS * 30);
    expect((await described()).TableStatus).toBe('ACTIVE');
    const owned = await update({ SSESpecification: { Enabled: false } });
    expect(owned.TableDescription!.SSEDescription).toMatchObject({ Status: 'UPDATING' });
    await pass(22_000);
    expect((await described()).SSEDescription).toBeUndefined();
    expect(await get()).toEqual({ ...Item, n: { N: '2' } });
  });

  it('refuses a key that is not to be used, and stays as it is', async () => {
    const disabled = await createKey();
    await kms.send(new DisableKeyCommand({ KeyId: disabled }));
    const pending = await createKey();
    await kms.send(new ScheduleKeyDeletionCommand({ KeyId: pending, PendingWindowInDays: 7 }));
    await expectFailures([['disabled', () => update(under(disabled))]], isDisabled);
    await expectFailures([['pending', () => update(under(pending))]], {
      name: 'ValidationException',
      message: expect.stringMatching(
        /^KMS validation error: .*KMSInvalidStateException: .* is pending deletion\. /,
      ),
    });
    await expectFailures(
      [['with billing', () => update({ ...under(disabled), BillingMode: 'PAY_PER_REQUEST' })]],
      {
        name: 'ValidationException',
        message: expect.stringContaining('Server-Side Encryption modification must be the only operation'),
      },
    );
    expect((await described()).SSEDescription).toMatchObject({ Status: 'ENABLED', KMSMasterKeyArn: KeyId });
  });

  it('INACCESSIBLE_ENCRYPTION_CREDENTIALS: data, backups and the key fail; describing and settings do not', async () => {
    await kms.send(new DisableKeyCommand({ KeyId }));
    await pass(20 * MINUTE_MS);
    const { TableStatus, SSEDescription, TableArn } = await described();
    expect([TableStatus, SSEDescription!.Status]).toEqual(['INACCESSIBLE_ENCRYPTION_CREDENTIALS', 'ENABLED']);
    expect(SSEDescription!.InaccessibleEncryptionDateTime).toBeInstanceOf(Date);
    await expectFailures(
      [
        ...dataOperations(),
        ['CreateBackup', () => dynamodb.send(new CreateBackupCommand({ TableName, BackupName: 'nightly' }))],
        ['change of key', async () => update(under(await createKey()))],
        ['AWS owned key', () => update({ SSESpecification: { Enabled: false } })],
      ],
      isDisabled,
    );
    expect((await dynamodb.send(new ListTablesCommand({}))).TableNames).toEqual([TableName]);
    const { Tags } = await dynamodb.send(new ListTagsOfResourceCommand({ ResourceArn: TableArn }));
    expect(Tags).toEqual([{ Key: 'team', Value: 'blue' }]);
    await dynamodb.send(new DescribeContinuousBackupsCommand({ TableName }));
    await update({
      BillingMode: 'PROVISIONED',
      ProvisionedThroughput: { ReadCapacityUnits: 5, WriteCapacityUnits: 5 },
    });
    await update({ StreamSpecification: { StreamEnabled: true, StreamViewType: 'KEYS_ONLY' } });
    await expectFailures([['protected', () => dynamodb.send(new DeleteTableCommand({ TableName }))]], {
      name: 'ValidationException',
      message: expect.stringContaining('protected against deletion'),
    });
    expect(await described()).toMatchObject({
      TableStatus: 'INACCESSIBLE_ENCRYPTION_CREDENTIALS',
      ProvisionedThroughput: { ReadCapacityUnits: 5 },
    });
    await kms.send(new EnableKeyCommand({ KeyId }));
    expect(await get()).toEqual(Item);
    await pass(8 * MINUTE_MS);
    const back = await described();
    expect([back.TableStatus, back.SSEDescription!.InaccessibleEncryptionDateTime]).toEqual([
      'ACTIVE',
      undefined,
    ]);
    await kms.send(new DisableKeyCommand({ KeyId }));
    await pass(20 * MINUTE_MS);
    await update({ DeletionProtectionEnabled: false });
    await dynamodb.send(new DeleteTableCommand({ TableName }));
    await expectFailures([['gone', () => described()]], { name: 'ResourceNotFoundException' });
  });

  it('is as inaccessible with its key pending deletion, and stays so when that is merely cancelled', async () => {
    await kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 30 }));
    await pass(20 * MINUTE_MS);
    await expectFailures(dataOperations(), {
      name: 'ValidationException',
      message: expect.stringMatching(/^KMS validation error: .* is pending deletion\. /),
    });
    await kms.send(new CancelKeyDeletionCommand({ KeyId }));
    await expectFailures(dataOperations(), isDisabled);
    await kms.send(new EnableKeyCommand({ KeyId }));
    expect(await get()).toEqual(Item);
  });

  it('ARCHIVED: nothing but describing, deleting and its backup; restored under the last key', async () => {
    await kms.send(new DisableKeyCommand({ KeyId }));
    await pass(8 * DAY_MS);
    const { TableStatus, ArchivalSummary, SSEDescription, TableArn } = await described();
    expect(TableStatus).toBe('ARCHIVED');
    expect(ArchivalSummary).toMatchObject({
      ArchivalReason: 'INACCESSIBLE_ENCRYPTION_CREDENTIALS',
      ArchivalDateTime: new Date(SSEDescription!.InaccessibleEncryptionDateTime!.getTime() + 7 * DAY_MS),
    });
    // An enabled key changes nothing any more.
    await kms.send(new EnableKeyCommand({ KeyId }));
    await pass(DAY_MS);
    await expectFailures(dataOperations(), { name: 'ResourceNotFoundException' });
    await expectFailures(
      [['CreateBackup', () => dynamodb.send(new CreateBackupCommand({ TableName, BackupName: 'nightly' }))]],
      { name: 'TableNotFoundException' },
    );
    await expectFailures(
      [
        ['billing', () => update({ BillingMode: 'PAY_PER_REQUEST' })],
        [
          'stream',
          () => update({ StreamSpecification: { StreamEnabled: true, StreamViewType: 'KEYS_ONLY' } }),
        ],
        ['change of key', async () => update(under(await createKey()))],
        ['replica', () => update({ ReplicaUpdates: [{ Create: { RegionName: 'eu-west-1' } }] })],
      ],
      { name: 'ResourceInUseException' },
    );
    const { Tags } = await dynamodb.send(new ListTagsOfResourceCommand({ ResourceArn: TableArn }));
    expect(Tags).toHaveLength(1);
    const restore = new RestoreTableFromBackupCommand({
      BackupArn: ArchivalSummary!.ArchivalBackupArn,
      TargetTableName: 'restored',
    });
    await kms.send(new DisableKeyCommand({ KeyId }));
    await expectFailures([['restore', () => dynamodb.send(restore)]], isDisabled);
    await kms.send(new EnableKeyCommand({ KeyId }));
    await dynamodb.send(restore);
    await expect.poll(async () => (await described('restored')).TableStatus).toBe('ACTIVE');
    expect(await get('restored')).toEqual(Item);
    expect((await described('restored')).SSEDescription!.KMSMasterKeyArn).toBe(KeyId);
    await update({ DeletionProtectionEnabled: false });
    await dynamodb.send(new DeleteTableCommand({ TableName }));
    await expectFailures([['gone', () => described()]], { name: 'ResourceNotFoundException' });
  });
});
