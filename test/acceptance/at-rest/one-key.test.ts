/** What the page says of the key of a table and of all that belongs to it. */
import { PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import {
  DescribeStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
} from '@aws-sdk/client-dynamodb-streams';
import { DisableKeyCommand } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AtRest, atRest, createKey, createTable, failure, KEY_DISABLED, under } from './at-rest.ts';

let at: AtRest;

beforeAll(async () => {
  at = await atRest();
});
afterAll(async () => {
  await at.stop();
});

it('26. One customer managed key is that of the table, its local and global indexes and its stream', async () => {
  const arn = await createKey(at.kms);
  const name = 'indexed';
  const AttributeDefinitions = ['id', 'sk', 'text'].map((AttributeName) => ({
    AttributeName,
    AttributeType: 'S' as const,
  }));
  const Projection = { ProjectionType: 'ALL' } as const;
  const { LatestStreamArn: StreamArn } = await createTable(at, name, {
    ...under(arn),
    AttributeDefinitions,
    KeySchema: [
      { AttributeName: 'id', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
    LocalSecondaryIndexes: [
      {
        IndexName: 'local',
        Projection,
        KeySchema: [
          { AttributeName: 'id', KeyType: 'HASH' },
          { AttributeName: 'text', KeyType: 'RANGE' },
        ],
      },
    ],
    GlobalSecondaryIndexes: [
      { IndexName: 'global', Projection, KeySchema: [{ AttributeName: 'text', KeyType: 'HASH' }] },
    ],
    StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' },
  });
  await at.dynamodb.send(
    new PutItemCommand({
      TableName: name,
      Item: { id: { S: 'a' }, sk: { S: '1' }, text: { S: 'x' } },
    }),
  );
  const query = async (attribute: 'id' | 'text', value: string, IndexName?: string): Promise<unknown> => {
    const command = new QueryCommand({
      TableName: name,
      IndexName,
      KeyConditionExpression: '#a = :v',
      ExpressionAttributeNames: { '#a': attribute },
      ExpressionAttributeValues: { ':v': { S: value } },
    });
    return (await at.dynamodb.send(command)).Count;
  };
  const readStream = async (): Promise<unknown> => {
    const { StreamDescription } = await at.streams.send(new DescribeStreamCommand({ StreamArn }));
    const { ShardId } = StreamDescription!.Shards![0]!;
    const { ShardIterator } = await at.streams.send(
      new GetShardIteratorCommand({ StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' }),
    );
    return (await at.streams.send(new GetRecordsCommand({ ShardIterator }))).Records!.length;
  };
  const reads = [
    () => query('id', 'a'),
    () => query('id', 'a', 'local'),
    () => query('text', 'x', 'global'),
    readStream,
  ];
  for (const read of reads) expect(await read()).toBe(1);
  const ofTable = (await at.trail()).filter(
    ({ requestParameters }) => requestParameters?.encryptionContext?.['aws:dynamodb:tableName'] === name,
  );
  expect(new Set(ofTable.flatMap(({ resources }) => resources.map(({ ARN }) => ARN)))).toEqual(
    new Set([arn]),
  );
  expect(ofTable.filter(({ eventName }) => eventName === 'GenerateDataKey')).toHaveLength(1);
  await at.kms.send(new DisableKeyCommand({ KeyId: arn }));
  await at.pass('6m');
  for (const read of reads) expect(await failure(read())).toMatchObject(KEY_DISABLED);
});
