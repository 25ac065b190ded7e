import { createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DataKey } from '../../../src/system/envelope/datakey.ts';
import { ENVELOPE_BYTES, EnvelopeError, encodeAad } from '../../../src/system/envelope/envelope.ts';

const secret = Buffer.from('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'hex');
const key = new DataKey(secret, 7, 'table-1', 'table');
const aad = encodeAad(['locator', 'item']);
const longAad = encodeAad(['x'.repeat(3000)]);
const plaintexts = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.string({ unit: 'grapheme', maxLength: 100 }),
);

describe('DataKey', () => {
  it('opens what it sealed', () => {
    fc.assert(
      fc.property(plaintexts, fc.uint8Array({ maxLength: 700 }), (plaintext, otherAad) => {
        const sealed = key.seal(otherAad, plaintext);
        const bytes = Buffer.from(plaintext as Uint8Array);
        expect(sealed.length).toBe(bytes.length + ENVELOPE_BYTES);
        expect(key.open(otherAad, sealed)).toEqual(bytes);
      }),
      { seed: 1 },
    );
  });

  it('opens an envelope of an earlier build', () => {
    const stored =
      '0100000007107e2f3ee9913a32247b072b34be55f826f48bdb70e8a05c6feae521a0a3e6e29a6856ce5958a9feaf3ad05452c640451ec00b654c6637d7c55f626a780d610063de4e519f92f760f6cbdea0';
    expect(key.open(aad, Buffer.from(stored, 'hex')).toString()).toBe('{"pk":{"S":"a"}}');
  });

  it.each([aad, longAad])('writes the documented format, readable with nothing but node:crypto', (aad) => {
    const sealed = key.seal(aad, 'plaintext');
    const derived = Buffer.from(hkdfSync('sha256', secret, '', 'sealbench data key', 64));
    expect(sealed.subarray(0, 5).toString('hex')).toBe('0100000007');
    expect(sealed.subarray(5, 37)).toEqual(derived.subarray(32));
    const decipher = createDecipheriv('aes-256-gcm', derived.subarray(0, 32), sealed.subarray(37, 49));
    decipher.setAAD(
      Buffer.concat([encodeAad([Buffer.from([1]), Buffer.from([0, 0, 0, 7]), 'table-1', 'table']), aad]),
    );
    decipher.setAuthTag(sealed.subarray(-16));
    expect(decipher.update(sealed.subarray(49, -16), undefined, 'utf8') + decipher.final('utf8')).toBe(
      'plaintext',
    );
  });

  it('opens no envelope with any one bit changed', () => {
    const sealed = key.seal(aad, 'sixteen bytes ok');
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = Buffer.from(sealed);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => key.open(aad, changed), `bit ${bit}`).toThrow(EnvelopeError);
    }
    expect(key.open(aad, sealed).toString()).toBe('sixteen bytes ok');
  });

  it('opens nothing that was changed, cut or extended anywhere', () => {
    fc.assert(
      fc.property(plaintexts, fc.nat(), fc.integer({ min: 1, max: 255 }), (plaintext, where, change) => {
        const sealed = key.seal(aad, plaintext);
        const at = where % sealed.length;
        const changed = Buffer.from(sealed);
        changed[at]! ^= change;
        const extended = Buffer.concat([sealed.subarray(0, at), Buffer.from([change]), sealed.subarray(at)]);
        for (const wrong of [changed, sealed.subarray(0, at), sealed.subarray(at + 1), extended]) {
          expect(() => key.open(aad, wrong)).toThrow(EnvelopeError);
        }
      }),
      { seed: 2, numRuns: 200 },
    );
  });

  it.each([
    ['additional data', new DataKey(secret, 7, 'table-1', 'table'), encodeAad(['locator', 'page'])],
    [
      'a boundary in the additional data',
      new DataKey(secret, 7, 'table-1', 'table'),
      encodeAad(['locatori', 'tem']),
    ],
    ['table', new DataKey(secret, 7, 'table-2', 'table'), aad],
    ['structure', new DataKey(secret, 7, 'table-1', 'index/a'), aad],
    ['a boundary between table and structure', new DataKey(secret, 7, 'table-1t', 'able'), aad],
    ['table, with long additional data', new DataKey(secret, 7, 'table-2', 'table'), longAad],
    ['data key id', new DataKey(secret, 8, 'table-1', 'table'), aad],
    ['data key', new DataKey(randomBytes(32), 7, 'table-1', 'table'), aad],
  ])('opens nothing under another %s, and does not tell why', (_, other, otherAad) => {
    const sealed = key.seal(otherAad === longAad ? longAad : aad, 'plaintext');
    const bound = Buffer.from(sealed);
    bound.writeUInt32BE(other.id, 1);
    for (const envelope of [sealed, bound]) {
      expect(() => other.open(otherAad, envelope)).toThrow(new EnvelopeError());
    }
  });

  it('refuses an envelope that decrypts well and commits to another key', () => {
    const sealed = key.seal(aad, 'plaintext');
    const forged = Buffer.from(sealed);
    randomBytes(32).copy(forged, 5);
    expect(() => key.open(aad, forged)).toThrow(EnvelopeError);
  });

  it('never repeats an IV', () => {
    const ivs = Array.from({ length: 5000 }, () => key.seal(aad, '').toString('latin1', 37, 49));
    expect(new Set(ivs).size).toBe(ivs.length);
  });

  it('erases its key', () => {
    const erased = new DataKey(secret, 7, 'table-1', 'table');
    erased.wipe();
    const sealed = erased.seal(Buffer.alloc(0), 'x');
    const decipher = createDecipheriv('aes-256-gcm', Buffer.alloc(32), sealed.subarray(37, 49));
    decipher.setAAD(encodeAad([Buffer.from([1]), Buffer.from([0, 0, 0, 7]), 'table-1', 'table']));
    decipher.setAuthTag(sealed.subarray(-16));
    decipher.update(sealed.subarray(49, -16));
    expect(() => decipher.final()).not.toThrow();
  });
});
