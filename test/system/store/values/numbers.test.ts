import Big from 'big.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addNumbers,
  canonicalNumber,
  compareValues,
  itemSizeBytes,
  keyBytes,
  sortableKeyBytes,
  subtractNumbers,
} from '../../../../src/system/store/values/values.ts';

const seed = 20260101;

/** Numbers of all magnitudes, clustered so that near misses are common. */
const decimal = fc
  .tuple(
    fc.boolean(),
    fc.oneof(
      fc.stringMatching(/^[1-9][0-9]{0,37}$/),
      fc.constantFrom('1', '10', '12', '123', '9', '99', '100'),
    ),
    fc.oneof(fc.integer({ min: -130, max: 88 }), fc.integer({ min: -3, max: 3 })),
  )
  .map(([negative, digits, exponent]) => `${negative ? '-' : ''}${digits}e${exponent}`)
  .filter((text) => new Big(text).e >= -130);
const numberText = fc.oneof(
  { weight: 9, arbitrary: decimal },
  { weight: 1, arbitrary: fc.constantFrom('0', '-0', '0.00') },
);

describe('numbers', () => {
  test('canonical text has the value given, and equal values have equal texts', () => {
    fc.assert(
      fc.property(numberText, fc.nat(5), (text, zeros) => {
        const canonical = canonicalNumber(text);
        expect(new Big(canonical).eq(text)).toBe(true);
        expect(canonicalNumber(canonical)).toBe(canonical);
        expect(canonicalNumber(new Big(text).toFixed(undefined) + (zeros ? `e0` : ''))).toBe(canonical);
        expect(canonical).toMatch(/^(0|-?(0|[1-9]\d*)(\.\d*[1-9])?)$/);
      }),
      { seed, numRuns: 2000 },
    );
  });

  test('order is that of the values, also of the sortable bytes', () => {
    fc.assert(
      fc.property(numberText, numberText, (a, b) => {
        const [x, y] = [canonicalNumber(a), canonicalNumber(b)];
        const expected = new Big(x).cmp(y);
        expect(Math.sign(compareValues({ N: x }, { N: y })!)).toBe(expected);
        expect(Buffer.compare(sortableKeyBytes({ N: x }), sortableKeyBytes({ N: y }))).toBe(expected);
        expect(keyBytes({ N: a }).equals(keyBytes({ N: b }))).toBe(expected === 0);
      }),
      { seed, numRuns: 5000 },
    );
  });

  test('order holds among numbers of which one continues the other', () => {
    const close = fc
      .tuple(fc.boolean(), fc.stringMatching(/^[12][0-2]{0,4}$/), fc.integer({ min: -1, max: 1 }))
      .map(([negative, digits, e]) =>
        canonicalNumber(`${negative ? '-' : ''}${digits[0]}.${digits.slice(1)}e${e}`),
      );
    fc.assert(
      fc.property(close, close, (x, y) => {
        const expected = new Big(x).cmp(y);
        expect(Math.sign(compareValues({ N: x }, { N: y })!)).toBe(expected);
        expect(Buffer.compare(sortableKeyBytes({ N: x }), sortableKeyBytes({ N: y }))).toBe(expected);
      }),
      { seed, numRuns: 3000 },
    );
  });

  test('numbers that differ in the 38th digit differ', () => {
    const a = `1${'0'.repeat(36)}1`;
    const b = `1${'0'.repeat(36)}2`;
    for (const [x, y] of [
      [a, b],
      [`-${b}`, `-${a}`],
      [`0.${'9'.repeat(38)}`, '1'],
      ['-1', `-0.${'9'.repeat(38)}`],
    ] as const) {
      expect(compareValues({ N: x }, { N: y })).toBeLessThan(0);
      expect(Buffer.compare(sortableKeyBytes({ N: x }), sortableKeyBytes({ N: y }))).toBe(-1);
    }
  });

  test('a long run of zeros is read in no time', () => {
    const text = `${'0'.repeat(500_000)}1${'0'.repeat(50)}`;
    expect(canonicalNumber(text)).toBe(`1${'0'.repeat(50)}`);
    expect(() => canonicalNumber(`${'0'.repeat(500_000)}1${'0'.repeat(500_000)}`)).toThrow(/overflow/);
  });

  test('size counts pairs of digits aligned at the point', () => {
    fc.assert(
      fc.property(numberText, (text) => {
        const big = new Big(text);
        const digits = big.c.length;
        const pairs = big.e % 2 === 0 ? 1 + Math.ceil((digits - 1) / 2) : Math.ceil(digits / 2);
        const expected = big.eq(0) ? 1 : 1 + pairs + (big.s < 0 ? 1 : 0);
        expect(itemSizeBytes({ a: { N: canonicalNumber(text) } })).toBe(1 + expected);
      }),
      { seed, numRuns: 1000 },
    );
  });
});

describe('arithmetic', () => {
  const small = fc
    .tuple(fc.integer({ min: -1e9, max: 1e9 }), fc.integer({ min: -6, max: 6 }))
    .map(([digits, exponent]) => canonicalNumber(`${digits}e${exponent}`));

  test('sums and differences are exact', () => {
    fc.assert(
      fc.property(small, small, (a, b) => {
        expect(addNumbers(a, b)).toBe(canonicalNumber(new Big(a).plus(b).toFixed()));
        expect(subtractNumbers(a, b)).toBe(canonicalNumber(new Big(a).minus(b).toFixed()));
      }),
      { seed, numRuns: 1000 },
    );
  });

  test('0.1 + 0.2, and sums beyond a double', () => {
    expect(addNumbers('0.1', '0.2')).toBe('0.3');
    expect(addNumbers('999999999999999', '999999999999999')).toBe('1999999999999998');
    expect(subtractNumbers('5', '5')).toBe('0');
    expect(addNumbers('9'.repeat(37), '1')).toBe(`1${'0'.repeat(37)}`);
  });

  test('results outside the range or with more than 38 digits are refused', () => {
    const max = '9'.repeat(38) + '0'.repeat(88);
    expect(() => addNumbers(max, max)).toThrow(
      'Number overflow. Attempting to store a number with magnitude larger than supported range',
    );
    expect(() => addNumbers(`1${'0'.repeat(38)}`, '1')).toThrow(
      'Attempting to store more than 38 significant digits in a Number',
    );
    const tiny = `0.${'0'.repeat(129)}1`;
    expect(subtractNumbers(tiny, tiny)).toBe('0');
  });
});

describe('strings and binaries', () => {
  const text = fc.string({ unit: 'binary', maxLength: 6 });

  test('strings sort by their UTF-8 bytes', () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        const bytes = Buffer.compare(Buffer.from(a), Buffer.from(b));
        expect(Math.sign(compareValues({ S: a }, { S: b })!)).toBe(bytes);
        expect(Buffer.compare(sortableKeyBytes({ S: a }), sortableKeyBytes({ S: b }))).toBe(bytes);
        expect(keyBytes({ S: a }).equals(keyBytes({ S: b }))).toBe(a === b);
      }),
      { seed, numRuns: 2000 },
    );
    expect(compareValues({ S: '\uffff' }, { S: '😀' })).toBeLessThan(0);
  });

  test('binaries sort by their bytes', () => {
    const binary = fc.uint8Array({ maxLength: 5 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(binary, binary, (a, b) => {
        const [x, y] = [{ B: a.toString('base64') }, { B: b.toString('base64') }];
        expect(Math.sign(compareValues(x, y)!)).toBe(Buffer.compare(a, b));
        expect(Buffer.compare(sortableKeyBytes(x), sortableKeyBytes(y))).toBe(Buffer.compare(a, b));
      }),
      { seed, numRuns: 500 },
    );
  });

  test('keys of different types never meet', () => {
    const one = [{ S: '1' }, { N: '1' }, { B: Buffer.from('1').toString('base64') }].map((value) =>
      keyBytes(value).toString('hex'),
    );
    expect(new Set(one).size).toBe(3);
  });

  test('types that have no order', () => {
    expect(compareValues({ S: 'a' }, { N: '1' })).toBeUndefined();
    expect(compareValues({ BOOL: true }, { BOOL: true })).toBeUndefined();
  });
});
