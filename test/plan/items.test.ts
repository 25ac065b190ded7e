import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { itemJson } from '../../src/drivers/drivers.ts';
import { attributeText, keyText } from '../../src/plan/plan.ts';
import { attributeNames, leastItemBytes } from '../../src/workload/workload.ts';

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

test('attributes share the size evenly, whatever their number', () => {
  const property = fc.property(
    fc.integer({ min: 1, max: 100 }),
    fc.integer({ min: 0, max: 5000 }),
    fc.nat(),
    (fields, spare, version) => {
      const names = attributeNames(fields);
      const least = 16 + names.join('').length + fields;
      const itemBytes = least + spare;
      const item = JSON.parse(itemJson(77, version, itemBytes, fields)) as Record<string, { S: string }>;
      expect(Object.keys(item)).toEqual(['pk', ...names]);
      const bytes = Object.entries(item).map(([name, { S }]) => name.length + S.length);
      expect(bytes.reduce((sum, size) => sum + size, 0)).toBe(itemBytes);
      const lengths = names.map((name) => item[name]!.S.length);
      expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(1);
      expect(leastItemBytes(fields)).toBe(least);
    },
  );
  fc.assert(property, { seed: 8, numRuns: 300 });
});

test('the attributes of an item differ from each other, and from those of its neighbours', () => {
  const texts = [7, 8].flatMap((key) =>
    Array.from({ length: 10 }, (_, field) => attributeText(key, 7, 1076, { fields: 10, field })),
  );
  expect(new Set(texts).size).toBe(20);
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
