import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Answers, type Bench, startBench } from '../harness.ts';
import { allPages, gamesTable, itemOf, putGame, values } from './indexed.ts';

let bench: Bench;
const all = (operation: string, body: object) => allPages(bench, operation, body);

beforeEach(async () => {
  bench = await startBench();
  await bench.run('CreateTable', gamesTable);
});
afterEach(() => bench.close());

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
            await putGame(bench, game);
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
