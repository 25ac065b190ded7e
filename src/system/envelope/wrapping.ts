import { createCipheriv, createDecipheriv, hkdfSync, timingSafeEqual } from 'node:crypto';
import { encodeAad } from './aad.ts';
import { KeyringError } from './errors.ts';
import { TAG_BYTES } from './format.ts';
import { IV_BYTES, writeFreshIv } from './iv.ts';

const FORMAT = 1;
export const KEY_BYTES = 32;
const WRAPPED_BYTES = 1 + IV_BYTES + KEY_BYTES + TAG_BYTES;

/** What a wrapped key is bound to, besides its table and the table key. */
export interface WrapBinding {
  purpose: 'data' | 'locator';
  structure: string;
  id: number;
}

/**
 * Wraps 32-byte keys with AES-256-GCM under a table key. Wrapped: format byte, 96-bit random IV, ciphertext, tag, in
 * base64. A table key wraps as many keys as it has data keys: far from any bound on random IVs.
 */
export class WrappingKey {
  readonly tableId: string;
  readonly tableKeyId: number;
  /** Base64. */
  readonly commitment: string;
  readonly #key: Buffer;

  /**
   * @param tableKey 32 bytes; not kept
   * @throws KeyringError when it is not 32 bytes long
   */
  constructor(tableKey: Uint8Array, tableKeyId: number, tableId: string) {
    if (tableKey.length !== KEY_BYTES) {
      throw new KeyringError(
        `A table key has ${KEY_BYTES} bytes, got ${tableKey.length}: ask the KMS for AES_256.`,
      );
    }
    this.tableId = tableId;
    this.tableKeyId = tableKeyId;
    const derived = Buffer.from(hkdfSync('sha256', tableKey, '', 'sealbench table key', 2 * KEY_BYTES));
    this.#key = derived.subarray(0, KEY_BYTES);
    this.commitment = derived.toString('base64', KEY_BYTES);
  }

  /** Whether this is the table key that the commitment was made with. */
  isCommittedTo(commitment: string): boolean {
    const [own, given] = [Buffer.from(this.commitment), Buffer.from(commitment)];
    return own.length === given.length && timingSafeEqual(own, given);
  }

  wrap(key: Uint8Array, binding: WrapBinding): string {
    const wrapped = Buffer.allocUnsafe(WRAPPED_BYTES);
    wrapped[0] = FORMAT;
    writeFreshIv(wrapped, 1);
    const cipher = createCipheriv('aes-256-gcm', this.#key, wrapped.subarray(1, 1 + IV_BYTES));
    cipher.setAAD(this.#aad(binding));
    wrapped.set(cipher.update(key), 1 + IV_BYTES);
    cipher.final();
    wrapped.set(cipher.getAuthTag(), WRAPPED_BYTES - TAG_BYTES);
    return wrapped.toString('base64');
  }

  /**
   * @returns the key, to be erased by the caller
   * @throws KeyringError
   */
  unwrap(wrapped: string, binding: WrapBinding): Buffer {
    const bytes = Buffer.from(wrapped, 'base64');
    const key = Buffer.allocUnsafeSlow(KEY_BYTES);
    try {
      if (bytes.length !== WRAPPED_BYTES || bytes[0] !== FORMAT) throw new Error();
      const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(1, 1 + IV_BYTES));
      decipher.setAAD(this.#aad(binding));
      decipher.setAuthTag(bytes.subarray(WRAPPED_BYTES - TAG_BYTES));
      const plaintext = decipher.update(bytes.subarray(1 + IV_BYTES, WRAPPED_BYTES - TAG_BYTES));
      decipher.final();
      key.set(plaintext);
      plaintext.fill(0);
      return key;
    } catch {
      throw new KeyringError(
        `A wrapped key of table ${this.tableId} does not open under its table key: the table's key record was changed.`,
      );
    }
  }

  wipe(): void {
    this.#key.fill(0);
  }

  #aad(binding: WrapBinding): Buffer {
    const { purpose, structure, id } = binding;
    return encodeAad([
      'wrapped key',
      String(FORMAT),
      this.tableId,
      String(this.tableKeyId),
      purpose,
      structure,
      String(id),
    ]);
  }
}
