import { createHash, hash } from 'node:crypto';

const BLOCK_BYTES = 64;

/**
 * HMAC-SHA-256 (RFC 2104) under one key, for short texts of ASCII. Two one-shot hashes cost less than half of an
 * `Hmac` object, which is most of a signature otherwise.
 */
export class HmacSha256 {
  #inner: Buffer;
  readonly #outer = Buffer.alloc(BLOCK_BYTES + 32, 0x5c);

  constructor(key: Buffer) {
    const block = key.length > BLOCK_BYTES ? createHash('sha256').update(key).digest() : key;
    this.#inner = Buffer.alloc(BLOCK_BYTES + 256, 0x36);
    for (const [index, byte] of block.entries()) {
      this.#inner[index]! ^= byte;
      this.#outer[index]! ^= byte;
    }
  }

  /** @param text ASCII. @returns lower-case hexadecimal */
  hex(text: string): string {
    const size = BLOCK_BYTES + text.length;
    if (size > this.#inner.length) this.#inner = Buffer.concat([this.#inner.subarray(0, BLOCK_BYTES)], size);
    this.#inner.write(text, BLOCK_BYTES, 'latin1');
    // As text: a digest handed over as a Buffer costs more than the hash itself.
    this.#outer.write(hash('sha256', this.#inner.subarray(0, size), 'binary'), BLOCK_BYTES, 'latin1');
    return hash('sha256', this.#outer, 'hex');
  }
}
