import { Agent } from 'node:https';
import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  ConditionalCheckFailedException,
  CreateTableCommand,
  DeleteItemCommand,
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
  paginateQuery,
  paginateScan,
  QueryCommand,
  ResourceNotFoundException,
  UpdateItemCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type StoreServer, startStoreServer } from '../../../src/system/store/store.ts';
import { createTlsIdentity, type TlsIdentity } from '../../../src/system/wire/wire.ts';
import { ACCOUNT, alice, type Bench, bob, REGION, startBench } from './harness.ts';

describe.each(['http', 'https'] as const)('the AWS SDK over %s', (protocol) => {
  let bench: Bench;
  let server: StoreServer;
  let client: DynamoDBClient;
  let tls: TlsIdentity | undefined;

  const clientFor = (credentials: { accessKeyId: string; secretAccessKey: string }) =>
    new DynamoDBClient({
      endpoint: server.url.replace('127.0.0.1', 'localhost'),
      region: REGION,
      credentials,
      maxAttempts: 1,
      requestHandler: { httpsAgent: new Agent({ ca: tls?.ca, keepAlive: true }) },
    });

  beforeAll(async () => {
    bench = await startBench();
    tls = protocol === 'https' ? await createTlsIdentity() : undefined;
    server = await startStoreServer({
      region: REGION,
      accountId: ACCOUNT,
      storage: 'memory',
      kms: bench.client,
      keyCache: { scope: 'connection', ttl_ms: 300_000, expiry: 'absolute' },
      clock: bench.clock,
      callers: [alice, bob],
      auth: 'sigv4',
      tls,
      host: 'localhost',
      port: 0,
    });
    client = clientFor(alice);
  });
  afterAll(async () => {
    client.destroy();
    await server.close();
    await bench.close();
  });

  const TableName = 'events';
  const item = (i: number) => ({ pk: { S: 'p' }, sk: { N: String(i) }, data: { B: Buffer.from([i, 255]) } });
  const key = (i: number) => ({ pk: { S: 'p' }, sk: { N: String(i) } });

  it('creates, writes, reads, queries, scans, batches and fails as against DynamoDB', async () => {
    const { KeyMetadata } = await bench.asUser('CreateKey', {});
    const made = await client.send(
      new CreateTableCommand({
        TableName,
        AttributeDefinitions: [
          { AttributeName: 'pk', AttributeType: 'S' },
          { AttributeName: 'sk', AttributeType: 'N' },
        ],
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        BillingMode: 'PAY_PER_REQUEST',
        SSESpecification: { Enabled: true, SSEType: 'KMS', KMSMasterKeyId: KeyMetadata.Arn },
      }),
    );
    expect(made.TableDescription?.TableStatus).toBe('CREATING');
    await waitUntilTableExists({ client, minDelay: 1, maxDelay: 1, maxWaitTime: 5 }, { TableName });
    expect((await client.send(new ListTablesCommand({}))).TableNames).toEqual([TableName]);

    await client.send(new PutItemCommand({ TableName, Item: item(0) }));
    const got = await client.send(new GetItemCommand({ TableName, Key: key(0), ConsistentRead: true }));
    expect(got.Item?.data?.B).toEqual(new Uint8Array([0, 255]));
    const conditional = new PutItemCommand({
      TableName,
      Item: item(0),
      ConditionExpression: 'attribute_not_exists(pk)',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    const failed = await client.send(conditional).catch((thrown) => thrown);
    expect(failed).toBeInstanceOf(ConditionalCheckFailedException);
    expect(failed.Item?.sk).toEqual({ N: '0' });
    const updated = await client.send(
      new UpdateItemCommand({
        TableName,
        Key: key(0),
        UpdateExpression: 'SET #n = if_not_exists(#n, :zero) + :one REMOVE #d',
        ExpressionAttributeNames: { '#n': 'count', '#d': 'data' },
        ExpressionAttributeValues: { ':zero': { N: '0' }, ':one': { N: '1' } },
        ReturnValues: 'ALL_NEW',
      }),
    );
    expect(updated.Attributes).toEqual({ ...key(0), count: { N: '1' } });
    await client.send(new DeleteItemCommand({ TableName, Key: key(0) }));

    const puts = Array.from({ length: 25 }, (_, i) => ({ PutRequest: { Item: item(i) } }));
    const written = await client.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: puts } }));
    expect(written.UnprocessedItems).toEqual({});
    const batch = await client.send(
      new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys: [key(3), key(99), key(4)] } } }),
    );
    expect(batch.Responses?.[TableName]).toHaveLength(2);

    const sorts: (string | undefined)[] = [];
    const input = {
      TableName,
      KeyConditionExpression: 'pk = :p AND sk BETWEEN :a AND :b',
      ExpressionAttributeValues: { ':p': { S: 'p' }, ':a': { N: '5' }, ':b': { N: '14' } },
      ScanIndexForward: false,
    };
    for await (const page of paginateQuery({ client, pageSize: 3 }, input)) {
      sorts.push(...(page.Items ?? []).map(({ sk }) => sk?.N));
    }
    expect(sorts).toEqual(['14', '13', '12', '11', '10', '9', '8', '7', '6', '5']);
    let scanned = 0;
    for await (const page of paginateScan({ client, pageSize: 4 }, { TableName })) scanned += page.Count ?? 0;
    expect(scanned).toBe(25);
    const { Table } = await client.send(new DescribeTableCommand({ TableName }));
    expect(Table).toMatchObject({
      TableStatus: 'ACTIVE',
      ItemCount: 25,
      SSEDescription: { Status: 'ENABLED' },
    });
    expect(Table?.CreationDateTime).toEqual(new Date(bench.clock.wall_ms()));

    const missing = client.send(new GetItemCommand({ TableName: 'nowhere', Key: key(0) }));
    await expect(missing).rejects.toBeInstanceOf(ResourceNotFoundException);
    const invalid = client.send(
      new QueryCommand({
        TableName,
        KeyConditionExpression: 'sk = :p',
        ExpressionAttributeValues: { ':p': { S: '1' } },
      }),
    );
    await expect(invalid).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it('looks keys up per caller and connection, and forgets them with the connection', async () => {
    server.reset();
    const get = new GetItemCommand({ TableName, Key: key(1) });
    const other = clientFor(bob);
    await other.send(get);
    await other.send(get);
    other.destroy();
    const again = clientFor(bob);
    await again.send(get);
    again.destroy();
    const { cache, kms, requests, connections_opened } = server.counters();
    expect(cache).toMatchObject({ lookups: 3, hits: 1, misses: 2, coalesced: 0 });
    expect(kms.attempts).toEqual({ Decrypt: 2 });
    expect([requests, connections_opened]).toEqual([3, 2]);
  });

  it('refuses a wrong secret', async () => {
    const thief = clientFor({ accessKeyId: alice.accessKeyId, secretAccessKey: 'guessed' });
    await expect(thief.send(new ListTablesCommand({}))).rejects.toMatchObject({
      name: 'InvalidSignatureException',
    });
    thief.destroy();
  });
});
