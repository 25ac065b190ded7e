/** Indexes as the SDK's own client sees them, over a socket and by the real clock. */
import {
  BatchWriteItemCommand,
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  DynamoDBClient,
  PutItemCommand,
  paginateQuery,
  paginateScan,
  QueryCommand,
  ScanCommand,
  UpdateTableCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type StoreServer, startStoreServer } from '../../../../src/system/store/store.ts';
import { ACCOUNT, type Answers, alice, type Bench, REGION, startBench } from '../harness.ts';
import { gamesTable, globalIndex } from './indexed.ts';

let bench: Bench;
let server: StoreServer;
let client: DynamoDBClient;

beforeAll(async () => {
  bench = await startBench();
  server = await startStoreServer({
    region: REGION,
    accountId: ACCOUNT,
    storage: 'memory',
    kms: bench.client,
    keyCache: { scope: 'connection', ttl_ms: 300_000, expiry: 'absolute' },
    callers: [alice],
    auth: 'sigv4',
    port: 0,
  });
  client = new DynamoDBClient({ region: REGION, endpoint: server.url, credentials: alice, maxAttempts: 1 });
});
afterAll(async () => {
  client.destroy();
  await server.close();
  await bench.close();
});

const TableName = 'games';
const item = (n: number) => ({
  user: { S: `u${n % 4}` },
  title: { S: `t${n}` },
  score: { N: `${100 - n}` },
  team: { S: n % 2 === 0 ? 'red' : 'blue' },
  note: { S: 'note' },
  city: { S: 'Oslo' },
});

async function indexes(): Promise<Answers[]> {
  const { Table } = await client.send(new DescribeTableCommand({ TableName }));
  return Table!.GlobalSecondaryIndexes!;
}

it('made with the table: queried page by page, scanned in segments, refused as documented', async () => {
  await client.send(new CreateTableCommand(gamesTable as CreateTableCommandInput));
  await waitUntilTableExists({ client, maxWaitTime: 5, minDelay: 1, maxDelay: 1 }, { TableName });
  for (let first = 0; first < 40; first += 20) {
    const games = Array.from({ length: 20 }, (_, n) => ({ PutRequest: { Item: item(first + n) } }));
    await client.send(new BatchWriteItemCommand({ RequestItems: { games } }));
  }
  const found: Answers[] = [];
  const query = {
    TableName,
    IndexName: 'teams',
    KeyConditionExpression: 'team = :t',
    ExpressionAttributeValues: { ':t': { S: 'red' } },
    Limit: 3,
  };
  for await (const page of paginateQuery({ client }, query)) found.push(...page.Items!);
  expect(found).toHaveLength(20);
  expect(found[0]).toEqual(item(Number(found[0].title.S.slice(1))));
  const local = await client.send(
    new QueryCommand({
      TableName,
      IndexName: 'by-score',
      KeyConditionExpression: '#u = :u AND score < :s',
      ExpressionAttributeNames: { '#u': 'user' },
      ExpressionAttributeValues: { ':u': { S: 'u1' }, ':s': { N: '90' } },
      ScanIndexForward: false,
      Select: 'ALL_ATTRIBUTES',
      ConsistentRead: true,
    }),
  );
  expect(local.Items).toEqual([13, 17, 21, 25, 29, 33, 37].map(item));
  let scanned = 0;
  for (const Segment of [0, 1, 2]) {
    const scan = { TableName, IndexName: 'titles', Segment, TotalSegments: 3, Limit: 5 };
    for await (const page of paginateScan({ client }, scan)) scanned += page.Count!;
  }
  expect(scanned).toBe(40);
  await expect(
    client.send(new ScanCommand({ TableName, IndexName: 'teams', ConsistentRead: true })),
  ).rejects.toMatchObject({
    name: 'ValidationException',
    message: 'Consistent reads are not supported on global secondary indexes',
  });
  await expect(
    client.send(new PutItemCommand({ TableName, Item: { ...item(0), score: { S: 'high' } } })),
  ).rejects.toMatchObject({
    name: 'ValidationException',
    message: expect.stringContaining('Type mismatch for Index Key'),
  });
});

it('added and deleted later, while the table is in use', async () => {
  const Create = globalIndex('cities', ['city'], { ProjectionType: 'KEYS_ONLY' });
  const { TableDescription } = await client.send(
    new UpdateTableCommand({
      TableName,
      AttributeDefinitions: [{ AttributeName: 'city', AttributeType: 'S' }],
      GlobalSecondaryIndexUpdates: [{ Create }],
    }),
  );
  expect(TableDescription!.GlobalSecondaryIndexes!.at(-1)).toMatchObject({
    IndexStatus: 'CREATING',
    Backfilling: false,
  });
  const scan = new ScanCommand({ TableName, IndexName: 'cities' });
  await expect(client.send(scan)).rejects.toMatchObject({
    message: 'Cannot read from backfilling global secondary index: cities',
  });
  await expect(
    client.send(
      new UpdateTableCommand({
        TableName,
        GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: 'teams' } }],
      }),
    ),
  ).rejects.toMatchObject({ name: 'LimitExceededException' });
  await expect.poll(async () => (await indexes()).at(-1).IndexStatus, { timeout: 5000 }).toBe('ACTIVE');
  expect((await indexes()).at(-1)).toMatchObject({ ItemCount: 40 });
  const { Items, Count } = await client.send(scan);
  expect(Count).toBe(40);
  expect(Object.keys(Items![0]!).toSorted()).toEqual(['city', 'title', 'user']);
  await client.send(
    new UpdateTableCommand({ TableName, GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: 'cities' } }] }),
  );
  await expect.poll(async () => (await indexes()).length, { timeout: 5000 }).toBe(2);
});
