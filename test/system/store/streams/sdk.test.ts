/** Streams as the SDK's own client sees them. */
import {
  CreateTableCommand,
  DeleteItemCommand,
  DynamoDBClient,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import {
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
  ListStreamsCommand,
} from '@aws-sdk/client-dynamodb-streams';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type StoreServer, startStoreServer } from '../../../../src/system/store/store.ts';
import { ACCOUNT, alice, type Bench, REGION, startBench } from '../harness.ts';

let bench: Bench;
let server: StoreServer;
let tables: DynamoDBClient;
let streams: DynamoDBStreamsClient;

beforeAll(async () => {
  bench = await startBench();
  server = await startStoreServer({
    region: REGION,
    accountId: ACCOUNT,
    storage: 'memory',
    kms: bench.client,
    keyCache: { scope: 'connection', ttl_ms: 300_000, expiry: 'absolute' },
    clock: bench.clock,
    callers: [alice],
    auth: 'sigv4',
    port: 0,
  });
  const options = { region: REGION, endpoint: server.url, credentials: alice, maxAttempts: 1 };
  tables = new DynamoDBClient(options);
  streams = new DynamoDBStreamsClient(options);
});
afterAll(async () => {
  tables.destroy();
  streams.destroy();
  await server.close();
  await bench.close();
});

it('reads what was put and deleted, in order and with both images', async () => {
  await tables.send(
    new CreateTableCommand({
      TableName: 'users',
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
    }),
  );
  const ann = { pk: { S: 'ann' }, age: { N: '41' } };
  await tables.send(new PutItemCommand({ TableName: 'users', Item: ann }));
  await tables.send(new DeleteItemCommand({ TableName: 'users', Key: { pk: ann.pk } }));

  const { Streams } = await streams.send(new ListStreamsCommand({ TableName: 'users' }));
  const StreamArn = Streams![0]!.StreamArn!;
  const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn }));
  expect(StreamDescription).toMatchObject({
    StreamStatus: 'ENABLED',
    StreamViewType: 'NEW_AND_OLD_IMAGES',
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
  });
  const { ShardId } = StreamDescription!.Shards![0]!;
  const { ShardIterator } = await streams.send(
    new GetShardIteratorCommand({ StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' }),
  );
  const { Records, NextShardIterator } = await streams.send(new GetRecordsCommand({ ShardIterator }));
  expect(
    Records!.map(({ eventName, dynamodb }) => [eventName, dynamodb!.OldImage, dynamodb!.NewImage]),
  ).toEqual([
    ['INSERT', undefined, ann],
    ['REMOVE', ann, undefined],
  ]);
  expect(Records![0]!.dynamodb!.ApproximateCreationDateTime).toBeInstanceOf(Date);
  const after = await streams.send(new GetRecordsCommand({ ShardIterator: NextShardIterator }));
  expect(after.Records).toEqual([]);
});

it('hears of a stream that is not there by its own exception', async () => {
  const StreamArn = `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/nobody/stream/2026-01-01T00:00:00.000`;
  await expect(streams.send(new DescribeStreamCommand({ StreamArn }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
    $metadata: { httpStatusCode: 400 },
  });
});
