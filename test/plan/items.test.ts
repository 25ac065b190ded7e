import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { attributeText, keyText } from '../../src/plan/plan.ts';

test('keys have a fixed width', () => {
  expect(keyText(123)).toBe('user0000000123');
  expect(keyText(0)).toBe('user0000000000');
  expect(keyText(9_999_999_999)).toBe('user9999999999');
});

test("an item is as large as asked for by DynamoDB's rule, and plain text", () => {
  const key = fc.integer({ min: 0, max: 1e9 });
  const version = fc.oneof(fc.constant(-1), fc.nat(), fc.maxSafeNat());
  const size = fc.oneof(fc.integer({ min: 64, max: 2000 }), fc.constant(409_600));
  const property = fc.property(key, version, size, (number, write, itemBytes) => {
    const item: Record<string, string> = {
      pk: keyText(number),
      data: attributeText(number, write, itemBytes),
    };
    const bytes = Object.entries(item)
      .flat()
      .map((text) => Buffer.byteLength(text));
    expect(bytes.reduce((sum, length) => sum + length, 0)).toBe(itemBytes);
    expect(JSON.stringify(item.data)).toBe(`"${item.data}"`);
    expect(attributeText(number, write, itemBytes)).toBe(item.data);
  });
  fc.assert(property, { seed: 3, numRuns: 300 });
});

test('what was asked for before does not change what is made', () => {
  const before = attributeText(5, 6, 1024);
  attributeText(5, 6, 300_000);
  expect(attributeText(5, 6, 1024)).toBe(before);
});

test('neighbours in key and version differ throughout', () => {
  const [base, ...others] = [attributeText(7, 7, 1024), attributeText(8, 7, 1024), attributeText(7, 8, 1024)];
  for (const other of others) {
    const same = [...base!].filter((letter, i) => letter === other![i]).length;
    expect(same).toBeLessThan(1024 / 16);
  }
});

test('a compressor gains no more than the alphabet leaves: 6 bits in 8', () => {
  const text = attributeText(1, 1, 50_000);
  expect(deflateRawSync(text).length / text.length).toBeGreaterThan(0.74);
});
