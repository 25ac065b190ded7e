import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { compileExpressions } from '../../../../src/system/store/expressions/expressions.ts';
import type { AttributeValue, Item } from '../../../../src/system/store/types.ts';
import { validateItem } from '../../../../src/system/store/values/values.ts';
import { AwsError } from '../../../../src/system/wire/errors.ts';
import { compileCondition, compileUpdate, errorOf, KEY } from './requests.ts';

describe('expressions meant to hurt', () => {
  test('4096 bytes are read, one more is not, a megabyte least of all', () => {
    const projection = (bytes: number) => ({ ProjectionExpression: 'a'.repeat(bytes) });
    expect(() => compileExpressions('GetItem', projection(4096), KEY)).not.toThrow();
    const tooLong =
      'Invalid ProjectionExpression: Expression size has exceeded the maximum allowed size; expression size: ';
    expect(errorOf('GetItem', projection(4097))[1]).toBe(tooLong + 4097);
    expect(errorOf('GetItem', projection(2 ** 20))[1]).toBe(tooLong + 2 ** 20);
    expect(errorOf('GetItem', { ProjectionExpression: 'é'.repeat(2049) })[1]).toBe(tooLong + 4098);
  });

  test.each([
    ['parentheses', '('.repeat(4096)],
    ['closed parentheses', `${'('.repeat(1000)}a = b${')'.repeat(1000)}`],
    ['NOT', `${'NOT '.repeat(1000)}attribute_exists(a)`],
    ['functions', `${'size('.repeat(600)}a${')'.repeat(600)} = b`],
    ['nested conditions', `${'(a = b OR '.repeat(330)}a = b${')'.repeat(330)}`],
  ])('deep %s', (_, ConditionExpression) => {
    expect(errorOf('PutItem', { ConditionExpression })).toEqual([
      'ValidationException',
      'Invalid ConditionExpression: The expression is nested too deeply; levels allowed: 300',
    ]);
  });

  test('a long chain of ANDs is no depth', () => {
    const condition = compileCondition(
      Array(580)
        .fill('a=b')
        .join(' OR ')
        .slice(0, 4000)
        .replace(/[^b]*$/, ''),
    );
    expect(condition({ a: { S: '1' }, b: { S: '1' } })).toBe(true);
  });

  test('many paths under one another', () => {
    const paths = Array.from({ length: 500 }, (_, i) => `a.b${i}`).join(',');
    expect(() => compileExpressions('GetItem', { ProjectionExpression: paths }, KEY)).not.toThrow();
  });

  test('a list index far beyond the list costs nothing', () => {
    const update = compileUpdate('SET l[2147483647] = :v', { ':v': { S: 'end' } });
    expect(update.apply({ l: { L: [] } })).toEqual({ l: { L: [{ S: 'end' }] } });
  });

  test('whatever the text, the answer is a ValidationException or a function', () => {
    const token = fc.constantFrom(
      ...[
        'a',
        'b.c',
        '#n',
        ':v',
        '(',
        ')',
        ',',
        '=',
        '<>',
        '<',
        '.',
        '[',
        ']',
        '0',
        '01',
        '+',
        '-',
        'AND',
        'OR',
      ],
      ...[
        'NOT',
        'IN',
        'BETWEEN',
        'SET',
        'REMOVE',
        'ADD',
        'DELETE',
        'size',
        'contains',
        'if_not_exists',
        '"',
        'é',
        '\0',
      ],
    );
    const text = fc.oneof(
      fc.array(token, { maxLength: 12 }).map((tokens) => tokens.join(' ')),
      fc.string({ unit: 'binary' }),
    );
    const requests = [
      ['PutItem', 'ConditionExpression'],
      ['UpdateItem', 'UpdateExpression'],
      ['GetItem', 'ProjectionExpression'],
      ['Query', 'KeyConditionExpression'],
    ] as const;
    fc.assert(
      fc.property(text, fc.constantFrom(...requests), (expression, [operation, member]) => {
        const body = {
          [member]: expression,
          ExpressionAttributeNames: { '#n': 'n' },
          ...(operation === 'GetItem' ? {} : { ExpressionAttributeValues: { ':v': { S: 'v' } } }),
        };
        try {
          compileExpressions(operation, body, KEY);
        } catch (error) {
          expect(error).toBeInstanceOf(AwsError);
          expect((error as AwsError).code).toBe('ValidationException');
        }
      }),
      { seed: 20260105, numRuns: 1000 },
    );
  });
});

describe('names of the prototype', () => {
  const NAMES = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
  const names = { '#p': '__proto__', '#c': 'constructor' };
  /** As it comes off the wire: `JSON.parse` makes `__proto__` a property like any other. */
  const parse = (text: string): Item => validateItem(JSON.parse(text));
  const full = () =>
    parse('{"__proto__":{"M":{"__proto__":{"S":"in"},"x":{"N":"1"}}},"constructor":{"S":"c"},"a":{"S":"a"}}');

  afterEach(() => {
    expect(Object.getOwnPropertyNames(Object.prototype)).not.toContain('x');
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  test('an item that lacks them lacks them', () => {
    for (const name of NAMES) {
      expect(compileCondition('attribute_exists(#n)', undefined, { '#n': name })({})).toBe(false);
      expect(compileCondition('attribute_exists(m.#n)', undefined, { '#n': name })({ m: { M: {} } })).toBe(
        false,
      );
      const body = { ProjectionExpression: '#n', ExpressionAttributeNames: { '#n': name } };
      expect(JSON.stringify(compileExpressions('GetItem', body, KEY).projection!({}))).toBe('{}');
    }
  });

  test('placeholders called so are undefined', () => {
    for (const name of NAMES) {
      expect(errorOf('PutItem', { ConditionExpression: `a = :${name}` })[1]).toMatch(
        /value used in expression is not defined/,
      );
      expect(errorOf('PutItem', { ConditionExpression: `#${name} = a` })[1]).toMatch(/not defined/);
    }
  });

  test('they are projected like others', () => {
    const body = { ProjectionExpression: '#p.#p, #c', ExpressionAttributeNames: names };
    expect(JSON.stringify(compileExpressions('GetItem', body, KEY).projection!(full()))).toBe(
      '{"__proto__":{"M":{"__proto__":{"S":"in"}}},"constructor":{"S":"c"}}',
    );
  });

  test('they survive an update of something else', () => {
    const updated = compileUpdate('SET #p.x = :v', { ':v': { N: '2' } }, { '#p': '__proto__' }).apply(full());
    expect(JSON.stringify(updated)).toBe(
      '{"__proto__":{"M":{"__proto__":{"S":"in"},"x":{"N":"2"}}},"constructor":{"S":"c"},"a":{"S":"a"}}',
    );
  });

  test('they are set and removed like others', () => {
    const value: Record<string, AttributeValue> = { ':v': { M: { x: { S: 'polluted' } } } };
    const set = compileUpdate('SET #p = :v, #c = :v', value, names).apply({ a: { S: 'a' } });
    const polluted = '{"M":{"x":{"S":"polluted"}}}';
    expect(JSON.stringify(set)).toBe(`{"a":{"S":"a"},"__proto__":${polluted},"constructor":${polluted}}`);
    expect(Object.getPrototypeOf(set)).toBe(Object.prototype);
    const removed = compileUpdate('REMOVE #p, #c', undefined, names).apply(set);
    expect(JSON.stringify(removed)).toBe('{"a":{"S":"a"}}');
  });
});
