/** Streams over a socket, with signed requests, at the address of the tables. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type StoreServer, startStoreServer } from '../../../../src/system/store/store.ts';
import { AwsRequestTemplate, HttpConnection } from '../../../../src/system/wire/wire.ts';
import { ACCOUNT, type Answers, alice, type Bench, REGION, startBench } from '../harness.ts';
import { streamed } from './streamed.ts';

let bench: Bench;
let server: StoreServer;
let connection: HttpConnection;

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
  connection = new HttpConnection({ host: '127.0.0.1', port: server.port, timeout_ms: 5_000 });
});
afterAll(async () => {
  connection.close();
  await server.close();
  await bench.close();
});

async function ask(target: string, body: object): Promise<{ status: number; body: Answers }> {
  const template = new AwsRequestTemplate({
    host: `127.0.0.1:${server.port}`,
    target,
    jsonVersion: '1.0',
    service: 'dynamodb',
    region: REGION,
    credentials: alice,
    sign: true,
    close: false,
  });
  const response = await connection.request(template.text(JSON.stringify(body)));
  return { status: response.status, body: JSON.parse(response.body.toString()) };
}
const table = async (operation: string, body: object) =>
  (await ask(`DynamoDB_20120810.${operation}`, body)).body;
const stream = (operation: string, body: object) => ask(`DynamoDBStreams_20120810.${operation}`, body);

it('lists, describes, iterates and reads', async () => {
  await table('CreateTable', streamed('NEW_IMAGE'));
  await table('PutItem', { TableName: 'users', Item: { pk: { S: 'ann' }, ü: { B: 'AAE=' } } });
  const listed = await stream('ListStreams', { TableName: 'users' });
  const [{ StreamArn }] = listed.body.Streams;
  expect((await table('DescribeTable', { TableName: 'users' })).Table.LatestStreamArn).toBe(StreamArn);
  const described = await stream('DescribeStream', { StreamArn });
  const [{ ShardId }] = described.body.StreamDescription.Shards;
  const place = await stream('GetShardIterator', { StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' });
  const got = await stream('GetRecords', place.body);
  expect(got).toMatchObject({ status: 200, body: { Records: [{ eventName: 'INSERT' }] } });
  expect(got.body.Records[0].dynamodb.NewImage).toEqual({ pk: { S: 'ann' }, ü: { B: 'AAE=' } });
});

it('answers with the errors of DynamoDB', async () => {
  expect(await stream('GetRecords', { ShardIterator: 'forged' })).toMatchObject({
    status: 400,
    body: { __type: 'com.amazon.coral.validate#ValidationException', message: 'Invalid ShardIterator' },
  });
  const StreamArn = `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/nobody/stream/2026-01-01T00:00:00.000`;
  expect(await stream('DescribeStream', { StreamArn })).toMatchObject({
    status: 400,
    body: {
      __type: 'com.amazonaws.dynamodb.v20120810#ResourceNotFoundException',
      message: `Requested resource not found: Stream: ${StreamArn} not found`,
    },
  });
  expect((await ask('DynamoDB_20120810.ListStreams', {})).body.__type).toContain('UnknownOperationException');
});
