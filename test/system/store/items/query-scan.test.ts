import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answers, type Bench, hashTable, sortTable, startBench } from '../harness.ts';

const PARTITIONS = ['a', 'b', 'c', 'd'];
/** Numbers whose order as text is another. */
const SORTS = [-1000, -10.5, -2, -1e-5, 0, 1e-7, 3, 20, 100, 1e30];

interface Page {
  Items: Answers[];
  Count: number;
  ScannedCount: number;
  LastEvaluatedKey?: Answers;
}

async function allPages(bench: Bench, operation: string, body: object): Promise<Page[]> {
  const pages: Page[] = [];
  let start: object | undefined;
  do {
    const page = await bench.run<Page>(operation, { ...body, ExclusiveStartKey: start });
    pages.push(page);
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
  return pages;
}

const numbersOf = (pages: Page[]) => pages.flatMap(({ Items }) => Items.map(({ sk }) => Number(sk.N)));

describe.each(['memory', 'lmdb'] as const)('Query and Scan in %s', (storage) => {
  let bench: Bench;

  beforeAll(async () => {
    bench = await startBench({ storage });
    await bench.run('CreateTable', sortTable);
    await bench.run('CreateTable', hashTable);
    await bench.run('CreateTable', { ...sortTable, TableName: 'empty' });
    for (const pk of PARTITIONS) {
      const items = SORTS.map((sk, i) => ({
        pk: { S: pk },
        sk: { N: String(sk) },
        even: { BOOL: i % 2 === 0 },
      }));
      await bench.run('BatchWriteItem', {
        RequestItems: { events: items.map((Item) => ({ PutRequest: { Item } })) },
      });
    }
    for (let i = 0; i < 40; i++) {
      await bench.run('PutItem', {
        TableName: 'users',
        Item: { pk: { S: `u${i}` }, text: { S: 'x'.repeat(i) } },
      });
    }
  });
  afterAll(() => bench.close());

  const query = (condition: string, values: object, more: object = {}) => ({
    TableName: 'events',
    KeyConditionExpression: condition,
    ExpressionAttributeValues: { ':p': { S: 'b' }, ...values },
    ...more,
  });

  it.each<[string, object, (sk: number) => boolean]>([
    ['pk = :p', {}, () => true],
    ['pk = :p AND sk = :a', { ':a': { N: '20' } }, (sk) => sk === 20],
    ['pk = :p AND sk < :a', { ':a': { N: '3' } }, (sk) => sk < 3],
    ['pk = :p AND sk <= :a', { ':a': { N: '3' } }, (sk) => sk <= 3],
    ['pk = :p AND sk > :a', { ':a': { N: '-2' } }, (sk) => sk > -2],
    ['pk = :p AND sk >= :a', { ':a': { N: '-2' } }, (sk) => sk >= -2],
    [
      'pk = :p AND sk BETWEEN :a AND :b',
      { ':a': { N: '-2' }, ':b': { N: '50' } },
      (sk) => sk >= -2 && sk <= 50,
    ],
  ])('%s: in order, backwards, and in pages of any length', async (condition, values, wanted) => {
    const expected = SORTS.filter(wanted);
    expect(numbersOf([await bench.run('Query', query(condition, values))])).toEqual(expected);
    for (const Limit of [1, 2, 3, 100]) {
      for (const ScanIndexForward of [true, false]) {
        const pages = await allPages(bench, 'Query', query(condition, values, { Limit, ScanIndexForward }));
        expect(numbersOf(pages)).toEqual(ScanIndexForward ? expected : [...expected].reverse());
        expect(pages.every((page) => page.Items.length <= Limit)).toBe(true);
      }
    }
  });

  it('filters after reading, counts both, projects, and can leave the items out', async () => {
    const filter = { FilterExpression: 'even = :yes', ProjectionExpression: 'sk' };
    const filtered = await bench.run('Query', query('pk = :p', { ':yes': { BOOL: true } }, filter));
    expect(filtered.Count).toBe(5);
    expect(filtered.ScannedCount).toBe(10);
    expect(filtered.Items[0]).toEqual({ sk: { N: '-1000' } });
    expect(filtered.LastEvaluatedKey).toBeUndefined();
    const limited = await bench.run(
      'Query',
      query('pk = :p', { ':yes': { BOOL: true } }, { ...filter, Limit: 4 }),
    );
    expect(limited).toMatchObject({
      Count: 2,
      ScannedCount: 4,
      LastEvaluatedKey: { pk: { S: 'b' }, sk: { N: '-0.00001' } },
    });
    const counted = await bench.run(
      'Query',
      query('pk = :p', {}, { Select: 'COUNT', ReturnConsumedCapacity: 'TOTAL' }),
    );
    expect(counted).toEqual({
      Count: 10,
      ScannedCount: 10,
      ConsumedCapacity: { TableName: 'events', CapacityUnits: 0.5 },
    });
    expect(await bench.run('Query', query('pk = :p', { ':p': { S: 'nobody' } }))).toEqual({
      Items: [],
      Count: 0,
      ScannedCount: 0,
    });
  });

  it('finds strings and binaries by prefix', async () => {
    for (const [type, name] of [
      ['S', 'texts'],
      ['B', 'bytes'],
    ] as const) {
      await bench.run('CreateTable', {
        ...sortTable,
        TableName: name,
        AttributeDefinitions: [
          { AttributeName: 'pk', AttributeType: 'S' },
          { AttributeName: 'sk', AttributeType: type },
        ],
      });
      const value = (text: Buffer) =>
        type === 'S' ? { S: text.toString() } : { B: text.toString('base64') };
      const all = ['a', 'ab', 'abc', 'abé', 'ac', 'b', '\u{10ffff}', '\u{10ffff}z'].map((text) =>
        Buffer.from(text),
      );
      if (type === 'B') all.push(Buffer.of(255), Buffer.of(255, 255), Buffer.of(255, 255, 1));
      for (const text of all)
        await bench.run('PutItem', { TableName: name, Item: { pk: { S: 'p' }, sk: value(text) } });
      for (const prefix of all) {
        const { Items } = await bench.run('Query', {
          TableName: name,
          KeyConditionExpression: 'pk = :p AND begins_with(sk, :s)',
          ExpressionAttributeValues: { ':p': { S: 'p' }, ':s': value(prefix) },
        });
        const expected = all
          .filter((text) => text.subarray(0, prefix.length).equals(prefix))
          .sort(Buffer.compare);
        expect(Items.map(({ sk }: Answers) => sk)).toEqual(expected.map(value));
      }
    }
  });

  it('queries a table without a sort key', async () => {
    const one = {
      TableName: 'users',
      KeyConditionExpression: 'pk = :p',
      ExpressionAttributeValues: { ':p': { S: 'u7' } },
    };
    expect((await bench.run('Query', one)).Items).toEqual([{ pk: { S: 'u7' }, text: { S: 'xxxxxxx' } }]);
    const pages = await allPages(bench, 'Query', { ...one, Limit: 1 });
    expect(pages.map(({ Count }) => Count)).toEqual([1, 0]);
  });

  it.each([1, 2, 3, 7])(
    'scans every item once, in %i segments and pages of any length',
    async (TotalSegments) => {
      for (const [TableName, count] of [
        ['events', 40],
        ['users', 40],
        ['empty', 0],
      ] as const) {
        for (const Limit of [1, 7, undefined]) {
          const seen: string[] = [];
          for (let Segment = 0; Segment < TotalSegments; Segment++) {
            const pages = await allPages(bench, 'Scan', { TableName, Limit, Segment, TotalSegments });
            seen.push(...pages.flatMap(({ Items }) => Items.map(({ pk, sk }) => `${pk.S}/${sk?.N}`)));
          }
          expect(seen).toHaveLength(count);
          expect(new Set(seen).size).toBe(count);
        }
      }
    },
  );

  it('scans partition by partition, each in order', async () => {
    const { Items } = await bench.run('Scan', { TableName: 'events' });
    const partitions = Items.map(({ pk }: Answers) => pk.S);
    expect(partitions.filter((pk: string, i: number) => pk !== partitions[i - 1])).toHaveLength(4);
    expect(Items.map(({ sk }: Answers) => Number(sk.N))).toEqual([...SORTS, ...SORTS, ...SORTS, ...SORTS]);
  });

  it('ends a page at 1 MB', async () => {
    await bench.run('CreateTable', { ...sortTable, TableName: 'large' });
    for (let i = 0; i < 8; i++) {
      const Item = { pk: { S: 'p' }, sk: { N: String(i) }, text: { S: 'x'.repeat(300_000) } };
      await bench.run('PutItem', { TableName: 'large', Item });
    }
    const all = {
      TableName: 'large',
      KeyConditionExpression: 'pk = :p',
      ExpressionAttributeValues: { ':p': { S: 'p' } },
    };
    expect((await allPages(bench, 'Query', all)).map(({ Count }) => Count)).toEqual([4, 4, 0]);
    const scanned = await allPages(bench, 'Scan', {
      TableName: 'large',
      FilterExpression: 'attribute_not_exists(pk)',
    });
    expect(scanned.map(({ Count, ScannedCount }) => [Count, ScannedCount])).toEqual([
      [0, 4],
      [0, 4],
      [0, 0],
    ]);
  });

  it('refuses starting keys that can not be', async () => {
    const from = (ExclusiveStartKey: object, condition = 'pk = :p', values = {}) =>
      bench.failure('Query', query(condition, values, { ExclusiveStartKey }));
    expect((await from({ pk: { S: 'c' }, sk: { N: '3' } })).message).toBe(
      'The provided starting key is outside query boundaries based on provided conditions',
    );
    expect(
      (await from({ pk: { S: 'b' }, sk: { N: '3' } }, 'pk = :p AND sk > :a', { ':a': { N: '3' } })).message,
    ).toBe('The provided starting key does not match the range key predicate');
    expect((await from({ pk: { S: 'b' } })).message).toBe(
      'The provided starting key is invalid: The provided key element does not match the schema',
    );
    const segments = await Promise.all(
      [0, 1].map((Segment) =>
        bench
          .run('Scan', {
            TableName: 'users',
            Segment,
            TotalSegments: 2,
            ExclusiveStartKey: { pk: { S: 'u1' } },
          })
          .then(
            () => 'ok',
            (thrown: Error) => thrown.message,
          ),
      ),
    );
    expect(segments.filter((answer) => answer === 'ok')).toHaveLength(1);
    expect(segments.find((answer) => answer !== 'ok')).toMatch(
      /Invalid ExclusiveStartKey.* TotalSegments: 2 Segment: \d/,
    );
  });

  it.each([
    ['Scan', { Segment: 1 }, 'The TotalSegments parameter is required'],
    ['Scan', { TotalSegments: 1 }, 'The Segment parameter is required'],
    ['Scan', { Segment: 2, TotalSegments: 2 }, 'Segment: 2 is not less than TotalSegments: 2'],
    ['Scan', { Limit: 0 }, "Value '0' at 'limit' failed to satisfy constraint"],
    ['Scan', { IndexName: 'byAge' }, 'The table does not have the specified index: byAge'],
    ['Scan', { Select: 'ALL_PROJECTED_ATTRIBUTES' }, 'ALL_PROJECTED_ATTRIBUTES can be used only'],
    ['Scan', { Select: 'SPECIFIC_ATTRIBUTES' }, 'Must specify the AttributesToGet or ProjectionExpression'],
    ['Scan', { Select: 'COUNT', ProjectionExpression: 'a' }, 'when choosing to get only the Count'],
    ['Query', {}, 'Either the KeyConditions or KeyConditionExpression parameter must be specified'],
  ])('refuses a %s with %j', async (operation, more, message) => {
    const failed = await bench.failure(operation, { TableName: 'users', ...more });
    expect(failed.code).toBe('ValidationException');
    expect(failed.message).toContain(message);
  });
});

describe('Query of a partition that changes', () => {
  it('lists exactly what a model holds', async () => {
    const bench = await startBench();
    await bench.run('CreateTable', sortTable);
    const step = fc.record({ put: fc.boolean(), sk: fc.integer({ min: -60, max: 60 }), v: fc.nat(9) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.uuid(), async (steps, pk) => {
        const model = new Map<number, number>();
        for (const { put, sk, v } of steps) {
          const key = { pk: { S: pk }, sk: { N: String(sk) } };
          if (put) {
            await bench.run('PutItem', { TableName: 'events', Item: { ...key, v: { N: String(v) } } });
            model.set(sk, v);
          } else {
            await bench.run('DeleteItem', { TableName: 'events', Key: key });
            model.delete(sk);
          }
        }
        const { Items } = await bench.run('Query', {
          TableName: 'events',
          KeyConditionExpression: 'pk = :p',
          ExpressionAttributeValues: { ':p': { S: pk } },
        });
        const listed = Items.map(({ sk, v }: Answers) => [Number(sk.N), Number(v.N)]);
        expect(listed).toEqual([...model].sort(([a], [b]) => a - b));
      }),
      { seed: 11, numRuns: 20 },
    );
    await bench.close();
  });
});
