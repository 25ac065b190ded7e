import { hash } from 'node:crypto';
import { EnvelopeError } from './errors.ts';
import { PLAIN } from './format.ts';
import { Locator } from './locator.ts';
import type { ItemKeys, Part } from './types.ts';

/**
 * What stands in for a table's keys where there is no encryption. It does the work of finding items, so that a
 * comparison with encrypted tables shows what the encryption costs; its locator key is no secret.
 */
export class PlainKeys implements ItemKeys {
  readonly tableId: string;
  readonly encrypted = false;
  readonly #locator: Locator;

  constructor(tableId: string) {
    this.tableId = tableId;
    this.#locator = new Locator(hash('sha256', tableId, 'buffer'));
  }

  locator(parts: readonly Part[]): Buffer {
    return this.#locator.locate(parts);
  }

  seal(_structure: string, _dataKeyId: number, _aad: Uint8Array, plaintext: string | Uint8Array): Buffer {
    const bytes = typeof plaintext === 'string' ? Buffer.byteLength(plaintext, 'utf8') : plaintext.length;
    const stored = Buffer.allocUnsafe(1 + bytes);
    stored[0] = PLAIN;
    if (typeof plaintext === 'string') stored.write(plaintext, 1, 'utf8');
    else stored.set(plaintext, 1);
    return stored;
  }

  /** A copy, as with encryption: what the engine lent may change under the caller. */
  open(_structure: string, _aad: Uint8Array, stored: Uint8Array): Buffer {
    if (stored[0] !== PLAIN) throw new EnvelopeError();
    return Buffer.from(stored.subarray(1));
  }

  /** Holds no secret: nothing to keep, nothing to erase. */
  hold(): void {}
  release(): void {}
  wipe(): void {}
  unlearn(): void {}
}
