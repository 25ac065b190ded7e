import {
  BackupNotFoundException,
  CreateBackupCommand,
  CreateTableCommand,
  DeleteBackupCommand,
  DescribeBackupCommand,
  DescribeContinuousBackupsCommand,
  DynamoDBClient,
  GetItemCommand,
  ListBackupsCommand,
  PutItemCommand,
  RestoreTableFromBackupCommand,
  TableAlreadyExistsException,
  TableNotFoundException,
  UpdateTableCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { expect, it, onTestFinished } from 'vitest';
import { startStoreServer } from '../../../../src/system/store/store.ts';
import { ACCOUNT, alice, bob, REGION, startBench } from '../harness.ts';

it('backs up, lists, restores and deletes through the AWS SDK', async () => {
  const bench = await startBench();
  const server = await startStoreServer({
    region: REGION,
    accountId: ACCOUNT,
    storage: 'memory',
    kms: bench.client,
    keyCache: { scope: 'connection', ttl_ms: 300_000, expiry: 'absolute' },
    clock: bench.clock,
    callers: [alice, bob],
    auth: 'sigv4',
    port: 0,
  });
  const client = new DynamoDBClient({
    endpoint: server.url,
    region: REGION,
    credentials: alice,
    maxAttempts: 1,
  });
  onTestFinished(async () => {
    client.destroy();
    await server.close();
    await bench.close();
  });
  const arnOfKey = async (): Promise<string> => (await bench.asUser('CreateKey', {})).KeyMetadata.Arn;
  const [one, other] = [await arnOfKey(), await arnOfKey()];
  const encryptedBy = (arn: string) => ({ Enabled: true, SSEType: 'KMS', KMSMasterKeyId: arn }) as const;
  const TableName = 'users';
  const Item = { pk: { S: 'ann' }, age: { N: '41' } };

  const missing = client.send(new CreateBackupCommand({ TableName, BackupName: 'nightly' }));
  await expect(missing).rejects.toBeInstanceOf(TableNotFoundException);
  await client.send(
    new CreateTableCommand({
      TableName,
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
      SSESpecification: encryptedBy(one),
    }),
  );
  await client.send(new PutItemCommand({ TableName, Item }));

  const { BackupDetails } = await client.send(new CreateBackupCommand({ TableName, BackupName: 'nightly' }));
  const made = new Date(Math.floor(bench.clock.wall_ms()));
  expect(BackupDetails).toMatchObject({
    BackupStatus: 'CREATING',
    BackupType: 'USER',
    BackupCreationDateTime: made,
  });
  const { BackupArn } = BackupDetails!;
  await client.send(new PutItemCommand({ TableName, Item: { ...Item, age: { N: '42' } } }));
  await client.send(new UpdateTableCommand({ TableName, SSESpecification: encryptedBy(other) }));
  const describe = async () => {
    const answer = await client.send(new DescribeBackupCommand({ BackupArn }));
    return answer.BackupDescription!;
  };
  while ((await describe()).BackupDetails?.BackupStatus !== 'AVAILABLE');
  expect(await describe()).toMatchObject({
    SourceTableDetails: { TableName, ItemCount: 1, BillingMode: 'PAY_PER_REQUEST' },
    SourceTableFeatureDetails: {
      SSEDescription: { Status: 'ENABLED', SSEType: 'KMS', KMSMasterKeyArn: one },
    },
  });
  const listed = await client.send(
    new ListBackupsCommand({
      TableName,
      TimeRangeLowerBound: made,
      TimeRangeUpperBound: new Date(made.getTime() + 1),
      BackupType: 'USER',
    }),
  );
  expect(listed.BackupSummaries).toMatchObject([{ BackupArn, BackupCreationDateTime: made }]);
  const before = await client.send(new ListBackupsCommand({ TimeRangeUpperBound: made }));
  expect(before.BackupSummaries).toEqual([]);

  const taken = client.send(new RestoreTableFromBackupCommand({ BackupArn, TargetTableName: TableName }));
  await expect(taken).rejects.toBeInstanceOf(TableAlreadyExistsException);
  const { TableDescription } = await client.send(
    new RestoreTableFromBackupCommand({
      BackupArn,
      TargetTableName: 'restored',
      BillingModeOverride: 'PAY_PER_REQUEST',
    }),
  );
  expect(TableDescription).toMatchObject({
    TableStatus: 'CREATING',
    RestoreSummary: { SourceBackupArn: BackupArn, RestoreDateTime: made, RestoreInProgress: true },
    SSEDescription: { KMSMasterKeyArn: one },
  });
  await waitUntilTableExists({ client, maxWaitTime: 10, minDelay: 1 }, { TableName: 'restored' });
  const got = await client.send(new GetItemCommand({ TableName: 'restored', Key: { pk: Item.pk } }));
  expect(got.Item).toEqual(Item);

  const deleted = await client.send(new DeleteBackupCommand({ BackupArn }));
  expect(deleted.BackupDescription?.BackupDetails?.BackupStatus).toBe('DELETED');
  const gone = client.send(new DescribeBackupCommand({ BackupArn }));
  await expect(gone).rejects.toBeInstanceOf(BackupNotFoundException);
  const continuous = await client.send(new DescribeContinuousBackupsCommand({ TableName }));
  expect(continuous.ContinuousBackupsDescription?.PointInTimeRecoveryDescription).toMatchObject({
    PointInTimeRecoveryStatus: 'DISABLED',
  });
});
