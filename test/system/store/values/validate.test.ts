import { describe, expect, test } from 'vitest';
import type { AttributeValue } from '../../../../src/system/store/types.ts';
import {
  equalValues,
  itemSizeBytes,
  MAX_ITEM_BYTES,
  validateItem,
  validateValue,
} from '../../../../src/system/store/values/values.ts';

const INVALID = 'One or more parameter values were invalid: ';

describe('values that DynamoDB refuses', () => {
  test.each([
    [{}, 'Supplied AttributeValue is empty, must contain exactly one of the supported datatypes'],
    [{ X: 'a' }, 'Supplied AttributeValue is empty, must contain exactly one of the supported datatypes'],
    [{ S: null }, 'Supplied AttributeValue is empty, must contain exactly one of the supported datatypes'],
    [
      { S: 'a', N: '1' },
      'Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes',
    ],
    [{ NULL: false }, `${INVALID}Null attribute value types must have the value of true`],
    [{ SS: [] }, `${INVALID}An string set  may not be empty`],
    [{ NS: [] }, `${INVALID}An number set  may not be empty`],
    [{ BS: [] }, `${INVALID}Binary sets should not be empty`],
    [{ SS: ['a', 'b', 'a'] }, `${INVALID}Input collection [a, b, a] contains duplicates.`],
    [{ NS: ['1', '1.0'] }, 'Input collection contains duplicates'],
    [{ BS: ['YQ==', 'YQ=='] }, `${INVALID}Input collection [YQ==, YQ==]of type BS contains duplicates.`],
    [{ N: '' }, 'The parameter cannot be converted to a numeric value'],
    [{ N: 'abc' }, 'The parameter cannot be converted to a numeric value: abc'],
    [{ N: ' 1' }, 'The parameter cannot be converted to a numeric value:  1'],
    [{ N: '.' }, 'The parameter cannot be converted to a numeric value: .'],
    [{ N: '0x10' }, 'The parameter cannot be converted to a numeric value: 0x10'],
    [{ N: 'Infinity' }, 'The parameter cannot be converted to a numeric value: Infinity'],
    [
      { N: '1e126' },
      'Number overflow. Attempting to store a number with magnitude larger than supported range',
    ],
    [
      { N: '-1e126' },
      'Number overflow. Attempting to store a number with magnitude larger than supported range',
    ],
    [
      { N: '1e-131' },
      'Number underflow. Attempting to store a number with magnitude smaller than supported range',
    ],
    [{ N: '1'.repeat(39) }, 'Attempting to store more than 38 significant digits in a Number'],
    [{ L: [{ M: { a: { NS: ['x'] } } }] }, 'The parameter cannot be converted to a numeric value: x'],
  ])('%j', (value, message) => {
    expect(() => validateItem({ a: value })).toThrow(
      expect.objectContaining({ code: 'ValidationException', message, status: 400 }),
    );
  });

  test.each([
    [{ S: 1 }, 'NUMBER_VALUE cannot be converted to String'],
    [{ S: 1.5 }, 'DECIMAL_VALUE cannot be converted to String'],
    [{ N: true }, 'TRUE_VALUE cannot be converted to String'],
    [{ S: ['a'] }, 'Unrecognized collection type class java.lang.String'],
    [{ S: { a: 1 } }, 'Start of structure or map found where not expected'],
    [{ S: '\ud800' }, 'A string has an unpaired surrogate and cannot be stored as UTF-8'],
    [{ B: 'abc' }, 'Base64 encoded length is expected a multiple of 4 bytes but found: 3'],
    [{ B: 'YR==' }, 'Invalid last non-pad Base64 character dectected'],
    [{ B: 'Y$==' }, 'Invalid last non-pad Base64 character dectected'],
    [{ B: 5 }, 'only base-64-encoded strings are convertible to bytes'],
    [{ BOOL: 'yes' }, 'Unexpected token received from parser'],
    [{ L: 'a' }, 'Unexpected field type'],
    [{ L: { a: 1 } }, 'Start of structure or map found where not expected'],
    [{ M: 'a' }, 'Unexpected field type'],
    ['text', 'Unexpected value type in payload'],
    [[], 'Unrecognized collection type class com.amazonaws.dynamodb.v20120810.AttributeValue'],
  ])('%j has the wrong JSON shape', (value, message) => {
    expect(() => validateItem({ a: value })).toThrow(
      expect.objectContaining({ code: 'SerializationException', message }),
    );
  });

  test('an item that is no map', () => {
    expect(() => validateItem([])).toThrow(/Unrecognized collection type java.util.Map/);
    expect(() => validateItem('a')).toThrow('Unexpected field type');
  });
});

test.each([
  ['0001.50', '1.5'],
  ['-0', '0'],
  ['0e999', '0'],
  ['+7', '7'],
  ['.5', '0.5'],
  ['5.', '5'],
  ['1E3', '1000'],
  ['-12.3e-2', '-0.123'],
  ['1e-130', `0.${'0'.repeat(129)}1`],
  [`${'9'.repeat(38)}e88`, '9'.repeat(38) + '0'.repeat(88)],
  [`0.${'0'.repeat(50)}${'1'.repeat(38)}`, `0.${'0'.repeat(50)}${'1'.repeat(38)}`],
])('number %s is kept as %s', (given, kept) => {
  expect(validateValue({ N: given })).toEqual({ N: kept });
});

test('members that DynamoDB does not know are dropped', () => {
  expect(validateItem({ a: { S: 'x', N: null, Z: 1 } })).toEqual({ a: { S: 'x' } });
});

describe('nesting', () => {
  const nested = (wraps: number): unknown => {
    let value: unknown = { S: 'leaf' };
    for (let i = 0; i < wraps; i++) value = i % 2 ? { L: [value] } : { M: { n: value } };
    return value;
  };

  test('32 levels stand, 33 do not', () => {
    expect(() => validateItem({ a: nested(31) })).not.toThrow();
    expect(() => validateItem({ a: nested(32) })).toThrow(/^Nesting Levels have exceeded supported limits/);
    expect(() => validateItem({ a: nested(50_000) })).toThrow(
      /^Nesting Levels have exceeded supported limits/,
    );
  });
});

describe('size', () => {
  test.each<[AttributeValue, number]>([
    [{ S: 'aé€😀' }, 1 + 2 + 3 + 4],
    [{ B: Buffer.alloc(10).toString('base64') }, 10],
    [{ B: Buffer.alloc(11).toString('base64') }, 11],
    [{ B: Buffer.alloc(12).toString('base64') }, 12],
    [{ BOOL: false }, 1],
    [{ NULL: true }, 1],
    [{ N: '0' }, 1],
    [{ N: '5' }, 2],
    [{ N: '12' }, 2],
    [{ N: '1200' }, 2],
    [{ N: '123' }, 3],
    [{ N: '-123' }, 4],
    [{ N: '12.34' }, 3],
    [{ N: '1.234' }, 4],
    [{ N: '0.01' }, 2],
    [{ N: '0.001' }, 2],
    [{ SS: ['a', 'bc'] }, 3],
    [{ NS: ['1', '100'] }, 4],
    [{ BS: ['YQ==', 'YWI='] }, 3],
    [{ L: [] }, 3],
    [{ L: [{ S: 'ab' }, { BOOL: true }] }, 3 + 1 + 2 + 1 + 1],
    [{ M: { ab: { S: 'c' } } }, 3 + 1 + 2 + 1],
  ])('%j is %i bytes', (value, bytes) => {
    expect(itemSizeBytes({ abc: value })).toBe(3 + bytes);
  });

  test('an item of 400 KB stands, one byte more does not', () => {
    const item = (bytes: number) => ({ a: { S: 'x'.repeat(bytes - 1) } });
    expect(() => validateItem(item(MAX_ITEM_BYTES))).not.toThrow();
    expect(() => validateItem(item(MAX_ITEM_BYTES + 1))).toThrow(
      'Item size has exceeded the maximum allowed size',
    );
  });
});

describe('equality', () => {
  test.each<[AttributeValue, AttributeValue, boolean]>([
    [{ N: '1' }, { N: '1.0' }, true],
    [{ N: '1' }, { S: '1' }, false],
    [{ SS: ['a', 'b'] }, { SS: ['b', 'a'] }, true],
    [{ NS: ['1', '2'] }, { NS: ['2.0', '1'] }, true],
    [{ SS: ['a'] }, { SS: ['a', 'b'] }, false],
    [{ L: [{ S: 'a' }, { S: 'b' }] }, { L: [{ S: 'b' }, { S: 'a' }] }, false],
    [{ M: { a: { N: '1' }, b: { NULL: true } } }, { M: { b: { NULL: true }, a: { N: '1.0' } } }, true],
    [{ M: { a: { N: '1' } } }, { M: { b: { N: '1' } } }, false],
    [{ M: { constructor: { N: '1' } } }, { M: { a: { N: '1' } } }, false],
    [{ BOOL: true }, { BOOL: false }, false],
    [{ NULL: true }, { NULL: true }, true],
  ])('%j and %j: %s', (a, b, equal) => {
    expect(equalValues(a, b)).toBe(equal);
    expect(equalValues(b, a)).toBe(equal);
  });
});
