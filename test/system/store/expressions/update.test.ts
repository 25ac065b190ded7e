import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileExpressions } from '../../../../src/system/store/expressions/expressions.ts';
import type { AttributeValue, Item } from '../../../../src/system/store/types.ts';
import { MAX_ITEM_BYTES } from '../../../../src/system/store/values/values.ts';
import { compileUpdate, KEY } from './requests.ts';

const s = (text: string): AttributeValue => ({ S: text });
const n = (number: number | string): AttributeValue => ({ N: String(number) });
const l = (...texts: string[]): AttributeValue => ({ L: texts.map(s) });

/** A write to a frozen item throws, so that every test here also shows that the old item stays as it was. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(frozen);
  }
  return value;
}

const item = (): Item =>
  frozen({
    pk: s('p'),
    sk: n(1),
    a: n(5),
    b: s('text'),
    l: l('0', '1', '2', '3'),
    m: { M: { x: n(1), deep: { M: { list: l('q', 'r') } } } },
    ss: { SS: ['a', 'b'] },
    ns: { NS: ['1', '2'] },
  });

describe('what an update makes of an item', () => {
  test.each<[string, Record<string, AttributeValue> | undefined, Record<string, AttributeValue | undefined>]>(
    [
      ['SET a = :v', { ':v': s('new') }, { a: s('new') }],
      ['SET a = b, b = a', undefined, { a: s('text'), b: n(5) }],
      ['SET a = a + :v', { ':v': n('0.5') }, { a: n('5.5') }],
      ['SET a = :v - a', { ':v': n(3) }, { a: n(-2) }],
      ['SET c = if_not_exists(c, :v) + :v', { ':v': n(1) }, { c: n(2) }],
      ['SET a = if_not_exists(a, :v)', { ':v': n(1) }, {}],
      ['SET l = list_append(l, :v)', { ':v': l('4') }, { l: l('0', '1', '2', '3', '4') }],
      ['SET c = list_append(:v, if_not_exists(c, :e))', { ':v': l('z'), ':e': l() }, { c: l('z') }],
      ['SET l[1] = :v', { ':v': s('one') }, { l: l('0', 'one', '2', '3') }],
      ['SET l[90] = :v, l[7] = :w', { ':v': s('90'), ':w': s('7') }, { l: l('0', '1', '2', '3', '7', '90') }],
      [
        'SET m.x = :v, m.y = m.x',
        { ':v': n(2) },
        { m: { M: { x: n(2), y: n(1), deep: { M: { list: l('q', 'r') } } } } },
      ],
      [
        'SET m.deep.#l[0] = :v',
        { ':v': s('Q') },
        { m: { M: { x: n(1), deep: { M: { list: l('Q', 'r') } } } } },
      ],
      ['REMOVE a, b, nope, m.nope', undefined, { a: undefined, b: undefined }],
      ['REMOVE l[0], l[2], l[9]', undefined, { l: l('1', '3') }],
      [
        'SET l[3] = :v, l[5] = :w REMOVE l[0]',
        { ':v': s('three'), ':w': s('end') },
        { l: l('1', '2', 'three', 'end') },
      ],
      ['REMOVE m.deep', undefined, { m: { M: { x: n(1) } } }],
      ['ADD a :v', { ':v': n(-5) }, { a: n(0) }],
      ['ADD c :v', { ':v': n(7) }, { c: n(7) }],
      [
        'ADD ss :v, ns :w',
        { ':v': { SS: ['b', 'c'] }, ':w': { NS: ['2.0', '3'] } },
        { ss: { SS: ['a', 'b', 'c'] }, ns: { NS: ['1', '2', '3'] } },
      ],
      ['ADD c :v', { ':v': { SS: ['x'] } }, { c: { SS: ['x'] } }],
      ['ADD m.x :v', { ':v': n(1) }, { m: { M: { x: n(2), deep: { M: { list: l('q', 'r') } } } } }],
      ['DELETE ss :v', { ':v': { SS: ['b', 'zzz'] } }, { ss: { SS: ['a'] } }],
      ['DELETE ss :v', { ':v': { SS: ['a', 'b'] } }, { ss: undefined }],
      ['DELETE nope :v', { ':v': { SS: ['a'] } }, {}],
    ],
  )('%s with %j', (expression, values, changes) => {
    const names = expression.includes('#l') ? { '#l': 'list' } : undefined;
    const expected: Record<string, AttributeValue | undefined> = { ...item(), ...changes };
    for (const name of Object.keys(expected)) if (expected[name] === undefined) delete expected[name];
    const old = item();
    expect(compileUpdate(expression, values, names).apply(old)).toEqual(expected);
    expect(old).toEqual(item());
  });
});

describe('what an update refuses', () => {
  const path = 'The document path provided in the update expression is invalid for update';
  const type = 'An operand in the update expression has an incorrect data type';
  const missing = 'The provided expression refers to an attribute that does not exist in the item';
  test.each<[string, Record<string, AttributeValue> | undefined, string]>([
    ['SET nope.x = :v', { ':v': s('') }, path],
    ['SET a.x = :v', { ':v': s('') }, path],
    ['SET m[0] = :v', { ':v': s('') }, path],
    ['SET l.x = :v', { ':v': s('') }, path],
    ['SET l[9].x = :v', { ':v': s('') }, path],
    ['REMOVE nope.x', undefined, path],
    ['DELETE nope.x :v', { ':v': { SS: ['a'] } }, path],
    ['SET c = nope', undefined, missing],
    ['SET c = a + nope', undefined, missing],
    ['SET c = l[7]', undefined, missing],
    ['SET c = if_not_exists(nope, nada)', undefined, missing],
    ['SET c = a + b', undefined, type],
    ['SET c = list_append(l, a)', undefined, type],
    ['ADD b :v', { ':v': n(1) }, type],
    ['ADD ss :v', { ':v': { NS: ['1'] } }, type],
    ['DELETE a :v', { ':v': { NS: ['1'] } }, type],
    [
      'SET c = a + :v',
      { ':v': n('9e125') },
      'Attempting to store more than 38 significant digits in a Number',
    ],
    [
      'SET c = :v + :v',
      { ':v': n('9e125') },
      'Number overflow. Attempting to store a number with magnitude larger than supported range',
    ],
    [
      'SET c = :v',
      { ':v': s('x'.repeat(MAX_ITEM_BYTES - 20)) },
      'Item size to update has exceeded the maximum allowed size',
    ],
  ])('%s', (expression, values, message) => {
    expect(() => compileUpdate(expression, values).apply(item())).toThrow(
      expect.objectContaining({ code: 'ValidationException', message }),
    );
  });

  test('an item that would nest too deeply', () => {
    let value = s('leaf');
    for (let level = 0; level < 30; level++) value = { M: { k: value } };
    expect(() => compileUpdate('SET m.x = :v', { ':v': value }).apply(item())).not.toThrow();
    expect(() => compileUpdate('SET m.deep.x = :v', { ':v': value }).apply(item())).toThrow(
      /^Nesting Levels have exceeded supported limits/,
    );
  });
});

describe('the attributes that an update names', () => {
  const update = compileUpdate('SET m.x = :v, l[2] = :v ADD c :v REMOVE b', { ':v': n(9) });
  test('before', () => {
    expect(update.updatedAttributes(item())).toEqual({ m: { M: { x: n(1) } }, l: l('2'), b: s('text') });
  });
  test('after', () => {
    expect(update.updatedAttributes(update.apply(item()))).toEqual({
      m: { M: { x: n(9) } },
      l: { L: [n(9)] },
      c: n(9),
    });
  });
  test('of a new item', () => {
    const created = compileUpdate('SET c = :v', { ':v': n(9) });
    const key = frozen({ pk: s('p'), sk: n(1) });
    expect(created.apply(key)).toEqual({ ...key, c: n(9) });
    expect(created.updatedAttributes(key)).toEqual({});
  });
});

describe('projection', () => {
  const project = (expression: string) =>
    compileExpressions('GetItem', { ProjectionExpression: expression }, KEY).projection!(item());
  test.each<[string, Item]>([
    ['pk, a', { pk: s('p'), a: n(5) }],
    ['nope, a.b, l.x, m[0]', {}],
    ['l[3], l[0], l[9]', { l: l('0', '3') }],
    ['m.x, m.deep', { m: { M: { x: n(1), deep: { M: { list: l('q', 'r') } } } } }],
    ['m.nope', {}],
  ])('%s', (expression, expected) => {
    expect(project(expression)).toEqual(expected);
  });
});

test('removing and setting list elements agrees with doing it by hand', () => {
  const action = fc.record({
    index: fc.nat(9),
    text: fc.option(fc.constantFrom('x', 'y'), { nil: undefined }),
  });
  const actions = fc.uniqueArray(action, { selector: ({ index }) => index, minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(fc.nat(6), actions, (length, changes) => {
      const before = Array.from({ length }, (_, i) => String(i));
      const byHand: (string | undefined)[] = Array.from({ length: 10 }, (_, i) => before[i]);
      for (const { index, text } of changes) byHand[index] = text;
      const sets = changes
        .filter(({ text }) => text !== undefined)
        .map(({ index, text }) => `l[${index}] = :${text}`);
      const removes = changes.filter(({ text }) => text === undefined).map(({ index }) => `l[${index}]`);
      const expression = [
        sets.length > 0 ? `SET ${sets}` : '',
        removes.length > 0 ? `REMOVE ${removes}` : '',
      ].join(' ');
      const values = Object.fromEntries(
        ['x', 'y']
          .filter((text) => changes.some((change) => change.text === text))
          .map((text) => [`:${text}`, s(text)]),
      );
      const update = compileUpdate(expression, sets.length > 0 ? values : undefined);
      const after = update.apply(frozen({ l: l(...before) }));
      expect(after).toEqual({ l: l(...byHand.filter((text) => text !== undefined)) });
    }),
    { seed: 20260104, numRuns: 1000 },
  );
});
