import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ACCOUNT,
  type Answers,
  type Bench,
  bob,
  hashTable,
  REGION,
  sortTable,
  startBench,
} from '../harness.ts';
import { allRecords, arnOfStream, HOUR_MS, iterator, recordsOf, shardsOf, streamed } from './streamed.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await startBench();
});
afterEach(() => bench.close());

const put = (pk: string, more: object = {}) =>
  bench.run('PutItem', { TableName: 'users', Item: { pk: { S: pk }, ...more } });
const remove = (pk: string) => bench.run('DeleteItem', { TableName: 'users', Key: { pk: { S: pk } } });
const update = (StreamSpecification: object, more: object = {}) => ({
  TableName: 'users',
  StreamSpecification,
  ...more,
});
const enable = (StreamViewType = 'NEW_IMAGE') => update({ StreamEnabled: true, StreamViewType });
const disable = update({ StreamEnabled: false });

describe('a table’s stream', () => {
  it('is described with the table, and by itself', async () => {
    const { TableDescription } = await bench.run('CreateTable', streamed('NEW_AND_OLD_IMAGES'));
    const label = new Date(bench.clock.wall_ms()).toISOString().slice(0, -1);
    const arn = `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/users/stream/${label}`;
    expect(TableDescription).toMatchObject({
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
      LatestStreamArn: arn,
      LatestStreamLabel: label,
    });
    const { StreamDescription } = await bench.run('DescribeStream', { StreamArn: arn });
    expect(StreamDescription).toEqual({
      StreamArn: arn,
      StreamLabel: label,
      StreamStatus: 'ENABLED',
      StreamViewType: 'NEW_AND_OLD_IMAGES',
      CreationRequestDateTime: bench.clock.wall_ms() / 1000,
      TableName: 'users',
      KeySchema: hashTable.KeySchema,
      Shards: [
        {
          ShardId: expect.stringMatching(/^shardId-\d{20}-[0-9a-f]{8}$/),
          SequenceNumberRange: { StartingSequenceNumber: expect.stringMatching(/^\d{21}$/) },
        },
      ],
    });
  });

  it('is not there unless it is asked for', async () => {
    const { TableDescription } = await bench.run('CreateTable', {
      ...hashTable,
      StreamSpecification: { StreamEnabled: false },
    });
    expect(Object.keys(TableDescription).filter((name) => name.includes('Stream'))).toEqual([]);
    expect(await bench.run('ListStreams', {})).toEqual({ Streams: [] });
  });

  it('is disabled, stays readable, and comes back as another', async () => {
    await bench.run('CreateTable', streamed('KEYS_ONLY'));
    await put('a');
    const first = await arnOfStream(bench);
    const { TableDescription } = await bench.run('UpdateTable', disable);
    expect(TableDescription).toMatchObject({ TableStatus: 'UPDATING', LatestStreamArn: first });
    expect(TableDescription.StreamSpecification).toBeUndefined();
    await put('unseen');
    await bench.run('UpdateTable', enable());
    const second = await arnOfStream(bench);
    expect(second).not.toBe(first);
    await put('b');
    const { StreamDescription } = await bench.run('DescribeStream', { StreamArn: first });
    expect(StreamDescription.StreamStatus).toBe('DISABLED');
    expect(StreamDescription.Shards[0].SequenceNumberRange.EndingSequenceNumber).toMatch(/^\d{21}$/);
    const keys = (records: Answers[]) => records.map(({ dynamodb }) => dynamodb.Keys.pk.S);
    expect(keys(await allRecords(bench, first))).toEqual(['a']);
    expect(keys(await allRecords(bench, second))).toEqual(['b']);
    const { Streams } = await bench.run('ListStreams', { TableName: 'users' });
    expect(Streams.map((stream: Answers) => stream.StreamArn)).toEqual([first, second]);
    bench.clock.advance(24 * HOUR_MS + 1000);
    expect((await bench.failure('DescribeStream', { StreamArn: first })).code).toBe(
      'ResourceNotFoundException',
    );
    expect((await bench.run('ListStreams', {})).Streams).toHaveLength(1);
  });

  it('outlives its table by a day, and a new table of the name has nothing of it', async () => {
    await bench.run('CreateTable', streamed('NEW_IMAGE'));
    await put('a', { n: { N: '1' } });
    const arn = await arnOfStream(bench);
    await bench.run('DeleteTable', { TableName: 'users' });
    await bench.run('CreateTable', streamed('NEW_IMAGE'));
    await put('other');
    bench.store.wipeCaches();
    const records = await allRecords(bench, arn);
    expect(records.map(({ dynamodb }) => dynamodb.NewImage)).toEqual([{ pk: { S: 'a' }, n: { N: '1' } }]);
    expect((await bench.run('DescribeStream', { StreamArn: arn })).StreamDescription.StreamStatus).toBe(
      'DISABLED',
    );
    bench.clock.advance(24 * HOUR_MS + 1000);
    expect((await bench.failure('DescribeStream', { StreamArn: arn })).code).toBe(
      'ResourceNotFoundException',
    );
  });

  it('pages through streams', async () => {
    for (const name of ['ccc', 'aaa', 'bbb']) await bench.run('CreateTable', streamed('KEYS_ONLY', name));
    const first = await bench.run('ListStreams', { Limit: 2 });
    expect(first.Streams.map((stream: Answers) => stream.TableName)).toEqual(['aaa', 'bbb']);
    const second = await bench.run('ListStreams', { ExclusiveStartStreamArn: first.LastEvaluatedStreamArn });
    expect(second.Streams.map((stream: Answers) => stream.TableName)).toEqual(['ccc']);
    expect(second.LastEvaluatedStreamArn).toBeUndefined();
  });
});

describe('records', () => {
  it('tell what was done, with what the view type has of it', async () => {
    const write = async (TableName: string) => {
      const key = { pk: { S: 'p' }, sk: { N: '7' } };
      await bench.run('PutItem', { TableName, Item: { ...key, a: { S: 'one' } } });
      await bench.run('UpdateItem', {
        TableName,
        Key: key,
        UpdateExpression: 'SET a = :two',
        ExpressionAttributeValues: { ':two': { S: 'two' } },
      });
      await bench.run('DeleteItem', { TableName, Key: key });
    };
    const key = { pk: { S: 'p' }, sk: { N: '7' } };
    const one = { ...key, a: { S: 'one' } };
    const two = { ...key, a: { S: 'two' } };
    const images = {
      KEYS_ONLY: [{}, {}, {}],
      NEW_IMAGE: [{ NewImage: one }, { NewImage: two }, {}],
      OLD_IMAGE: [{}, { OldImage: one }, { OldImage: two }],
      NEW_AND_OLD_IMAGES: [{ NewImage: one }, { NewImage: two, OldImage: one }, { OldImage: two }],
    } as const;
    for (const [StreamViewType, expected] of Object.entries(images)) {
      await bench.run('CreateTable', {
        ...sortTable,
        TableName: StreamViewType,
        StreamSpecification: { StreamEnabled: true, StreamViewType },
      });
      await write(StreamViewType);
      const records = await allRecords(bench, await arnOfStream(bench, StreamViewType));
      expect(records).toEqual(
        ['INSERT', 'MODIFY', 'REMOVE'].map((eventName, i) => ({
          eventID: expect.stringMatching(/^[0-9a-f]{32}$/),
          eventName,
          eventVersion: '1.1',
          eventSource: 'aws:dynamodb',
          awsRegion: REGION,
          dynamodb: {
            ApproximateCreationDateTime: Math.floor(bench.clock.wall_ms() / 1000),
            Keys: key,
            ...expected[i],
            SequenceNumber: expect.stringMatching(/^\d{21}$/),
            // As itemSizeBytes counts: 3 + 4 for the key, 4 more for the attribute in an image.
            SizeBytes: 7 + 11 * Object.keys(expected[i]!).length,
            StreamViewType,
          },
        })),
      );
      const numbers = records.map(({ dynamodb }) => dynamodb.SequenceNumber);
      expect(numbers).toEqual([...new Set(numbers)].sort());
    }
  });

  it('are not written for what changes nothing', async () => {
    await bench.run('CreateTable', streamed('NEW_AND_OLD_IMAGES'));
    await put('a', { n: { N: '1' }, set: { SS: ['x', 'y'] } });
    await put('a', { n: { N: '1.0' }, set: { SS: ['y', 'x'] } });
    await remove('b');
    await bench.run('UpdateItem', { TableName: 'users', Key: { pk: { S: 'a' } } });
    await bench.failure('PutItem', {
      TableName: 'users',
      Item: { pk: { S: 'a' } },
      ConditionExpression: 'attribute_not_exists(pk)',
    });
    expect(await allRecords(bench, await arnOfStream(bench))).toHaveLength(1);
  });

  it('come in pages of so many, and of a megabyte', async () => {
    await bench.run('CreateTable', streamed('NEW_IMAGE'));
    for (let i = 0; i < 6; i++) await put(`k${i}`, { text: { S: 'x'.repeat(300_000) } });
    const arn = await arnOfStream(bench);
    const [{ ShardId }] = await shardsOf(bench, arn);
    const ShardIterator = await iterator(bench, arn, { ShardId, ShardIteratorType: 'TRIM_HORIZON' });
    expect((await bench.run('GetRecords', { ShardIterator })).Records).toHaveLength(3);
    expect((await bench.run('GetRecords', { ShardIterator, Limit: 2 })).Records).toHaveLength(2);
    expect(await recordsOf(bench, arn, ShardId, 2)).toHaveLength(6);
  });

  it('are read from where an iterator says', async () => {
    await bench.run('CreateTable', streamed('KEYS_ONLY'));
    for (const pk of ['a', 'b', 'c']) await put(pk);
    const arn = await arnOfStream(bench);
    const [{ ShardId }] = await shardsOf(bench, arn);
    const all = await recordsOf(bench, arn, ShardId);
    const read = async (ShardIteratorType: string, SequenceNumber?: string) => {
      const ShardIterator = await iterator(bench, arn, { ShardId, ShardIteratorType, SequenceNumber });
      return (await bench.run('GetRecords', { ShardIterator })).Records;
    };
    const { SequenceNumber } = all[1].dynamodb;
    expect(await read('AT_SEQUENCE_NUMBER', SequenceNumber)).toEqual(all.slice(1));
    expect(await read('AFTER_SEQUENCE_NUMBER', SequenceNumber)).toEqual(all.slice(2));
    expect(await read('TRIM_HORIZON')).toEqual(all);
    const latest = await iterator(bench, arn, { ShardId, ShardIteratorType: 'LATEST' });
    await put('d');
    const after = await bench.run('GetRecords', { ShardIterator: latest });
    expect(after.Records.map((record: Answers) => record.dynamodb.Keys.pk.S)).toEqual(['d']);
  });
});

describe('shards', () => {
  it('follow each other every four hours, also when nothing is written', async () => {
    await bench.run('CreateTable', streamed('KEYS_ONLY'));
    const arn = await arnOfStream(bench);
    await put('a');
    const [first] = await shardsOf(bench, arn);
    const open = await iterator(bench, arn, { ShardId: first.ShardId, ShardIteratorType: 'LATEST' });
    bench.clock.advance(4 * HOUR_MS - 1);
    expect(await shardsOf(bench, arn)).toEqual([first]);
    bench.clock.advance(1);
    const [closed, child, ...rest] = await shardsOf(bench, arn);
    expect(rest).toEqual([]);
    expect(closed).toEqual({
      ShardId: first.ShardId,
      SequenceNumberRange: {
        ...first.SequenceNumberRange,
        EndingSequenceNumber: expect.stringMatching(/^\d{21}$/),
      },
    });
    expect(child).toMatchObject({ ParentShardId: first.ShardId });
    expect(
      child.SequenceNumberRange.StartingSequenceNumber > closed.SequenceNumberRange.EndingSequenceNumber,
    ).toBe(true);
    await put('b');
    const keys = (records: Answers[]) => records.map(({ dynamodb }) => dynamodb.Keys.pk.S);
    expect(keys(await recordsOf(bench, arn, first.ShardId))).toEqual(['a']);
    expect(keys(await recordsOf(bench, arn, child.ShardId))).toEqual(['b']);
    expect((await bench.failure('GetRecords', { ShardIterator: open })).code).toBe(
      'ExpiredIteratorException',
    );
    const ended = await iterator(bench, arn, { ShardId: first.ShardId, ShardIteratorType: 'LATEST' });
    expect(await bench.run('GetRecords', { ShardIterator: ended })).toEqual({ Records: [] });
  });

  it('are listed in pages, and by their parent', async () => {
    await bench.run('CreateTable', streamed('KEYS_ONLY'));
    const StreamArn = await arnOfStream(bench);
    bench.clock.advance(9 * HOUR_MS);
    const all = await shardsOf(bench, StreamArn);
    expect(all).toHaveLength(3);
    const { StreamDescription: page } = await bench.run('DescribeStream', { StreamArn, Limit: 2 });
    expect(page).toMatchObject({ Shards: all.slice(0, 2), LastEvaluatedShardId: all[1].ShardId });
    const { StreamDescription: rest } = await bench.run('DescribeStream', {
      StreamArn,
      ExclusiveStartShardId: all[1].ShardId,
    });
    expect(rest.Shards).toEqual(all.slice(2));
    expect(rest.LastEvaluatedShardId).toBeUndefined();
    const { StreamDescription: children } = await bench.run('DescribeStream', {
      StreamArn,
      ShardFilter: { Type: 'CHILD_SHARDS', ShardId: all[1].ShardId },
    });
    expect(children.Shards).toEqual(all.slice(2));
  });

  it('and records are out of sight after a day', async () => {
    await bench.run('CreateTable', streamed('KEYS_ONLY'));
    const arn = await arnOfStream(bench);
    await put('old');
    const [first] = await shardsOf(bench, arn);
    const [{ dynamodb }] = await recordsOf(bench, arn, first.ShardId);
    bench.clock.advance(HOUR_MS);
    await put('newer');
    bench.clock.advance(23 * HOUR_MS + 1);
    const keys = (await recordsOf(bench, arn, first.ShardId)).map((record) => record.dynamodb.Keys.pk.S);
    expect(keys).toEqual(['newer']);
    const at = { StreamArn: arn, ShardId: first.ShardId, SequenceNumber: dynamodb.SequenceNumber };
    expect(
      (await bench.failure('GetShardIterator', { ...at, ShardIteratorType: 'AT_SEQUENCE_NUMBER' })).code,
    ).toBe('TrimmedDataAccessException');
    bench.clock.advance(4 * HOUR_MS);
    expect((await shardsOf(bench, arn)).map(({ ShardId }) => ShardId)).not.toContain(first.ShardId);
    const gone = { StreamArn: arn, ShardId: first.ShardId, ShardIteratorType: 'TRIM_HORIZON' };
    expect((await bench.failure('GetShardIterator', gone)).code).toBe('ResourceNotFoundException');
  });

  it('lose a record between two pages only with word of it', async () => {
    await bench.run('CreateTable', streamed('KEYS_ONLY'));
    const arn = await arnOfStream(bench);
    await put('a');
    await put('b');
    bench.clock.advance(24 * HOUR_MS - 60_000);
    const [{ ShardId }] = await shardsOf(bench, arn);
    const start = await iterator(bench, arn, { ShardId, ShardIteratorType: 'TRIM_HORIZON' });
    const page = await bench.run('GetRecords', { ShardIterator: start, Limit: 1 });
    bench.clock.advance(2 * 60_000);
    const failed = await bench.failure('GetRecords', { ShardIterator: page.NextShardIterator });
    expect(failed.code).toBe('TrimmedDataAccessException');
    expect((await bench.run('GetRecords', { ShardIterator: start })).Records).toEqual([]);
  });
});

describe('whoever reads a stream', () => {
  it('opens it with the table’s key: a Decrypt of theirs on a cache miss, none before it expires', async () => {
    const { KeyMetadata } = await bench.asUser('CreateKey', {});
    await bench.run('CreateTable', {
      ...streamed('NEW_IMAGE'),
      SSESpecification: { Enabled: true, SSEType: 'KMS', KMSMasterKeyId: KeyMetadata.Arn },
    });
    await put('a');
    const StreamArn = await arnOfStream(bench);
    const [{ ShardId }] = await shardsOf(bench, StreamArn);
    const decrypts = () => bench.kms.counters().calls.Decrypt ?? 0;
    const as = { as: bob, connection: 9 };
    const before = decrypts();
    const get = async () => {
      const asked = { StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' };
      const { ShardIterator } = await bench.run('GetShardIterator', asked, as);
      return bench.run('GetRecords', { ShardIterator }, as);
    };
    expect((await get()).Records).toHaveLength(1);
    await get();
    expect(decrypts()).toBe(before + 1);
    bench.clock.advance(301_000);
    await bench.asUser('DisableKey', { KeyId: KeyMetadata.KeyId });
    const asked = { StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' };
    expect((await bench.failure('GetShardIterator', asked, as)).message).toContain('KMS key disabled error');
  });
});
