import { expect, test } from 'vitest';
import { compileExpressions } from '../../../../src/system/store/expressions/expressions.ts';
import { KEY } from './requests.ts';

const p = { S: 'p' };
const one = { N: '1' };
const two = { N: '2' };

test.each([
  ['pk = :p', { partition: p }],
  [':p = #k', { partition: p }],
  ['pk = :p AND sk = :one', { partition: p, sort: { op: '=', values: [one] } }],
  ['sk < :one AND pk = :p', { partition: p, sort: { op: '<', values: [one] } }],
  ['(pk = :p) AND (:one < sk)', { partition: p, sort: { op: '>', values: [one] } }],
  ['pk = :p and :one >= sk', { partition: p, sort: { op: '<=', values: [one] } }],
  ['pk = :p AND sk >= :one', { partition: p, sort: { op: '>=', values: [one] } }],
  ['pk = :p AND sk BETWEEN :one AND :two', { partition: p, sort: { op: 'between', values: [one, two] } }],
])('%s', (KeyConditionExpression, expected) => {
  const used = { ':p': p, ':one': one, ':two': two };
  const body = {
    KeyConditionExpression,
    ExpressionAttributeValues: Object.fromEntries(
      Object.entries(used).filter(([name]) => KeyConditionExpression.includes(name)),
    ),
    ...(KeyConditionExpression.includes('#k') ? { ExpressionAttributeNames: { '#k': 'pk' } } : {}),
  };
  expect(compileExpressions('Query', body, KEY)).toEqual({ keyCondition: expected, named: [] });
});

test('begins_with on a string', () => {
  const key = { partition: { name: 'pk', type: 'S' }, sort: { name: 'sk', type: 'S' } } as const;
  const body = {
    KeyConditionExpression: 'pk = :p AND begins_with(sk, :p)',
    FilterExpression: 'a = :p',
    ProjectionExpression: 'pk, a',
    ExpressionAttributeValues: { ':p': p },
  };
  const { keyCondition, filter, projection } = compileExpressions('Query', body, key);
  expect(keyCondition).toEqual({ partition: p, sort: { op: 'begins_with', values: [p] } });
  expect(filter!({ a: p })).toBe(true);
  expect(filter!({})).toBe(false);
  expect(projection!({ pk: p, sk: p, a: one })).toEqual({ pk: p, a: one });
});
