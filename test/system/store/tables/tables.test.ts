import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ACCOUNT, type Answers, type Bench, hashTable, REGION, sortTable, startBench } from '../harness.ts';

const arnOf = (name: string) => `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/${name}`;

describe.each([
  { storage: 'memory', exclusive: false },
  { storage: 'lmdb', exclusive: false },
  { storage: 'lmdb', exclusive: true },
] as const)('tables in $storage, exclusive: $exclusive', ({ storage, exclusive }) => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await startBench({ storage, exclusive });
  });
  afterEach(() => bench.close());

  it('describes a table: CREATING in the answer, ACTIVE after it', async () => {
    const { TableDescription } = await bench.run('CreateTable', sortTable);
    expect(TableDescription).toMatchObject({
      AttributeDefinitions: sortTable.AttributeDefinitions,
      KeySchema: sortTable.KeySchema,
      TableName: 'events',
      TableStatus: 'CREATING',
      TableArn: arnOf('events'),
      ItemCount: 0,
      TableSizeBytes: 0,
      CreationDateTime: bench.clock.wall_ms() / 1000,
      BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
      ProvisionedThroughput: { ReadCapacityUnits: 0, WriteCapacityUnits: 0, NumberOfDecreasesToday: 0 },
      DeletionProtectionEnabled: false,
    });
    expect(TableDescription.SSEDescription).toBeUndefined();
    const { Table } = await bench.run('DescribeTable', { TableName: 'events' });
    expect(Table).toEqual({ ...TableDescription, TableStatus: 'ACTIVE' });
  });

  it('makes a table once', async () => {
    const made = await Promise.allSettled([
      bench.run('CreateTable', hashTable),
      bench.run('CreateTable', hashTable),
    ]);
    expect(made.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await bench.failure('CreateTable', hashTable)).toMatchObject({
      code: 'ResourceInUseException',
      message: 'Table already exists: users',
    });
  });

  it('lists tables in pages', async () => {
    for (const TableName of ['ccc', 'aaa', 'ddd', 'bbb'])
      await bench.run('CreateTable', { ...hashTable, TableName });
    expect(await bench.run('ListTables', {})).toEqual({ TableNames: ['aaa', 'bbb', 'ccc', 'ddd'] });
    expect(await bench.run('ListTables', { Limit: 3 })).toEqual({
      TableNames: ['aaa', 'bbb', 'ccc'],
      LastEvaluatedTableName: 'ccc',
    });
    expect(await bench.run('ListTables', { Limit: 1, ExclusiveStartTableName: 'ccc' })).toEqual({
      TableNames: ['ddd'],
    });
    expect(await bench.run('ListTables', { ExclusiveStartTableName: 'bba' })).toMatchObject({
      TableNames: ['bbb', 'ccc', 'ddd'],
    });
    expect(await bench.run('ListTables', { ExclusiveStartTableName: null, Limit: null })).toEqual({
      TableNames: ['aaa', 'bbb', 'ccc', 'ddd'],
    });
  });

  it('refuses names of attributes that no item could have', async () => {
    for (const [name, rule] of [
      ['', 'greater than or equal to 1'],
      ['x'.repeat(256), 'less than or equal to 255'],
    ] as const) {
      const failed = await bench.failure('CreateTable', {
        ...hashTable,
        AttributeDefinitions: [{ AttributeName: name, AttributeType: 'S' }],
        KeySchema: [{ AttributeName: name, KeyType: 'HASH' }],
      });
      expect(failed.code).toBe('ValidationException');
      expect(failed.message).toContain(
        `at 'keySchema.1.member.attributeName' failed to satisfy constraint: Member must have length ${rule}`,
      );
    }
  });

  it('deletes a table with all that it held, and a new one of its name begins empty', async () => {
    await bench.run('CreateTable', sortTable);
    const put = (i: number) => ({ TableName: 'events', Item: { pk: { S: 'p' }, sk: { N: String(i) } } });
    await Promise.all(Array.from({ length: 60 }, (_, i) => bench.run('PutItem', put(i))));
    const { TableDescription } = await bench.run('DeleteTable', { TableName: 'events' });
    expect(TableDescription).toMatchObject({ TableStatus: 'DELETING', ItemCount: 60 });
    expect(await bench.failure('DescribeTable', { TableName: 'events' })).toMatchObject({
      code: 'ResourceNotFoundException',
      message: 'Requested resource not found: Table: events not found',
    });
    expect((await bench.failure('PutItem', put(1))).code).toBe('ResourceNotFoundException');
    expect((await bench.failure('DeleteTable', { TableName: 'events' })).code).toBe(
      'ResourceNotFoundException',
    );
    await bench.run('CreateTable', sortTable);
    expect(await bench.run('Scan', { TableName: 'events' })).toMatchObject({ Items: [], Count: 0 });
  });

  it('does not store what was on its way while the table was deleted', async () => {
    await bench.run('CreateTable', hashTable);
    const [deleted, put] = await Promise.allSettled([
      bench.run('DeleteTable', { TableName: 'users' }),
      bench.run('PutItem', { TableName: 'users', Item: { pk: { S: 'late' } } }),
    ]);
    expect(deleted.status).toBe('fulfilled');
    expect((put as PromiseRejectedResult).reason.code).toBe('ResourceNotFoundException');
  });

  it('protects from deletion while that is on', async () => {
    await bench.run('CreateTable', { ...hashTable, DeletionProtectionEnabled: true });
    expect((await bench.failure('DeleteTable', { TableName: 'users' })).message).toContain(
      'protected against deletion',
    );
    await bench.run('UpdateTable', { TableName: 'users', DeletionProtectionEnabled: false });
    await bench.run('DeleteTable', { TableName: 'users' });
  });

  it('changes billing, and keeps it', async () => {
    await bench.run('CreateTable', hashTable);
    const units = { ReadCapacityUnits: 5, WriteCapacityUnits: 7 };
    const changed = await bench.run('UpdateTable', {
      TableName: 'users',
      BillingMode: 'PROVISIONED',
      ProvisionedThroughput: units,
    });
    expect(changed.TableDescription.TableStatus).toBe('UPDATING');
    if (storage === 'lmdb') await bench.reopen();
    const { Table } = await bench.run('DescribeTable', { TableName: 'users' });
    expect(Table.TableStatus).toBe('ACTIVE');
    expect(Table.ProvisionedThroughput).toMatchObject(units);
    expect(Table.BillingModeSummary).toBeUndefined();
  });

  it('keeps tags', async () => {
    const Tags = [{ Key: 'team', Value: 'a' }];
    await bench.run('CreateTable', { ...hashTable, Tags });
    expect(await bench.run('ListTagsOfResource', { ResourceArn: arnOf('users') })).toEqual({ Tags });
    for (const name of ['other', '', 'x'.repeat(5000)]) {
      const { code } = await bench.failure('ListTagsOfResource', { ResourceArn: arnOf(name) });
      expect(code).toBe('ResourceNotFoundException');
    }
  });
});

describe('table requests that are refused', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await startBench();
  });
  afterEach(() => bench.close());

  const definition = (name: string) => ({ AttributeName: name, AttributeType: 'S' });
  const hash = (name: string) => ({ AttributeName: name, KeyType: 'HASH' });
  const range = (name: string) => ({ AttributeName: name, KeyType: 'RANGE' });

  it.each<[string, Answers, string]>([
    [
      'a missing name',
      { TableName: undefined },
      "Value null at 'tableName' failed to satisfy constraint: Member must not be null",
    ],
    [
      'no schema',
      { KeySchema: undefined },
      "Value null at 'keySchema' failed to satisfy constraint: Member must not be null",
    ],
    [
      'an unknown type',
      { AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'SS' }] },
      "Value 'SS' at 'attributeDefinitions.1.member.attributeType' failed to satisfy constraint: Member must satisfy enum value set: [B, N, S]",
    ],
    [
      'an undefined key',
      { KeySchema: [hash('other')] },
      'Some index key attributes are not defined in AttributeDefinitions. Keys: [other], AttributeDefinitions: [pk]',
    ],
    [
      'more keys than definitions',
      { KeySchema: [hash('pk'), range('sk')] },
      'Invalid KeySchema: Some index key attribute have no definition',
    ],
    [
      'more definitions than keys',
      { AttributeDefinitions: [definition('pk'), definition('x')] },
      'Number of attributes in KeySchema does not exactly match',
    ],
    [
      'one key twice',
      { KeySchema: [hash('pk'), range('pk')], AttributeDefinitions: [definition('pk'), definition('x')] },
      'have the same name',
    ],
    ['a range key first', { KeySchema: [range('pk')] }, 'The first KeySchemaElement is not a HASH key type'],
    [
      'two hash keys',
      { KeySchema: [hash('pk'), hash('x')], AttributeDefinitions: [definition('pk'), definition('x')] },
      'The second KeySchemaElement is not a RANGE key type',
    ],
    [
      'no throughput',
      { BillingMode: undefined },
      'ReadCapacityUnits and WriteCapacityUnits must both be specified',
    ],
    [
      'throughput on demand',
      { ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 } },
      'Neither ReadCapacityUnits nor WriteCapacityUnits can be specified',
    ],
    ['an index', { GlobalSecondaryIndexes: [] }, 'List of GlobalSecondaryIndexes is empty'],
    [
      'SSEType without Enabled',
      { SSESpecification: { Enabled: false, SSEType: 'KMS' } },
      'SSEType can not be specified if Enabled is false',
    ],
    [
      'a key without Enabled',
      { SSESpecification: { KMSMasterKeyId: 'x' } },
      'KMSMasterKeyId can not be specified if Enabled is false',
    ],
    [
      'a key without SSEType',
      { SSESpecification: { Enabled: true, KMSMasterKeyId: 'x' } },
      'SSEType KMS is required if KMSMasterKeyId is specified',
    ],
    ['AES256', { SSESpecification: { Enabled: true, SSEType: 'AES256' } }, 'SSEType AES256 is not supported'],
    [
      'two kinds of encryption',
      { SSESpecification: { Enabled: true }, Tags: [{ Key: 'sealbench:encryption', Value: 'none' }] },
      'sealbench:encryption=none excludes SSESpecification',
    ],
    [
      'another encryption tag',
      { Tags: [{ Key: 'sealbench:encryption', Value: 'rot13' }] },
      'can only have the value none',
    ],
  ])('%s', async (_, more, message) => {
    const failed = await bench.failure('CreateTable', { ...hashTable, ...more });
    expect(failed.code).toBe('ValidationException');
    expect(failed.message).toContain(message);
    expect(await bench.run('ListTables', {})).toEqual({ TableNames: [] });
  });

  it('an update of nothing, of too much, or of what is not there', async () => {
    await bench.run('CreateTable', hashTable);
    expect((await bench.failure('UpdateTable', { TableName: 'users' })).message).toContain('At least one of');
    const both = { TableName: 'users', SSESpecification: { Enabled: true }, BillingMode: 'PAY_PER_REQUEST' };
    expect((await bench.failure('UpdateTable', both)).message).toContain(
      'must be the only operation in the request',
    );
    expect(
      (await bench.failure('UpdateTable', { ...both, TableName: 'nix', BillingMode: undefined })).code,
    ).toBe('ResourceNotFoundException');
  });
});
