import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { restore } from '../backups/backup-harness.ts';
import { type Answers, type Bench, startBench } from '../harness.ts';
import { gamesTable, globalIndex, keySchema } from './indexed.ts';

const INVALID = 'One or more parameter values were invalid: ';
const IN_USE = 'Attempt to change a resource which is still in use: ';
const ALL = { ProjectionType: 'ALL' };
const UNITS = { ReadCapacityUnits: 2, WriteCapacityUnits: 2 };
/** More than the store fills in before it lets others have their turn. */
const ITEMS = 2200;

let bench: Bench;
beforeEach(async () => {
  bench = await startBench();
  await bench.run('CreateTable', gamesTable);
});
afterEach(() => bench.close());

const definitions = (...names: string[]) =>
  names.map((AttributeName) => ({ AttributeName, AttributeType: 'S' }));
const create = (name: string, keys = ['city'], more: object = {}) => ({
  Create: { ...globalIndex(name, keys, ALL), ...more },
});
const remove = (name: string) => ({ Delete: { IndexName: name } });
const update = (name: string, units: object = UNITS) => ({
  Update: { IndexName: name, ProvisionedThroughput: units },
});
const updates = (...entries: object[]): Answers => ({
  TableName: 'games',
  AttributeDefinitions: definitions('city', 'note'),
  GlobalSecondaryIndexUpdates: entries,
});
const change = (...entries: object[]) => bench.run('UpdateTable', updates(...entries));
const failed = (body: object) => bench.failure('UpdateTable', body);

async function fill(count: number): Promise<void> {
  for (let first = 0; first < count; first += 25) {
    const numbers = Array.from({ length: Math.min(25, count - first) }, (_, n) => first + n);
    const games = numbers.map((n) => ({
      PutRequest: {
        Item: { user: { S: `u${n}` }, title: { S: 'go' }, city: { S: `c${n % 3}` }, score: { N: `${n}` } },
      },
    }));
    await bench.run('BatchWriteItem', { RequestItems: { games } });
  }
}

async function described(): Promise<Answers> {
  return (await bench.run('DescribeTable', { TableName: 'games' })).Table;
}

async function stateOf(name: string): Promise<Answers> {
  const table = await described();
  const index = table.GlobalSecondaryIndexes.find(({ IndexName }: Answers) => IndexName === name);
  return index && [table.TableStatus, index.IndexStatus, index.Backfilling, index.ItemCount];
}

describe('An index that is added to a table', () => {
  it('is allocated, filled and then read, while writes go on', async () => {
    await fill(ITEMS);
    const { TableDescription } = await change(create('cities'));
    expect(TableDescription.TableStatus).toBe('UPDATING');
    expect(TableDescription.GlobalSecondaryIndexes.at(-1)).toMatchObject({
      IndexName: 'cities',
      IndexStatus: 'CREATING',
      Backfilling: false,
    });
    expect(await stateOf('cities')).toEqual(['UPDATING', 'CREATING', false, 0]);
    const backfilling = await bench.failure('Scan', { TableName: 'games', IndexName: 'cities' });
    expect(backfilling.message).toBe('Cannot read from backfilling global secondary index: cities');
    expect((await failed(updates(remove('cities')))).message).toBe(
      `${IN_USE}Index creation is in resource allocation phase. Retry deletion during backfilling phase or when the index is active. Table: games Index: cities`,
    );
    await bench.advance(500);
    const [table, state, filling, count] = await stateOf('cities');
    expect([table, state, filling]).toEqual(['ACTIVE', 'CREATING', true]);
    expect(count).toBeLessThan(ITEMS);
    for (let n = 0; n < ITEMS; n += 100) {
      const Key = { user: { S: `u${n}` }, title: { S: 'go' } };
      await bench.run('DeleteItem', { TableName: 'games', Key });
      const moved = { ...Key, user: { S: `u${n + 1}` } };
      await bench.run('UpdateItem', {
        TableName: 'games',
        Key: moved,
        UpdateExpression: 'SET city = :c',
        ExpressionAttributeValues: { ':c': { S: 'moved' } },
      });
    }
    expect((await bench.failure('DeleteTable', { TableName: 'games' })).message).toBe(
      `${IN_USE}Cannot delete table while indexes are being created, updated, or deleted.`,
    );
    await bench.advance(1000);
    expect(await stateOf('cities')).toEqual(['ACTIVE', 'ACTIVE', undefined, ITEMS - 22]);
    const query = (city: string) =>
      bench.run('Query', {
        TableName: 'games',
        IndexName: 'cities',
        Select: 'COUNT',
        KeyConditionExpression: 'city = :c',
        ExpressionAttributeValues: { ':c': { S: city } },
      });
    const counts = await Promise.all(['c0', 'c1', 'c2', 'moved'].map(query));
    expect(counts.map(({ Count }) => Count).reduce((a, b) => a + b)).toBe(ITEMS - 22);
    expect(counts[3]!.Count).toBe(22);
    const { AttributeDefinitions } = await described();
    expect(AttributeDefinitions).toHaveLength(5);
  });

  it('leaves out older items that could not be in it', async () => {
    const keys = [{ city: { N: '1' } }, { city: { S: '' } }, { city: { S: 'x'.repeat(3000) } }, {}];
    for (const [n, more] of keys.entries()) {
      await bench.run('PutItem', {
        TableName: 'games',
        Item: { user: { S: `u${n}` }, title: { S: 't' }, ...more },
      });
    }
    await change(create('cities'));
    await bench.advance(1000);
    expect(await stateOf('cities')).toEqual(['ACTIVE', 'ACTIVE', undefined, 0]);
  });

  it('waits for a key that is lost, and can be deleted meanwhile', async () => {
    const { KeyMetadata } = await bench.asUser('CreateKey', {});
    const SSESpecification = { Enabled: true, SSEType: 'KMS', KMSMasterKeyId: KeyMetadata.Arn };
    await bench.run('UpdateTable', { TableName: 'games', SSESpecification });
    await bench.advance(1000);
    await bench.asUser('DisableKey', { KeyId: KeyMetadata.Arn });
    await change(create('cities'));
    await bench.advance(120_000);
    expect(await stateOf('cities')).toEqual(['ACTIVE', 'CREATING', true, 0]);
    await bench.asUser('EnableKey', { KeyId: KeyMetadata.Arn });
    await bench.advance(120_000);
    expect((await stateOf('cities'))[1]).toBe('ACTIVE');
  });
});

it('a table that is archived while an index is being added can be deleted, and restored with the index', async () => {
  await fill(30);
  const { KeyMetadata } = await bench.asUser('CreateKey', {});
  const SSESpecification = { Enabled: true, SSEType: 'KMS', KMSMasterKeyId: KeyMetadata.Arn };
  await bench.run('UpdateTable', { TableName: 'games', SSESpecification });
  await bench.advance(1000);
  await bench.asUser('DisableKey', { KeyId: KeyMetadata.Arn });
  await change(create('cities'));
  await bench.advance(8 * 86_400_000);
  const { TableStatus, ArchivalSummary } = await described();
  expect(TableStatus).toBe('ARCHIVED');
  expect(bench.store.housekeeping.nextDue_ms()).toBeGreaterThan(bench.clock.wall_ms());
  await bench.run('DeleteTable', { TableName: 'games' });
  await bench.asUser('EnableKey', { KeyId: KeyMetadata.Arn });
  await restore(bench, ArchivalSummary.ArchivalBackupArn, 'games');
  expect(await stateOf('cities')).toEqual(['ACTIVE', 'ACTIVE', undefined, 30]);
});

describe('An index that is deleted', () => {
  it('goes with its entries, its attributes and its data keys; one of the same name shares nothing with it', async () => {
    await fill(30);
    await change(create('cities'));
    await bench.advance(1000);
    const { TableDescription } = await change(remove('cities'));
    expect(TableDescription.GlobalSecondaryIndexes.at(-1).IndexStatus).toBe('DELETING');
    expect((await stateOf('cities')).slice(0, 2)).toEqual(['UPDATING', 'DELETING']);
    const gone = await bench.failure('Scan', { TableName: 'games', IndexName: 'cities' });
    expect(gone.message).toBe('The table does not have the specified index: cities');
    await bench.run('PutItem', {
      TableName: 'games',
      Item: { user: { S: 'u0' }, title: { S: 'go' }, city: { N: '5' } },
    });
    expect((await failed(updates(remove('cities')))).message).toBe(
      `${IN_USE}Index is being deleted. Table: games Index: cities`,
    );
    const billing = { TableName: 'games', BillingMode: 'PROVISIONED', ProvisionedThroughput: UNITS };
    expect((await failed(billing)).message).toBe(
      `${IN_USE}Can't change table IOPS when an index is being deleted. Table: games Indexes: [cities]`,
    );
    await bench.advance(1000);
    expect(await stateOf('cities')).toBeUndefined();
    expect((await described()).AttributeDefinitions).toHaveLength(4);
    await change(create('cities'));
    await bench.advance(1000);
    expect((await stateOf('cities')).slice(1)).toEqual(['ACTIVE', undefined, 29]);
  });

  it('may still be filled', async () => {
    await fill(ITEMS);
    await change(create('cities'));
    await bench.advance(500);
    await change(remove('cities'));
    await bench.advance(2000);
    expect(await stateOf('cities')).toBeUndefined();
    expect((await bench.run('Scan', { TableName: 'games', Select: 'COUNT' })).Count).toBe(ITEMS);
    await bench.run('DeleteTable', { TableName: 'games' });
  });
});

describe('UpdateTable refuses', () => {
  const cases: [what: string, body: Answers, message: string][] = [
    [
      'an empty list',
      { ...updates(), DeletionProtectionEnabled: true },
      `${INVALID}List of GlobalSecondaryIndexUpdates is empty`,
    ],
    ['nothing', updates(), 'At least one of'],
    [
      'an entry of nothing',
      updates({}),
      `${INVALID}One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, GlobalSecondaryIndexUpdate.Delete must not be null`,
    ],
    [
      'two actions in an entry',
      updates({ ...create('cities'), ...remove('teams') }),
      `${INVALID}Only one global secondary index action is allowed per GlobalSecondaryIndexUpdate object`,
    ],
    [
      'two actions on an index',
      updates(remove('teams'), update('teams')),
      `${INVALID}Only one global secondary index update per index is allowed simultaneously. Index: teams`,
    ],
    ['a name that is taken', updates(create('teams')), 'Attempting to create an index which already exists'],
    [
      'the name of a local index',
      updates(create('by-score')),
      'Attempting to create an index which already exists',
    ],
    [
      'no definitions',
      { ...updates(create('cities')), AttributeDefinitions: undefined },
      `${INVALID}AttributeDefinitions is not specified for index: cities`,
    ],
    [
      'a key that is not defined',
      updates(create('cities', ['place'])),
      `${INVALID}Some index key attributes are not defined in AttributeDefinitions. Keys: [place], AttributeDefinitions: [score, team, title, user, city, note]`,
    ],
    [
      'a range key first',
      updates({
        Create: { ...create('cities').Create, KeySchema: keySchema(['city', 'note']).toReversed() },
      }),
      'Invalid KeySchema: The first KeySchemaElement is not a HASH key type',
    ],
    [
      'units on demand',
      updates(create('cities', ['city'], { ProvisionedThroughput: UNITS })),
      `${INVALID}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for index: cities when BillingMode is PAY_PER_REQUEST`,
    ],
    [
      'other units on demand',
      updates(update('teams')),
      `${INVALID}The only Updates for index: teams when TableThroughputMode is PAY_PER_REQUEST can be to OnDemandThroughput, WarmThroughput`,
    ],
    [
      'a deletion of a local index',
      updates(remove('by-score')),
      'Cannot delete an index that is not a GlobalSecondaryIndex: by-score',
    ],
    [
      'an update of a local index',
      updates(update('by-score')),
      'Cannot update an index that is not a GlobalSecondaryIndex: by-score',
    ],
    [
      'deletion protection beside it',
      { ...updates(remove('teams')), DeletionProtectionEnabled: true },
      `${INVALID}DeletionProtection modification must be the only operation in the request`,
    ],
    [
      'a stream beside it',
      {
        ...updates(remove('teams')),
        StreamSpecification: { StreamEnabled: true, StreamViewType: 'KEYS_ONLY' },
      },
      `${INVALID}You cannot create or delete index while changing stream status`,
    ],
    [
      'units of the table beside it',
      { ...updates(remove('teams')), BillingMode: 'PROVISIONED', ProvisionedThroughput: UNITS },
      `${INVALID}You cannot create or delete index while updating table IOPS`,
    ],
    [
      'encryption beside it',
      { ...updates(remove('teams')), SSESpecification: { Enabled: true } },
      `${INVALID}Server-Side Encryption modification must be the only operation in the request`,
    ],
    [
      'provisioned billing without units for an index',
      { TableName: 'games', BillingMode: 'PROVISIONED', ProvisionedThroughput: UNITS },
      `${INVALID}ProvisionedThroughput must be specified for index: titles`,
    ],
  ];

  it.each(cases)('%s', async (_what, body, message) => {
    const before = await described();
    const failure = await failed(body);
    expect(failure.code).toBe('ValidationException');
    if (message.startsWith('At least')) expect(failure.message).toContain(message);
    else expect(failure.message).toBe(message);
    expect(await described()).toEqual(before);
  });

  it('an index that is not there, and more than one at a time', async () => {
    const missing = await failed(updates(remove('nope')));
    expect([missing.code, missing.message]).toEqual([
      'ResourceNotFoundException',
      'Requested resource not found: Index nope for table games',
    ]);
    const limit =
      'Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table';
    await change(create('cities'));
    for (const entries of [
      [create('notes', ['note'])],
      [remove('teams')],
      [create('notes', ['note']), remove('teams')],
    ]) {
      const failure = await failed(updates(...entries));
      expect([failure.code, failure.message]).toEqual(['LimitExceededException', limit]);
    }
  });

  it('a 21st global index', async () => {
    await bench.run('CreateTable', {
      ...gamesTable,
      TableName: 'many',
      GlobalSecondaryIndexes: Array.from({ length: 20 }, (_, n) => globalIndex(`g-${n}`, ['team'], ALL)),
    });
    const failure = await failed({ ...updates(create('cities')), TableName: 'many' });
    expect([failure.code, failure.message]).toEqual([
      'LimitExceededException',
      'Subscriber limit exceeded: Number of global secondary indexes exceeds per-table limit of 20',
    ]);
  });
});

it('units of indexes follow the billing of their table', async () => {
  const provisioned = { BillingMode: 'PROVISIONED', ProvisionedThroughput: UNITS };
  await bench.run('UpdateTable', { ...updates(update('titles'), update('teams')), ...provisioned });
  const units = async () =>
    (await described()).GlobalSecondaryIndexes.map(
      ({ ProvisionedThroughput }: Answers) => ProvisionedThroughput.ReadCapacityUnits,
    );
  expect(await units()).toEqual([2, 2]);
  expect((await failed(updates(update('teams')))).message).toMatch(
    /^The provisioned throughput for the index teams will not change\. The requested value equals the current value\./,
  );
  await change(update('teams', { ...UNITS, ReadCapacityUnits: 7 }));
  expect(await units()).toEqual([2, 7]);
  expect((await failed(updates(create('cities')))).message).toBe(
    `${INVALID}Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: cities`,
  );
  await bench.run('UpdateTable', { TableName: 'games', BillingMode: 'PAY_PER_REQUEST' });
  expect(await units()).toEqual([0, 0]);
});
