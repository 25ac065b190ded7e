import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Answers, type Bench, hashTable, sortTable, startBench } from '../harness.ts';

describe('batches', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await startBench();
    await bench.run('CreateTable', hashTable);
    await bench.run('CreateTable', sortTable);
  });
  afterEach(() => bench.close());

  const put = (pk: string, more: object = {}) => ({ PutRequest: { Item: { pk: { S: pk }, ...more } } });
  const key = (pk: string) => ({ pk: { S: pk } });

  it('writes and reads several tables, each with one look at the key cache', async () => {
    await bench.run('PutItem', { TableName: 'users', Item: { pk: { S: 'old' } } });
    bench.store.reset();
    const written = await bench.run('BatchWriteItem', {
      RequestItems: {
        users: [put('a'), put('b', { v: { N: '1' } }), { DeleteRequest: { Key: key('old') } }],
        events: [put('p', { sk: { N: '1' } })],
      },
      ReturnConsumedCapacity: 'TOTAL',
    });
    expect(written.UnprocessedItems).toEqual({});
    expect(written.ConsumedCapacity).toEqual([
      { TableName: 'users', CapacityUnits: 3 },
      { TableName: 'events', CapacityUnits: 1 },
    ]);
    const read = await bench.run('BatchGetItem', {
      RequestItems: {
        users: { Keys: [key('a'), key('b'), key('old')], ConsistentRead: true },
        events: { Keys: [{ ...key('p'), sk: { N: '1' } }], ProjectionExpression: 'sk' },
      },
      ReturnConsumedCapacity: 'INDEXES',
    });
    expect(read).toEqual({
      Responses: { users: [key('a'), { ...key('b'), v: { N: '1' } }], events: [{ sk: { N: '1' } }] },
      UnprocessedKeys: {},
      ConsumedCapacity: [
        { TableName: 'users', CapacityUnits: 3, Table: { CapacityUnits: 3 } },
        { TableName: 'events', CapacityUnits: 0.5, Table: { CapacityUnits: 0.5 } },
      ],
    });
    expect(bench.store.counters().cache).toMatchObject({ lookups: 4, hits: 3, misses: 1 });
  });

  it('leaves keys unprocessed beyond 16 MB', async () => {
    const names = Array.from({ length: 45 }, (_, i) => `big${i}`);
    for (const pk of names) {
      await bench.run('PutItem', {
        TableName: 'users',
        Item: { pk: { S: pk }, text: { S: 'x'.repeat(400_000) } },
      });
    }
    const RequestItems = { users: { Keys: names.map(key), ProjectionExpression: 'pk' } };
    const { Responses, UnprocessedKeys } = await bench.run('BatchGetItem', { RequestItems });
    expect(Responses.users).toHaveLength(41);
    expect(UnprocessedKeys.users).toEqual({ Keys: names.slice(41).map(key), ProjectionExpression: 'pk' });
    const rest = await bench.run('BatchGetItem', { RequestItems: UnprocessedKeys });
    expect(rest.Responses.users.map(({ pk }: Answers) => pk.S)).toEqual(names.slice(41));
  });

  it.each<[string, object, string]>([
    ['BatchGetItem', {}, 'Member must not be null'],
    ['BatchGetItem', { RequestItems: {} }, 'Member must have length greater than or equal to 1'],
    [
      'BatchGetItem',
      { RequestItems: { users: { Keys: [key('a'), key('a')] } } },
      'Provided list of item keys contains duplicates',
    ],
    [
      'BatchGetItem',
      {
        RequestItems: {
          users: { Keys: Array.from({ length: 60 }, (_, i) => key(`${i}`)) },
          events: { Keys: Array.from({ length: 60 }, (_, i) => ({ ...key('p'), sk: { N: `${i}` } })) },
        },
      },
      'Too many items requested for the BatchGetItem call',
    ],
    [
      'BatchWriteItem',
      { RequestItems: { users: Array.from({ length: 26 }, (_, i) => put(`${i}`)) } },
      "at 'requestItems' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length less than or equal to 25, Member must have length greater than or equal to 1]",
    ],
    ['BatchWriteItem', { RequestItems: { users: [] } }, 'Map value must satisfy constraint'],
    [
      'BatchWriteItem',
      {
        RequestItems: {
          users: Array.from({ length: 25 }, (_, i) => put(`${i}`)),
          events: [put('p', { sk: { N: '1' } })],
        },
      },
      'Too many items requested for the BatchWriteItem call',
    ],
    // Longer than a key of LMDB may be.
    [
      'BatchWriteItem',
      { RequestItems: { ['x'.repeat(5000)]: [put('a')] } },
      'Map keys must satisfy constraint',
    ],
    ['BatchGetItem', { RequestItems: { 'a b': { Keys: [key('a')] } } }, 'Map keys must satisfy constraint'],
    [
      'BatchWriteItem',
      { RequestItems: { users: [put('a'), { DeleteRequest: { Key: key('a') } }] } },
      'Provided list of item keys contains duplicates',
    ],
    [
      'BatchWriteItem',
      { RequestItems: { users: [{ PutRequest: null, DeleteRequest: null }] } },
      'Supplied AttributeValue has more than one datatypes set',
    ],
    [
      'BatchWriteItem',
      { RequestItems: { users: [{}] } },
      'Supplied AttributeValue has more than one datatypes set',
    ],
    ['BatchWriteItem', { RequestItems: { events: [put('p')] } }, 'Missing the key sk in the item'],
  ])('refuses a bad %s (%#)', async (operation, body, message) => {
    const failed = await bench.failure(operation, body);
    expect(failed.code).toBe('ValidationException');
    expect(failed.message).toContain(message);
  });

  it('takes a null for nothing', async () => {
    const writes = [{ PutRequest: null, DeleteRequest: { Key: key('a') } }];
    const answer = await bench.run('BatchWriteItem', { RequestItems: { users: writes } });
    expect(answer).toEqual({ UnprocessedItems: {} });
  });

  it('names a table that is not there', async () => {
    const failed = await bench.failure('BatchWriteItem', {
      RequestItems: { users: [put('a')], nowhere: [put('a')] },
    });
    expect(failed).toMatchObject({
      code: 'ResourceNotFoundException',
      message: 'Requested resource not found',
    });
    expect(await bench.run('GetItem', { TableName: 'users', Key: key('a') })).toEqual({});
  });
});
