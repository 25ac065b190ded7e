import { createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ciphertextOrigin,
  encodeContext,
  openCiphertext,
  sealCiphertext,
} from '../../../src/system/kms/ciphertext.ts';
import type { EncryptionContext } from '../../../src/system/kms/types.ts';

const material = createSecretKey(Buffer.alloc(32, 7));
const origin = { keyId: '12345678-90ab-4cde-8f01-234567890abc', materialId: 'ab'.repeat(32) };
const context = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), {
  maxKeys: 4,
});
const plaintext = fc.uint8Array({ minLength: 1, maxLength: 100 });

describe('a ciphertext', () => {
  it('opens to what was sealed, and names its key and material', () => {
    const property = fc.property(plaintext, context, (bytes, pairs) => {
      const blob = sealCiphertext(material, origin, bytes, pairs);
      expect(ciphertextOrigin(blob)).toEqual(origin);
      expect(openCiphertext(material, blob, pairs)).toEqual(Buffer.from(bytes));
    });
    fc.assert(property, { seed: 1 });
  });

  it('never opens with any bit changed', () => {
    const blob = sealCiphertext(material, origin, Buffer.from('0123456789abcdef'), { a: 'b' });
    for (let bit = 0; bit < blob.length * 8; bit++) {
      const changed = Buffer.from(blob);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(openCiphertext(material, changed, { a: 'b' }), `bit ${bit}`).toBeUndefined();
    }
  });

  it('never opens cut short or made longer', () => {
    const blob = sealCiphertext(material, origin, Buffer.from('0123456789abcdef'), {});
    for (let length = 0; length < blob.length; length++) {
      const cut = blob.subarray(0, length);
      const opened = ciphertextOrigin(cut) && openCiphertext(material, cut, {});
      expect(opened, `${length} bytes`).toBeUndefined();
    }
    expect(openCiphertext(material, Buffer.concat([blob, Buffer.alloc(1)]), {})).toBeUndefined();
  });

  it('never opens under another context, and does under the same in another order', () => {
    const property = fc.property(context, context, (pairs, others) => {
      const blob = sealCiphertext(material, origin, Buffer.from('secret'), pairs);
      const reversed = Object.fromEntries(Object.entries(pairs).reverse());
      expect(openCiphertext(material, blob, reversed)?.toString()).toBe('secret');
      const same =
        JSON.stringify(Object.entries(others).sort()) === JSON.stringify(Object.entries(pairs).sort());
      expect(openCiphertext(material, blob, others)?.toString()).toBe(same ? 'secret' : undefined);
    });
    fc.assert(property, { seed: 2 });
  });

  it('never opens with other material', () => {
    const blob = sealCiphertext(material, origin, Buffer.from('secret'), {});
    expect(openCiphertext(createSecretKey(Buffer.alloc(32, 8)), blob, {})).toBeUndefined();
  });

  it('differs each time', () => {
    const seal = () => sealCiphertext(material, origin, Buffer.from('secret'), {}).toString('hex');
    expect(new Set(Array.from({ length: 100 }, seal)).size).toBe(100);
  });
});

describe('an encoded context', () => {
  it('tells apart pairs that read the same when joined', () => {
    const contexts: EncryptionContext[] = [
      { ab: 'c' },
      { a: 'bc' },
      { a: 'b', c: '' },
      { a: '', b: 'c' },
      {},
      { '': '' },
    ];
    expect(new Set(contexts.map((pairs) => encodeContext(pairs).toString('hex'))).size).toBe(contexts.length);
  });

  it('sorts names by UTF-8, where UTF-16 would sort otherwise', () => {
    const encoded = encodeContext({ '\u{10000}': 'astral', '\uffff': 'last of the plane' });
    expect(encoded.indexOf('\uffff')).toBeLessThan(encoded.indexOf('\u{10000}'));
  });
});
