import fc from 'fast-check';
import { expect, it } from 'vitest';
import { encodeAad } from '../../../src/system/envelope/envelope.ts';

const bytes = fc.uint8Array({ maxLength: 12 });
const text = fc.string({ unit: 'binary', maxLength: 6 });
const parts = fc.array(fc.oneof(bytes, text), { maxLength: 5 });

/** The inverse of `encodeAad`, which can only exist if no two lists share an encoding. */
function decode(encoded: Buffer): Buffer[] {
  const decoded: Buffer[] = [];
  for (let offset = 0; offset < encoded.length; ) {
    const start = offset + 4;
    offset = start + encoded.readUInt32BE(offset);
    decoded.push(encoded.subarray(start, offset));
  }
  return decoded;
}

it('can be decoded, so that it is injective', () => {
  fc.assert(
    fc.property(parts, (list) => {
      expect(decode(encodeAad(list))).toEqual(list.map((part) => Buffer.from(part as Uint8Array)));
    }),
    { seed: 1, numRuns: 500 },
  );
});

it('tells lists apart that hold the same bytes in a row', () => {
  fc.assert(
    fc.property(bytes, fc.nat(), (whole, at) => {
      const cut = at % (whole.length + 1);
      const split = encodeAad([whole.subarray(0, cut), whole.subarray(cut)]);
      expect(split.equals(encodeAad([whole]))).toBe(false);
      expect(split.equals(encodeAad([whole, '']))).toBe(cut === whole.length);
    }),
    { seed: 2 },
  );
});

it('refuses text that UTF-8 cannot tell from other text', () => {
  expect(() => encodeAad(['a\ud800'])).toThrow(TypeError);
  expect(encodeAad(['\u{10000}']).length).toBe(8);
});
