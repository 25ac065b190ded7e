/** A table of games with two global indexes and a local one, as in DynamoDB's own examples. */
import type { Answers } from '../harness.ts';

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
