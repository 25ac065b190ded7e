import { createCipheriv, createDecipheriv, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';
import type { EncryptionContext } from './types.ts';

/**
 * A ciphertext blob names its key, so that Decrypt needs no KeyId:
 *
 *     version 1 | key id 16 | key material id 32 | nonce 16 | AES-256-GCM(plaintext) | tag 16
 *
 * Key and IV come from HKDF-SHA-256 of the key material, salted with the nonce (after AWS KMS's "Encrypt":
 * K = KDF(HBK, N)). Everything before the encrypted bytes, and the encryption context, is additional data.
 */
const VERSION = 1;
const KEY_ID_BYTES = 16;
const MATERIAL_ID_BYTES = 32;
const NONCE_BYTES = 16;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + KEY_ID_BYTES + MATERIAL_ID_BYTES + NONCE_BYTES;
const AES_KEY_BYTES = 32;
const IV_BYTES = 12;
const KDF_INFO = Buffer.from('sealbench/kms/ciphertext/1');

/** The key material that a ciphertext says it was made with. */
export interface CiphertextOrigin {
  keyId: string;
  materialId: string;
}

/** @param material 32 bytes @param origin a UUID and 64 hexadecimal digits */
export function sealCiphertext(
  material: KeyObject,
  origin: CiphertextOrigin,
  plaintext: Uint8Array,
  context: EncryptionContext,
): Buffer {
  const header = Buffer.concat([
    Buffer.of(VERSION),
    Buffer.from(origin.keyId.replaceAll('-', ''), 'hex'),
    Buffer.from(origin.materialId, 'hex'),
    randomBytes(NONCE_BYTES),
  ]);
  const { key, iv } = deriveKey(material, header);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  key.fill(0);
  cipher.setAAD(Buffer.concat([header, encodeContext(context)]));
  return Buffer.concat([header, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** What the blob says of itself, unauthenticated until it opens; `undefined` if it is no blob of ours. */
export function ciphertextOrigin(blob: Uint8Array): CiphertextOrigin | undefined {
  if (blob.length < HEADER_BYTES + TAG_BYTES || blob[0] !== VERSION) return undefined;
  const hex = Buffer.from(blob.subarray(1, 1 + KEY_ID_BYTES + MATERIAL_ID_BYTES)).toString('hex');
  const id = hex.slice(0, 2 * KEY_ID_BYTES);
  return {
    keyId: `${id.slice(0, 8)}-${id.slice(8, 12)}-${id.slice(12, 16)}-${id.slice(16, 20)}-${id.slice(20)}`,
    materialId: hex.slice(2 * KEY_ID_BYTES),
  };
}

/** @returns the plaintext, or `undefined` when the blob is not authentic under this material and context */
export function openCiphertext(
  material: KeyObject,
  blob: Uint8Array,
  context: EncryptionContext,
): Buffer | undefined {
  const header = blob.subarray(0, HEADER_BYTES);
  const { key, iv } = deriveKey(material, header);
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
  key.fill(0);
  decipher.setAAD(Buffer.concat([header, encodeContext(context)]));
  decipher.setAuthTag(blob.subarray(blob.length - TAG_BYTES));
  const plaintext = decipher.update(blob.subarray(HEADER_BYTES, blob.length - TAG_BYTES));
  try {
    decipher.final();
    return plaintext;
  } catch {
    plaintext.fill(0);
    return undefined;
  }
}

function deriveKey(material: KeyObject, header: Uint8Array): { key: Buffer; iv: Buffer } {
  const nonce = header.subarray(HEADER_BYTES - NONCE_BYTES);
  const derived = Buffer.from(hkdfSync('sha256', material, nonce, KDF_INFO, AES_KEY_BYTES + IV_BYTES));
  return { key: derived.subarray(0, AES_KEY_BYTES), iv: derived.subarray(AES_KEY_BYTES) };
}

/**
 * One byte string per context, whatever its order: the number of pairs, then names and values, each after its
 * length (uint32, big endian), sorted by the UTF-8 bytes of the names.
 */
export function encodeContext(context: EncryptionContext): Buffer {
  const pairs = Object.entries(context)
    .map(([name, value]) => ({ name: Buffer.from(name, 'utf8'), value: Buffer.from(value, 'utf8') }))
    .sort((a, b) => Buffer.compare(a.name, b.name));
  const parts = [uint32(pairs.length)];
  for (const { name, value } of pairs) parts.push(uint32(name.length), name, uint32(value.length), value);
  return Buffer.concat(parts);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
