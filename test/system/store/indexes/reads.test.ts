import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Answers, type Bench, startBench } from '../harness.ts';
import { allPages, type Game, gamesTable, globalIndex, itemOf, putGame, values } from './indexed.ts';

let bench: Bench;

beforeEach(async () => {
  bench = await startBench();
  await bench.run('CreateTable', gamesTable);
});
afterEach(() => bench.close());

const put = (game: Game, more?: object) => putGame(bench, game, more);
const all = (operation: string, body: object) => allPages(bench, operation, body);

describe('Query and Scan with IndexName', () => {
  beforeEach(async () => {
    await put({ user: 'ann', title: 'go', score: 5, team: 'red', note: 'n' });
    await put({ user: 'bob', title: 'go', score: 5, team: 'red', note: 'm' });
    await put({ user: 'cid', title: 'go', score: 9 });
  });

  it('a local index reads what it has not from the table, and counts it', async () => {
    const query = { TableName: 'games', IndexName: 'by-score', ...values('ann', 'user') };
    const bare = await bench.run('Query', query);
    expect(Object.keys(bare.Items[0]).toSorted()).toEqual(['score', 'title', 'user']);
    const whole = await bench.run('Query', {
      ...query,
      Select: 'ALL_ATTRIBUTES',
      ConsistentRead: true,
      ReturnConsumedCapacity: 'INDEXES',
    });
    expect(whole.Items).toEqual([itemOf({ user: 'ann', title: 'go', score: 5, team: 'red', note: 'n' })]);
    expect(whole.ConsumedCapacity).toEqual({
      TableName: 'games',
      CapacityUnits: 2,
      Table: { CapacityUnits: 1 },
      LocalSecondaryIndexes: { 'by-score': { CapacityUnits: 1 } },
    });
    const named = await bench.run('Query', { ...query, ProjectionExpression: 'team' });
    expect(named.Items).toEqual([{ team: { S: 'red' } }]);
    const counted = await bench.run('Query', { ...query, Select: 'COUNT' });
    expect([counted.Count, counted.Items]).toEqual([1, undefined]);
  });

  it('a global index answers with what it has, and filters by that', async () => {
    const query = { TableName: 'games', IndexName: 'titles', ...values('go') };
    const page = await bench.run('Query', {
      ...query,
      Limit: 2,
      FilterExpression: 'note = :n',
      ExpressionAttributeValues: { ...query.ExpressionAttributeValues, ':n': { S: 'm' } },
      ReturnConsumedCapacity: 'INDEXES',
    });
    expect(page).toMatchObject({ Count: 1, ScannedCount: 2, Items: [{ user: { S: 'bob' } }] });
    expect(Object.keys(page.LastEvaluatedKey).toSorted()).toEqual(['score', 'title', 'user']);
    expect(page.ConsumedCapacity).toEqual({
      TableName: 'games',
      CapacityUnits: 0.5,
      Table: { CapacityUnits: 0 },
      GlobalSecondaryIndexes: { titles: { CapacityUnits: 0.5 } },
    });
    const projected = await bench.run('Query', { ...query, Select: 'ALL_PROJECTED_ATTRIBUTES' });
    expect(projected.Count).toBe(3);
    const every = { IndexName: 'teams', Select: 'ALL_ATTRIBUTES', ...values('red', 'team') };
    expect((await all('Query', every)).every(({ more }) => more.S === 'beside')).toBe(true);
  });

  it('writes tell what they took of each index', async () => {
    const asked = { ReturnConsumedCapacity: 'INDEXES' };
    const game = { user: 'dan', title: 'go', score: 5, team: 'red' };
    const one = { CapacityUnits: 1 };
    expect((await put(game, asked)).ConsumedCapacity).toEqual({
      TableName: 'games',
      CapacityUnits: 4,
      Table: one,
      LocalSecondaryIndexes: { 'by-score': one },
      GlobalSecondaryIndexes: { titles: one, teams: one },
    });
    const moved = await put({ ...game, score: 6 }, asked);
    expect(moved.ConsumedCapacity).toMatchObject({
      LocalSecondaryIndexes: { 'by-score': { CapacityUnits: 2 } },
      GlobalSecondaryIndexes: { titles: { CapacityUnits: 2 }, teams: one },
    });
    const bare = { user: { S: 'eve' }, title: { S: 'go' } };
    const batch = await bench.run('BatchWriteItem', {
      RequestItems: { games: [{ PutRequest: { Item: bare } }] },
      ...asked,
    });
    expect(batch.ConsumedCapacity).toEqual([{ TableName: 'games', CapacityUnits: 1, Table: one }]);
  });

  const startKey = { user: { S: 'ann' }, title: { S: 'go' }, score: { N: '5' } };
  const INVALID = 'One or more parameter values were invalid: ';
  const refused: [what: string, change: object, message: string][] = [
    [
      'an index that is not there',
      { IndexName: 'nope' },
      'The table does not have the specified index: nope',
    ],
    [
      'a start in an index that is not there',
      { IndexName: 'nope', ExclusiveStartKey: startKey },
      'The provided starting key is invalid',
    ],
    [
      'a name that no index can have',
      { IndexName: 'a!' },
      "2 validation errors detected: Value 'a!' at 'indexName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+; Value 'a!' at 'indexName' failed to satisfy constraint: Member must have length greater than or equal to 3",
    ],
    [
      'a consistent read of a global one',
      { ConsistentRead: true },
      'Consistent reads are not supported on global secondary indexes',
    ],
    [
      'all attributes of a global one',
      { Select: 'ALL_ATTRIBUTES' },
      `${INVALID}Select type ALL_ATTRIBUTES is not supported for global secondary index titles because its projection type is not ALL`,
    ],
    [
      'an attribute that a global one has not',
      { ProjectionExpression: 'note, team' },
      `${INVALID}Global secondary index titles does not project [team]`,
    ],
    [
      'a start without the index key',
      { ExclusiveStartKey: { user: { S: 'ann' }, title: { S: 'go' } } },
      'The provided starting key is invalid',
    ],
    [
      'a start with another index key',
      { ExclusiveStartKey: { user: { S: 'ann' }, title: { S: 'go' }, team: { S: 'red' } } },
      'The provided starting key is invalid',
    ],
    [
      'a start of another type',
      { ExclusiveStartKey: { ...startKey, score: { S: '5' } } },
      'The provided key element does not match the schema',
    ],
    [
      'a start of another type in the table',
      { ExclusiveStartKey: { ...startKey, user: { N: '5' } } },
      'The provided starting key is invalid: The provided key element does not match the schema',
    ],
  ];

  it.each(refused)('refuses %s', async (_what, change, message) => {
    const body = { TableName: 'games', IndexName: 'titles', ...change };
    for (const [operation, more] of [
      ['Scan', {}],
      ['Query', values('go')],
    ] as const) {
      const failure = await bench.failure(operation, { ...more, ...body });
      expect([failure.code, failure.message]).toEqual(['ValidationException', message]);
    }
  });

  it('refuses a start outside of what a Query asks for', async () => {
    const query = { TableName: 'games', IndexName: 'titles', ...values('go') };
    const elsewhere = await bench.failure('Query', {
      ...query,
      ExclusiveStartKey: { ...startKey, title: { S: 'chess' } },
    });
    expect(elsewhere.message).toBe(
      'The provided starting key is outside query boundaries based on provided conditions',
    );
    const above = await bench.failure('Query', {
      ...query,
      KeyConditionExpression: '#p = :p AND score > :s',
      ExpressionAttributeValues: { ...query.ExpressionAttributeValues, ':s': { N: '7' } },
      ExclusiveStartKey: startKey,
    });
    expect(above.message).toBe('The provided starting key does not match the range key predicate');
  });

  it('refuses a filter on the index key, and a key condition on that of the table', async () => {
    const query = { TableName: 'games', IndexName: 'titles', ...values('go') };
    const filtered = await bench.failure('Query', { ...query, FilterExpression: 'score = :p' });
    expect(filtered.message).toBe(
      'Filter Expression can only contain non-primary key attributes: Primary key attribute: score',
    );
    const other = await bench.failure('Query', { ...query, ...values('ann', 'user') });
    expect(other.message).toBe('Query condition missed key schema element: title');
  });
});

describe('Index keys that are none', () => {
  const INVALID = 'One or more parameter values were invalid: ';
  const key = { user: { S: 'ann' }, title: { S: 'go' } };
  const update = (value: object) => ({
    TableName: 'games',
    Key: key,
    UpdateExpression: 'SET team = :v',
    ExpressionAttributeValues: { ':v': value },
  });

  it('are refused by writes, each in its words', async () => {
    const failed = async (operation: string, body: object) => (await bench.failure(operation, body)).message;
    const item = (more: object) => ({ TableName: 'games', Item: { ...key, ...more } });
    expect(await failed('PutItem', item({ score: { S: '5' } }))).toBe(
      `${INVALID}Type mismatch for Index Key score Expected: N Actual: S IndexName: by-score`,
    );
    expect(await failed('PutItem', item({ team: { S: '' } }))).toContain(
      'The AttributeValue for a key attribute cannot contain an empty string value. IndexName: teams, IndexKey: team',
    );
    expect(await failed('PutItem', item({ team: { S: 'x'.repeat(2049) } }))).toBe(
      `${INVALID}Size of hashkey has exceeded the maximum size limit of2048 bytes`,
    );
    const batch = { RequestItems: { games: [{ PutRequest: { Item: { ...key, team: { N: '1' } } } }] } };
    expect(await failed('BatchWriteItem', batch)).toContain('Type mismatch for Index Key team');
    expect(await failed('UpdateItem', update({ N: '1' }))).toBe(
      'The update expression attempted to update the secondary index key to unsupported type',
    );
    expect(await failed('UpdateItem', update({ S: '' }))).toContain(
      'attempted to update a secondary index key to a value that is not supported',
    );
    expect(await failed('UpdateItem', update({ S: 'x'.repeat(2049) }))).toBe(
      'The update expression attempted to update the secondary index key beyond allowed size limits',
    );
    expect((await bench.run('Scan', { TableName: 'games' })).Count).toBe(0);
  });
});

it('an index by binary keys orders them as bytes', async () => {
  await bench.run('CreateTable', {
    ...gamesTable,
    TableName: 'bytes',
    LocalSecondaryIndexes: null,
    AttributeDefinitions: ['user', 'title', 'team', 'bytes1'].map((AttributeName) => ({
      AttributeName,
      AttributeType: AttributeName === 'bytes1' ? 'B' : 'S',
    })),
    GlobalSecondaryIndexes: [globalIndex('blobs', ['team', 'bytes1'], { ProjectionType: 'KEYS_ONLY' })],
  });
  const blobs = [[0xff, 0xff], [0], [0xff], [0, 0], [1]].map((bytes) =>
    Buffer.from(bytes).toString('base64'),
  );
  for (const [place, blob] of blobs.entries()) {
    const Item = { user: { S: `u${place}` }, title: { S: 't' }, team: { S: 'red' }, bytes1: { B: blob } };
    await bench.run('PutItem', { TableName: 'bytes', Item });
  }
  const query = { TableName: 'bytes', IndexName: 'blobs', ...values('red', 'team') };
  const { Items } = await bench.run('Query', query);
  expect(Items.map(({ bytes1 }: Answers) => bytes1.B)).toEqual([1, 3, 4, 2, 0].map((place) => blobs[place]));
  const begins = await bench.run('Query', {
    ...query,
    KeyConditionExpression: '#p = :p AND begins_with(bytes1, :b)',
    ExpressionAttributeValues: { ...query.ExpressionAttributeValues, ':b': { B: blobs[2] } },
  });
  expect(begins.Items.map(({ bytes1 }: Answers) => bytes1.B)).toEqual([blobs[2], blobs[0]]);
});

it('names that objects have of themselves are attributes and indexes like others', async () => {
  const own = ['__proto__', 'constructor'];
  await bench.run('CreateTable', {
    ...gamesTable,
    TableName: 'own',
    LocalSecondaryIndexes: null,
    AttributeDefinitions: ['user', 'title', ...own].map((AttributeName) => ({
      AttributeName,
      AttributeType: 'S',
    })),
    GlobalSecondaryIndexes: [globalIndex('__proto__', own, { ProjectionType: 'KEYS_ONLY' })],
  });
  const Item = JSON.parse(
    '{"user":{"S":"u"},"title":{"S":"t"},"__proto__":{"S":"p"},"constructor":{"S":"c"},"more":{"S":"m"}}',
  );
  const { ConsumedCapacity } = await bench.run('PutItem', {
    TableName: 'own',
    Item,
    ReturnConsumedCapacity: 'INDEXES',
  });
  expect(JSON.stringify(ConsumedCapacity.GlobalSecondaryIndexes)).toBe('{"__proto__":{"CapacityUnits":1}}');
  const page = await bench.run('Query', {
    TableName: 'own',
    IndexName: '__proto__',
    Limit: 1,
    ...values('p', '__proto__'),
  });
  expect(Object.keys(page.Items[0]).toSorted()).toEqual(['__proto__', 'constructor', 'title', 'user']);
  expect(Object.keys(page.LastEvaluatedKey).toSorted()).toEqual([
    '__proto__',
    'constructor',
    'title',
    'user',
  ]);
  const next = { TableName: 'own', IndexName: '__proto__', ExclusiveStartKey: page.LastEvaluatedKey };
  expect((await bench.run('Scan', next)).Items).toEqual([]);
});
