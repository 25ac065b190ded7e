import { expect, test } from 'vitest';
import { nextRequestId } from '../../../src/system/wire/request-id.ts';

test('request ids have the shape of a UUID, and none is given twice', () => {
  const ids = Array.from({ length: 10_000 }, nextRequestId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids)
    expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
});
