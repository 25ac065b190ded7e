import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Bench, hashTable, sortTable, startBench } from '../harness.ts';

describe.each([
  { storage: 'memory', exclusive: false },
  { storage: 'lmdb', exclusive: false },
  { storage: 'lmdb', exclusive: true },
] as const)('items in $storage, exclusive: $exclusive', ({ storage, exclusive }) => {
  let bench: Bench;
  const user = {
    pk: { S: 'ann' },
    age: { N: '41' },
    tags: { SS: ['a', 'b'] },
    nested: { M: { x: { L: [{ N: '1' }] } } },
  };

  beforeEach(async () => {
    bench = await startBench({ storage, exclusive });
    await bench.run('CreateTable', hashTable);
  });
  afterEach(() => bench.close());

  it('puts, gets, replaces and deletes', async () => {
    expect(await bench.run('GetItem', { TableName: 'users', Key: { pk: { S: 'ann' } } })).toEqual({});
    expect(await bench.run('PutItem', { TableName: 'users', Item: user })).toEqual({});
    expect(await bench.run('GetItem', { TableName: 'users', Key: { pk: { S: 'ann' } } })).toEqual({
      Item: user,
    });
    const replaced = await bench.run('PutItem', {
      TableName: 'users',
      Item: { pk: { S: 'ann' }, age: { N: '1.50' } },
      ReturnValues: 'ALL_OLD',
    });
    expect(replaced).toEqual({ Attributes: user });
    const gone = await bench.run('DeleteItem', {
      TableName: 'users',
      Key: { pk: { S: 'ann' } },
      ReturnValues: 'ALL_OLD',
    });
    expect(gone).toEqual({ Attributes: { pk: { S: 'ann' }, age: { N: '1.5' } } });
    expect(await bench.run('GetItem', { TableName: 'users', Key: { pk: { S: 'ann' } } })).toEqual({});
    expect(await bench.run('DeleteItem', { TableName: 'users', Key: { pk: { S: 'ann' } } })).toEqual({});
  });

  it('projects, and keeps attributes with treacherous names', async () => {
    const text = '{"pk":{"S":"p"},"__proto__":{"S":"x"},"constructor":{"M":{"__proto__":{"N":"1"}}}}';
    await bench.run('PutItem', { TableName: 'users', Item: JSON.parse(text) });
    const { Item } = await bench.run('GetItem', {
      TableName: 'users',
      Key: { pk: { S: 'p' } },
      ProjectionExpression: '#p, #c',
      ExpressionAttributeNames: { '#p': '__proto__', '#c': 'constructor' },
    });
    expect(Object.keys(Item).sort()).toEqual(['__proto__', 'constructor']);
    const whole = await bench.store.execute(
      'GetItem',
      { TableName: 'users', Key: { pk: { S: 'p' } } },
      {
        principal: {
          arn: 'arn:aws:iam::123456789012:user/alice',
          accountId: '1',
          name: 'alice',
          kind: 'user',
        },
        connectionId: 1,
      },
    );
    expect(String(whole)).toBe(`{"Item":${text}}`);
  });

  it('checks conditions against the item as it is', async () => {
    const put = { TableName: 'users', Item: user, ConditionExpression: 'attribute_not_exists(pk)' };
    await bench.run('PutItem', put);
    const failed = await bench.failure('PutItem', { ...put, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' });
    expect(failed).toEqual({
      code: 'ConditionalCheckFailedException',
      message: 'The conditional request failed',
      fields: { Item: user },
    });
    expect((await bench.failure('PutItem', put)).fields).toEqual({});
    const aged = {
      TableName: 'users',
      Key: { pk: { S: 'ann' } },
      ConditionExpression: 'age < :limit',
      ExpressionAttributeValues: { ':limit': { N: '40' } },
    };
    expect((await bench.failure('DeleteItem', aged)).code).toBe('ConditionalCheckFailedException');
    await bench.run('DeleteItem', { ...aged, ExpressionAttributeValues: { ':limit': { N: '42' } } });
    expect((await bench.failure('DeleteItem', aged)).code).toBe('ConditionalCheckFailedException');
  });

  it('lets one of many concurrent conditional writers win', async () => {
    const attempts = Array.from({ length: 20 }, (_, i) =>
      bench
        .run('PutItem', {
          TableName: 'users',
          Item: { pk: { S: 'one' }, by: { N: String(i) } },
          ConditionExpression: 'attribute_not_exists(pk)',
        })
        .then(
          () => i,
          () => undefined,
        ),
    );
    const winners = (await Promise.all(attempts)).filter((i) => i !== undefined);
    expect(winners).toHaveLength(1);
    const { Item } = await bench.run('GetItem', { TableName: 'users', Key: { pk: { S: 'one' } } });
    expect(Item.by).toEqual({ N: String(winners[0]) });
  });

  it('adds up concurrent updates, and returns what was asked for', async () => {
    const add = {
      TableName: 'users',
      Key: { pk: { S: 'counter' } },
      UpdateExpression: 'ADD hits :one SET seen = :yes',
      ExpressionAttributeValues: { ':one': { N: '1' }, ':yes': { BOOL: true } },
    };
    await Promise.all(Array.from({ length: 50 }, () => bench.run('UpdateItem', add)));
    const returned = async (ReturnValues: string) =>
      (await bench.run('UpdateItem', { ...add, ReturnValues })).Attributes;
    expect(await returned('UPDATED_NEW')).toEqual({ hits: { N: '51' }, seen: { BOOL: true } });
    expect(await returned('UPDATED_OLD')).toEqual({ hits: { N: '51' }, seen: { BOOL: true } });
    expect(await returned('ALL_OLD')).toEqual({
      pk: { S: 'counter' },
      hits: { N: '52' },
      seen: { BOOL: true },
    });
    expect(await returned('ALL_NEW')).toEqual({
      pk: { S: 'counter' },
      hits: { N: '54' },
      seen: { BOOL: true },
    });
    expect(await returned('NONE')).toBeUndefined();
    await bench.run('UpdateItem', { TableName: 'users', Key: { pk: { S: 'bare' } } });
    expect(await bench.run('GetItem', { TableName: 'users', Key: { pk: { S: 'bare' } } })).toEqual({
      Item: { pk: { S: 'bare' } },
    });
  });

  it('counts capacity units and keeps exact totals', async () => {
    const big = { pk: { S: 'big' }, text: { S: 'x'.repeat(5_000) } };
    const total = { ReturnConsumedCapacity: 'TOTAL' };
    const units = async (operation: string, body: object) =>
      (await bench.run(operation, { TableName: 'users', ...total, ...body })).ConsumedCapacity.CapacityUnits;
    expect(await units('PutItem', { Item: big })).toBe(5);
    expect(await units('GetItem', { Key: { pk: { S: 'big' } } })).toBe(1);
    expect(await units('GetItem', { Key: { pk: { S: 'big' } }, ConsistentRead: true })).toBe(2);
    expect(await units('GetItem', { Key: { pk: { S: 'none' } } })).toBe(0.5);
    expect(await units('PutItem', { Item: { pk: { S: 'big' } } })).toBe(5);
    await bench.run('PutItem', { TableName: 'users', Item: { pk: { S: 'b' } } });
    const { Table } = await bench.run('DescribeTable', { TableName: 'users' });
    expect([Table.ItemCount, Table.TableSizeBytes]).toEqual([2, 5 + 3]);
    await bench.run('DeleteItem', { TableName: 'users', Key: { pk: { S: 'big' } } });
    const after = await bench.run('DescribeTable', { TableName: 'users' });
    expect([after.Table.ItemCount, after.Table.TableSizeBytes]).toEqual([1, 3]);
    const indexes = await bench.run('GetItem', {
      TableName: 'users',
      Key: { pk: { S: 'b' } },
      ReturnConsumedCapacity: 'INDEXES',
    });
    expect(indexes.ConsumedCapacity).toEqual({
      TableName: 'users',
      CapacityUnits: 0.5,
      Table: { CapacityUnits: 0.5 },
    });
  });

  it('takes equal numbers for one key', async () => {
    await bench.run('CreateTable', sortTable);
    await bench.run('PutItem', {
      TableName: 'events',
      Item: { pk: { S: 'p' }, sk: { N: '1.0' }, v: { S: 'a' } },
    });
    await bench.run('PutItem', {
      TableName: 'events',
      Item: { pk: { S: 'p' }, sk: { N: '1' }, v: { S: 'b' } },
    });
    const { Item } = await bench.run('GetItem', {
      TableName: 'events',
      Key: { pk: { S: 'p' }, sk: { N: '10e-1' } },
    });
    expect(Item.v).toEqual({ S: 'b' });
    expect((await bench.run('DescribeTable', { TableName: 'events' })).Table.ItemCount).toBe(1);
  });

  it('survives a restart, or not, as the storage says', async () => {
    await bench.run('PutItem', { TableName: 'users', Item: user });
    await bench.reopen();
    if (storage === 'memory') {
      expect((await bench.failure('GetItem', { TableName: 'users', Key: { pk: { S: 'ann' } } })).code).toBe(
        'ResourceNotFoundException',
      );
      return;
    }
    expect(await bench.run('GetItem', { TableName: 'users', Key: { pk: { S: 'ann' } } })).toEqual({
      Item: user,
    });
  });
});

describe('bad requests', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await startBench();
    await bench.run('CreateTable', hashTable);
    await bench.run('CreateTable', sortTable);
  });
  afterEach(() => bench.close());

  const key = { pk: { S: 'a' } };
  const mismatch = 'The provided key element does not match the schema';
  const invalid = 'One or more parameter values were invalid: ';

  it.each<[string, object, string, string]>([
    [
      'GetItem',
      { TableName: 'nowhere', Key: key },
      'ResourceNotFoundException',
      'Requested resource not found',
    ],
    ['GetItem', { TableName: 'users', Key: {} }, 'ValidationException', mismatch],
    ['GetItem', { TableName: 'users', Key: { pk: { N: '1' } } }, 'ValidationException', mismatch],
    ['GetItem', { TableName: 'events', Key: key }, 'ValidationException', mismatch],
    ['GetItem', { TableName: 'users', Key: { ...key, more: { S: 'x' } } }, 'ValidationException', mismatch],
    [
      'GetItem',
      { TableName: 'users', Key: { pk: { S: '' } } },
      'ValidationException',
      `${invalid}The AttributeValue for a key attribute cannot contain an empty string value. Key: pk`,
    ],
    [
      'PutItem',
      { TableName: 'users', Item: { pk: { S: '' } } },
      'ValidationException',
      'One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: pk',
    ],
    [
      'PutItem',
      { TableName: 'users', Item: {} },
      'ValidationException',
      `${invalid}Missing the key pk in the item`,
    ],
    [
      'PutItem',
      { TableName: 'users', Item: { pk: { N: '1' } } },
      'ValidationException',
      `${invalid}Type mismatch for key pk expected: S actual: N`,
    ],
    [
      'PutItem',
      { TableName: 'users', Item: { pk: { S: 'x'.repeat(2049) } } },
      'ValidationException',
      `${invalid}Size of hashkey has exceeded the maximum size limit of2048 bytes`,
    ],
    [
      'PutItem',
      { TableName: 'users', Item: { ...key, x: { S: 'x'.repeat(410_000) } } },
      'ValidationException',
      'Item size has exceeded the maximum allowed size',
    ],
    [
      'PutItem',
      { TableName: 'users', Item: key, ReturnValues: 'ALL_NEW' },
      'ValidationException',
      'Return values set to invalid value',
    ],
    [
      'PutItem',
      { TableName: 'a!', Item: key, ReturnValues: 'SOME' },
      'ValidationException',
      "3 validation errors detected: Value 'a!' at 'tableName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+; " +
        "Value 'a!' at 'tableName' failed to satisfy constraint: Member must have length greater than or equal to 3; " +
        "Value 'SOME' at 'returnValues' failed to satisfy constraint: Member must satisfy enum value set: [ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]",
    ],
    [
      'PutItem',
      { TableName: 7, Item: key },
      'SerializationException',
      'NUMBER_VALUE cannot be converted to String',
    ],
    ['PutItem', { TableName: 'users', Item: [] }, 'SerializationException', 'Unexpected field type'],
    [
      'UpdateItem',
      {
        TableName: 'users',
        Key: key,
        UpdateExpression: 'SET pk = :v',
        ExpressionAttributeValues: { ':v': { S: 'b' } },
      },
      'ValidationException',
      `${invalid}Cannot update attribute pk. This attribute is part of the key`,
    ],
    ['TransactWriteItems', {}, 'UnknownOperationException', ''],
    ['toString', {}, 'UnknownOperationException', ''],
  ])('%s of bad request %#', async (operation, body, code, message) => {
    expect(await bench.failure(operation, body)).toMatchObject({ code, message });
  });

  it('refuses legacy parameters', async () => {
    const failed = await bench.failure('GetItem', { TableName: 'users', Key: key, AttributesToGet: ['a'] });
    expect(failed.code).toBe('ValidationException');
    expect(failed.message).toContain('AttributesToGet');
  });

  it('refuses sort keys over 1,024 bytes', async () => {
    await bench.run('CreateTable', {
      ...sortTable,
      TableName: 'texts',
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
      ],
    });
    const put = (bytes: number) => ({
      TableName: 'texts',
      Item: { ...key, sk: { S: 'é'.repeat(bytes / 2) } },
    });
    await bench.run('PutItem', put(1024));
    expect((await bench.failure('PutItem', put(1026))).message).toContain(
      'Aggregated size of all range keys',
    );
  });
});
