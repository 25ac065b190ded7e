import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import { encodeAad } from './aad.ts';
import { EnvelopeError } from './errors.ts';
import {
  COMMITMENT_BYTES,
  COMMITMENT_OFFSET,
  ENVELOPE_BYTES,
  HEADER_BYTES,
  ID_OFFSET,
  IV_OFFSET,
  SEALED,
  TAG_BYTES,
} from './format.ts';
import { IV_BYTES, writeFreshIv } from './iv.ts';

const ALGORITHM = 'aes-256-gcm';
const KEY_BYTES = 32;
/** Room for the caller's additional data behind the constant part; longer ones cost an allocation. */
const AAD_ROOM_BYTES = 512;

const iv = Buffer.allocUnsafeSlow(IV_BYTES);
const tag = Buffer.allocUnsafeSlow(TAG_BYTES);

/** An unwrapped data key of one structure of one table. Layout of what it seals: `format.ts`. */
export class DataKey {
  readonly id: number;
  /** Derived from the data key (HKDF-SHA-256), as the commitment is: one can't be exchanged without the other. */
  readonly #key: Buffer;
  /** Format, id and commitment: the same in every envelope of this key. */
  readonly #header: Buffer;
  /** The constant additional data, with room behind for the caller's. */
  readonly #aad: Buffer;
  readonly #aadPrefixBytes: number;

  /** @param secret 32 bytes; not kept */
  constructor(secret: Uint8Array, id: number, tableId: string, structure: string) {
    this.id = id;
    const derived = Buffer.from(
      hkdfSync('sha256', secret, '', 'sealbench data key', KEY_BYTES + COMMITMENT_BYTES),
    );
    this.#key = derived.subarray(0, KEY_BYTES);
    this.#header = Buffer.allocUnsafeSlow(IV_OFFSET);
    this.#header[0] = SEALED;
    this.#header.writeUInt32BE(id, ID_OFFSET);
    derived.copy(this.#header, COMMITMENT_OFFSET, KEY_BYTES);
    const prefix = encodeAad([
      this.#header.subarray(0, 1),
      this.#header.subarray(ID_OFFSET, COMMITMENT_OFFSET),
      tableId,
      structure,
    ]);
    this.#aadPrefixBytes = prefix.length;
    this.#aad = Buffer.alloc(prefix.length + AAD_ROOM_BYTES);
    prefix.copy(this.#aad);
  }

  seal(aad: Uint8Array, plaintext: string | Uint8Array): Buffer {
    writeFreshIv(iv, 0);
    const cipher = createCipheriv(ALGORITHM, this.#key, iv);
    cipher.setAAD(this.#bind(aad));
    const ciphertext =
      typeof plaintext === 'string' ? cipher.update(plaintext, 'utf8') : cipher.update(plaintext);
    cipher.final();
    const envelope = Buffer.allocUnsafe(ENVELOPE_BYTES + ciphertext.length);
    envelope.set(this.#header, 0);
    envelope.set(iv, IV_OFFSET);
    envelope.set(ciphertext, HEADER_BYTES);
    envelope.set(cipher.getAuthTag(), HEADER_BYTES + ciphertext.length);
    return envelope;
  }

  /** @throws EnvelopeError */
  open(aad: Uint8Array, sealed: Uint8Array): Buffer {
    const end = sealed.length - TAG_BYTES;
    // Nothing secret: the header, with its commitment, is stored in the clear.
    if (end < HEADER_BYTES || this.#header.compare(sealed, 0, IV_OFFSET) !== 0) throw new EnvelopeError();
    copyInto(iv, sealed, IV_OFFSET);
    copyInto(tag, sealed, end);
    const decipher = createDecipheriv(ALGORITHM, this.#key, iv);
    decipher.setAAD(this.#bind(aad));
    decipher.setAuthTag(tag);
    const plaintext = decipher.update(sealed.subarray(HEADER_BYTES, end));
    try {
      decipher.final();
    } catch {
      throw new EnvelopeError();
    }
    return plaintext;
  }

  wipe(): void {
    this.#key.fill(0);
  }

  #bind(aad: Uint8Array): Buffer {
    const end = this.#aadPrefixBytes + aad.length;
    const whole = end <= this.#aad.length ? this.#aad : this.#copyOfPrefix(end);
    whole.set(aad, this.#aadPrefixBytes);
    return whole.subarray(0, end);
  }

  #copyOfPrefix(bytes: number): Buffer {
    const copy = Buffer.allocUnsafe(bytes);
    this.#aad.copy(copy, 0, 0, this.#aadPrefixBytes);
    return copy;
  }
}

/** Byte by byte: of so few, less than a view of them costs. */
function copyInto(target: Buffer, source: Uint8Array, offset: number): void {
  for (let i = 0; i < target.length; i++) target[i] = source[offset + i]!;
}
