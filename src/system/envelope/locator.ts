import { hash } from 'node:crypto';
import { aadBytes, writeAad } from './aad.ts';
import type { Part } from './types.ts';

/** Of HMAC-SHA-256's 32 bytes: two of 2^40 items share a locator with a chance of 2^-81. */
export const LOCATOR_BYTES = 20;

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;
const ROOM_BYTES = 512;

/**
 * HMAC-SHA-256 (RFC 2104) of `encodeAad(parts)`, truncated. Written out as its two hashes over key blocks prepared
 * once: `createHmac` makes an object with a native handle each time, and costs half as much again.
 */
export class Locator {
  #inner: Buffer;
  readonly #outer = Buffer.allocUnsafeSlow(BLOCK_BYTES + DIGEST_BYTES);

  /** @param key 32 bytes; not kept as it is */
  constructor(key: Uint8Array) {
    this.#inner = Buffer.allocUnsafeSlow(BLOCK_BYTES + ROOM_BYTES);
    for (let i = 0; i < BLOCK_BYTES; i++) {
      const byte = key[i] ?? 0;
      this.#inner[i] = byte ^ 0x36;
      this.#outer[i] = byte ^ 0x5c;
    }
  }

  locate(parts: readonly Part[]): Buffer {
    const bytes = BLOCK_BYTES + aadBytes(parts);
    if (bytes > this.#inner.length) this.#grow(bytes);
    writeAad(this.#inner, BLOCK_BYTES, parts);
    this.#outer.write(hash('sha256', this.#inner.subarray(0, bytes), 'binary'), BLOCK_BYTES, 'latin1');
    const locator = Buffer.allocUnsafe(LOCATOR_BYTES);
    locator.write(hash('sha256', this.#outer, 'binary'), 0, LOCATOR_BYTES, 'latin1');
    return locator;
  }

  wipe(): void {
    this.#inner.fill(0);
    this.#outer.fill(0);
  }

  #grow(bytes: number): void {
    const grown = Buffer.allocUnsafeSlow(bytes);
    this.#inner.copy(grown, 0, 0, BLOCK_BYTES);
    this.#inner.fill(0);
    this.#inner = grown;
  }
}
