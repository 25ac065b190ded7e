import { createHmac, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { encodeAad, LOCATOR_BYTES } from '../../../src/system/envelope/envelope.ts';
import { Locator } from '../../../src/system/envelope/locator.ts';

const key = randomBytes(32);
const locator = new Locator(key);

it('is HMAC-SHA-256 of its parts, truncated', () => {
  const part = fc.oneof(fc.uint8Array({ maxLength: 2048 }), fc.string({ unit: 'grapheme', maxLength: 40 }));
  fc.assert(
    fc.property(fc.array(part, { maxLength: 3 }), (parts) => {
      const expected = createHmac('sha256', key).update(encodeAad(parts)).digest().subarray(0, LOCATOR_BYTES);
      expect(locator.locate(parts)).toEqual(expected);
    }),
    { seed: 1 },
  );
});

it('takes parts as long as keys may be', () => {
  const parts = ['p'.repeat(2048), 's'.repeat(1024)];
  const expected = createHmac('sha256', key).update(encodeAad(parts)).digest().subarray(0, LOCATOR_BYTES);
  expect(new Locator(key).locate(parts)).toEqual(expected);
});

it('depends on its key', () => {
  expect(new Locator(randomBytes(32)).locate(['a'])).not.toEqual(locator.locate(['a']));
});

it('erases its key', () => {
  const [one, other] = [new Locator(randomBytes(32)), new Locator(randomBytes(32))];
  one.wipe();
  other.wipe();
  expect(one.locate(['a'])).toEqual(other.locate(['a']));
});
