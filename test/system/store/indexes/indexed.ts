/** A table of games with two global indexes and a local one, as in DynamoDB's own examples. */
import type { Answers, Bench } from '../harness.ts';

export const gamesTable = {
  TableName: 'games',
  AttributeDefinitions: [
    { AttributeName: 'user', AttributeType: 'S' },
    { AttributeName: 'title', AttributeType: 'S' },
    { AttributeName: 'score', AttributeType: 'N' },
    { AttributeName: 'team', AttributeType: 'S' },
  ],
  KeySchema: [
    { AttributeName: 'user', KeyType: 'HASH' },
    { AttributeName: 'title', KeyType: 'RANGE' },
  ],
  BillingMode: 'PAY_PER_REQUEST',
  LocalSecondaryIndexes: [localIndex('by-score', { ProjectionType: 'KEYS_ONLY' })],
  GlobalSecondaryIndexes: [
    globalIndex('titles', ['title', 'score'], { ProjectionType: 'INCLUDE', NonKeyAttributes: ['note'] }),
    globalIndex('teams', ['team'], { ProjectionType: 'ALL' }),
  ],
};

export function localIndex(name: string, projection: object, sort = 'score'): Answers {
  return { IndexName: name, KeySchema: keySchema(['user', sort]), Projection: projection };
}

export function globalIndex(name: string, keys: readonly string[], projection: object): Answers {
  return { IndexName: name, KeySchema: keySchema(keys), Projection: projection };
}

export function keySchema(names: readonly string[]): object[] {
  return names.map((AttributeName, place) => ({ AttributeName, KeyType: place === 0 ? 'HASH' : 'RANGE' }));
}

export interface Game {
  user: string;
  title: string;
  score?: number | undefined;
  team?: string | undefined;
  note?: string | undefined;
}

export function itemOf({ user, title, score, team, note }: Game): Answers {
  return {
    user: { S: user },
    title: { S: title },
    ...(score === undefined ? {} : { score: { N: String(score) } }),
    ...(team === undefined ? {} : { team: { S: team } }),
    ...(note === undefined ? {} : { note: { S: note } }),
    more: { S: 'beside' },
  };
}

export function putGame(bench: Bench, game: Game, more: object = {}): Promise<Answers> {
  return bench.run('PutItem', { TableName: 'games', Item: itemOf(game), ...more });
}

/** All pages of a Query or Scan. */
export async function allPages(bench: Bench, operation: string, body: object): Promise<Answers[]> {
  const items: Answers[] = [];
  let start: Answers;
  do {
    const page = await bench.run(operation, { TableName: 'games', ...body, ExclusiveStartKey: start });
    items.push(...page.Items);
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
  return items;
}

export const values = (partition: string, attribute = 'title') => ({
  KeyConditionExpression: '#p = :p',
  ExpressionAttributeNames: { '#p': attribute },
  ExpressionAttributeValues: { ':p': { S: partition } },
});
