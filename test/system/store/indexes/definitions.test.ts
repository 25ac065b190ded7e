import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCOUNT, type Answers, type Bench, hashTable, REGION, startBench } from '../harness.ts';
import { gamesTable, globalIndex, localIndex } from './indexed.ts';

const INVALID = 'One or more parameter values were invalid: ';
const ALL = { ProjectionType: 'ALL' };
const global = gamesTable.GlobalSecondaryIndexes;
let bench: Bench;

beforeAll(async () => {
  bench = await startBench();
});
afterAll(() => bench.close());

const refused: [what: string, change: Answers, message: string][] = [
  ['no global index', { GlobalSecondaryIndexes: [] }, `${INVALID}List of GlobalSecondaryIndexes is empty`],
  ['no local index', { LocalSecondaryIndexes: [] }, `${INVALID}List of LocalSecondaryIndexes is empty`],
  [
    'an attribute that no key uses',
    { LocalSecondaryIndexes: null, GlobalSecondaryIndexes: [global[0]] },
    `${INVALID}Some AttributeDefinitions are not used. AttributeDefinitions: [user, title, score, team], keys used: [user, title, score]`,
  ],
  [
    'a key without a definition',
    { GlobalSecondaryIndexes: [...global, globalIndex('more', ['city'], ALL)] },
    `${INVALID}Some index key attributes are not defined in AttributeDefinitions. Keys: [city], AttributeDefinitions: [user, title, score, team]`,
  ],
  [
    'INCLUDE of nothing',
    { GlobalSecondaryIndexes: [...global, globalIndex('more', ['team'], { ProjectionType: 'INCLUDE' })] },
    `${INVALID}ProjectionType is INCLUDE, but NonKeyAttributes is not specified`,
  ],
  [
    'ALL and more',
    {
      GlobalSecondaryIndexes: [...global, globalIndex('more', ['team'], { ...ALL, NonKeyAttributes: ['x'] })],
    },
    `${INVALID}ProjectionType is ALL, but NonKeyAttributes is specified`,
  ],
  [
    'no kind of projection',
    { GlobalSecondaryIndexes: [...global, globalIndex('more', ['team'], {})] },
    `${INVALID}Unknown ProjectionType: null`,
  ],
  [
    'an attribute twice',
    {
      GlobalSecondaryIndexes: [
        ...global,
        globalIndex('more', ['team'], { ProjectionType: 'INCLUDE', NonKeyAttributes: ['x', 'x'] }),
      ],
    },
    `${INVALID}Duplicate element in NonKeyAttributes: x`,
  ],
  [
    'a name twice',
    { GlobalSecondaryIndexes: [...global, globalIndex('by-score', ['team'], ALL)] },
    `${INVALID}Duplicate index name: by-score`,
  ],
  [
    'too many global indexes',
    { GlobalSecondaryIndexes: Array.from({ length: 21 }, (_, n) => globalIndex(`g-${n}`, ['team'], ALL)) },
    `${INVALID}GlobalSecondaryIndex count exceeds the per-table limit of 20`,
  ],
  [
    'too many local indexes',
    { LocalSecondaryIndexes: Array.from({ length: 6 }, (_, n) => localIndex(`l-${n}`, ALL)) },
    `${INVALID}Number of LocalSecondaryIndexes exceeds per-table limit of 5`,
  ],
  [
    'more projected attributes than a table may have',
    {
      GlobalSecondaryIndexes: Array.from({ length: 6 }, (_, n) =>
        globalIndex(`g-${n}`, ['team'], {
          ProjectionType: 'INCLUDE',
          NonKeyAttributes: Array.from({ length: 17 }, (_, m) => `a${m}`),
        }),
      ),
    },
    'exceeds per-table limit of 100',
  ],
  [
    'a local index of another partition key',
    { LocalSecondaryIndexes: [{ ...globalIndex('mine', ['team', 'score'], ALL) }] },
    `${INVALID}Index KeySchema does not have the same leading hash key as table KeySchema for index: mine. index hash key: team, table hash key: user`,
  ],
  [
    'a local index without a sort key',
    { LocalSecondaryIndexes: [globalIndex('mine', ['user'], ALL)] },
    `${INVALID}Index KeySchema does not have a range key for index: mine`,
  ],
  [
    'units on demand',
    {
      GlobalSecondaryIndexes: [
        global[0],
        { ...global[1], ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 } },
      ],
    },
    `${INVALID}ProvisionedThroughput should not be specified for index: teams when BillingMode is PAY_PER_REQUEST`,
  ],
  [
    'no units though provisioned',
    {
      BillingMode: 'PROVISIONED',
      ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 },
    },
    `${INVALID}ProvisionedThroughput is not specified for index: titles`,
  ],
  [
    'a short name',
    { GlobalSecondaryIndexes: [...global, globalIndex('g', ['team'], ALL)] },
    "'globalSecondaryIndexes.3.member.indexName' failed to satisfy constraint: Member must have length greater than or equal to 3",
  ],
  [
    'a key of no kind',
    { GlobalSecondaryIndexes: [...global, { ...globalIndex('more', ['team'], ALL), KeySchema: [] }] },
    "'globalSecondaryIndexes.3.member.keySchema' failed to satisfy constraint: Member must have length greater than or equal to 1",
  ],
];

describe('CreateTable refuses', () => {
  it.each([
    ['an attribute that is no text', [{ S: 'x' }], 'SerializationException'],
    ['an attribute without a name', [''], 'ValidationException'],
    ['an attribute with too long a name', ['x'.repeat(256)], 'ValidationException'],
    ['21 attributes', Array.from({ length: 21 }, (_, n) => `a${n}`), 'ValidationException'],
  ])('%s in a projection', async (_what, NonKeyAttributes, code) => {
    const index = globalIndex('more', ['team'], { ProjectionType: 'INCLUDE', NonKeyAttributes });
    const body = { ...gamesTable, GlobalSecondaryIndexes: [...global, index] };
    expect((await bench.failure('CreateTable', body)).code).toBe(code);
  });

  it.each(refused)('%s', async (_what, change, message) => {
    const failure = await bench.failure('CreateTable', { ...gamesTable, ...change });
    expect(failure.code).toBe('ValidationException');
    expect(failure.message).toContain(message);
    expect((await bench.run('ListTables', {})).TableNames).toEqual([]);
  });

  it('a local index on a table without a sort key', async () => {
    const body = {
      ...hashTable,
      AttributeDefinitions: [...hashTable.AttributeDefinitions, { AttributeName: 'n', AttributeType: 'N' }],
      LocalSecondaryIndexes: [globalIndex('mine', ['pk', 'n'], ALL)],
    };
    expect((await bench.failure('CreateTable', body)).message).toBe(
      `${INVALID}Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex`,
    );
  });
});

it('DescribeTable tells the indexes as they were asked for, in their order', async () => {
  const units = { ReadCapacityUnits: 3, WriteCapacityUnits: 4 };
  const created = await bench.run('CreateTable', {
    ...gamesTable,
    BillingMode: 'PROVISIONED',
    ProvisionedThroughput: units,
    GlobalSecondaryIndexes: global.map((index) => ({ ...index, ProvisionedThroughput: units })),
  });
  const statuses = created.TableDescription.GlobalSecondaryIndexes.map(
    ({ IndexStatus }: Answers) => IndexStatus,
  );
  expect(statuses).toEqual(['CREATING', 'CREATING']);
  const { Table } = await bench.run('DescribeTable', { TableName: 'games' });
  const names = Table.AttributeDefinitions.map(({ AttributeName }: Answers) => AttributeName);
  expect(names).toEqual(['score', 'team', 'title', 'user']);
  const arn = (index: string) => `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/games/index/${index}`;
  const empty = { IndexSizeBytes: 0, ItemCount: 0 };
  expect(Table.LocalSecondaryIndexes).toEqual([
    { ...gamesTable.LocalSecondaryIndexes[0], ...empty, IndexArn: arn('by-score') },
  ]);
  expect(Table.GlobalSecondaryIndexes).toEqual(
    global.map((index) => ({
      ...index,
      ...empty,
      IndexArn: arn(index.IndexName),
      IndexStatus: 'ACTIVE',
      ProvisionedThroughput: { ...units, NumberOfDecreasesToday: 0 },
    })),
  );
});
