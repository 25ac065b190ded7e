import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Answers, type Bench, startBench } from '../harness.ts';
import { gamesTable, globalIndex } from './indexed.ts';

let bench: Bench;

beforeEach(async () => {
  bench = await startBench();
  await bench.run('CreateTable', gamesTable);
});
afterEach(() => bench.close());

interface Game {
  user: string;
  title: string;
  score?: number | undefined;
  team?: string | undefined;
  note?: string | undefined;
}

function itemOf({ user, title, score, team, note }: Game): Answers {
  return {
    user: { S: user },
    title: { S: title },
    ...(score === undefined ? {} : { score: { N: String(score) } }),
    ...(team === undefined ? {} : { team: { S: team } }),
    ...(note === undefined ? {} : { note: { S: note } }),
    more: { S: 'beside' },
  };
}

const put = (game: Game, more: object = {}): Promise<Answers> =>
  bench.run('PutItem', { TableName: 'games', Item: itemOf(game), ...more });

/** All pages of a Query or Scan. */
async function all(operation: string, body: object): Promise<Answers[]> {
  const items: Answers[] = [];
  let start: Answers;
  do {
    const page = await bench.run(operation, { TableName: 'games', ...body, ExclusiveStartKey: start });
    items.push(...page.Items);
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
  return items;
}

const values = (partition: string, attribute = 'title') => ({
  KeyConditionExpression: '#p = :p',
  ExpressionAttributeNames: { '#p': attribute },
  ExpressionAttributeValues: { ':p': { S: partition } },
});

/** What each index has of a game, and by which number it is ordered. */
const INDEXES = {
  'by-score': { partition: 'user', sort: 'score', project: ['user', 'title', 'score'] },
  titles: { partition: 'title', sort: 'score', project: ['user', 'title', 'score', 'note'] },
  teams: { partition: 'team', sort: undefined, project: undefined },
} as const;

it('indexes read as a model does, whatever was written, page by page and both ways', async () => {
  const game = fc.record({
    user: fc.constantFrom('ann', 'bob', 'cid'),
    title: fc.constantFrom('chess', 'go', 'pong'),
    score: fc.constantFrom(-3, 0, 0.5, 7, 7000, undefined),
    team: fc.constantFrom('red', 'blue', undefined),
    note: fc.constantFrom('n', 'm', undefined),
  });
  const step = fc.record({ game, kind: fc.constantFrom('put', 'put', 'update', 'delete') });
  const model = new Map<string, Answers>();
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 25 }),
      fc.integer({ min: 1, max: 4 }),
      async (steps, Limit) => {
        for (const { game, kind } of steps) {
          const name = `${game.user}/${game.title}`;
          const { user, title, ...rest } = itemOf(game);
          if (kind === 'put') {
            await put(game);
            model.set(name, itemOf(game));
          } else if (kind === 'delete') {
            await bench.run('DeleteItem', { TableName: 'games', Key: { user, title } });
            model.delete(name);
          } else {
            const names = Object.keys(rest);
            await bench.run('UpdateItem', {
              TableName: 'games',
              Key: { user, title },
              UpdateExpression: `SET ${names.map((n) => `${n} = :${n}`).join(', ')}`,
              ExpressionAttributeValues: Object.fromEntries(names.map((n) => [`:${n}`, rest[n]])),
            });
            model.set(name, { ...model.get(name), user, title, ...rest });
          }
        }
        for (const [IndexName, { partition, sort, project }] of Object.entries(INDEXES)) {
          const entries = [...model.values()]
            .filter((item) => item[partition] && (sort === undefined || item[sort]))
            .map((item) => (project === undefined ? item : pick(item, project)));
          expect(sorted(await all('Scan', { IndexName, Limit }))).toEqual(sorted(entries));
          const halves = [0, 1].map((Segment) =>
            all('Scan', { IndexName, Limit, Segment, TotalSegments: 2 }),
          );
          expect(sorted((await Promise.all(halves)).flat())).toEqual(sorted(entries));
          for (const value of new Set(entries.map((item) => item[partition].S as string))) {
            const wanted = entries.filter((item) => item[partition].S === value);
            const query = { IndexName, ...values(value, partition) };
            const up = await all('Query', { ...query, Limit });
            expect(sorted(up)).toEqual(sorted(wanted));
            const down = await all('Query', { ...query, Limit, ScanIndexForward: false });
            expect(down).toEqual(up.toReversed());
            if (sort === undefined) continue;
            const numbers = up.map((item) => Number(item[sort].N));
            expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
            const between = await all('Query', {
              ...query,
              KeyConditionExpression: '#p = :p AND score BETWEEN :low AND :high',
              ExpressionAttributeValues: {
                ...query.ExpressionAttributeValues,
                ':low': { N: '0' },
                ':high': { N: '7' },
              },
              Limit,
            });
            expect(between).toEqual(
              up.filter((item) => Number(item.score.N) >= 0 && Number(item.score.N) <= 7),
            );
          }
        }
      },
    ),
    { seed: 11, numRuns: 12 },
  );
});

function pick(item: Answers, names: readonly string[]): Answers {
  return Object.fromEntries(names.flatMap((name) => (name in item ? [[name, item[name]]] : [])));
}

function sorted(items: Answers[]): string[] {
  return items.map((item) => JSON.stringify(Object.entries(item).toSorted())).toSorted();
}

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
