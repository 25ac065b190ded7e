/**
 * A stored item begins with the byte that says what it is.
 *
 * Sealed (`SEALED`):
 *
 * | offset | bytes | field |
 * |---|---|---|
 * | 0 | 1 | format: 1 |
 * | 1 | 4 | data key id, unsigned, big endian |
 * | 5 | 32 | commitment to the data key |
 * | 37 | 12 | random IV |
 * | 49 | n | AES-256-GCM ciphertext of the n-byte plaintext |
 * | 49 + n | 16 | authentication tag |
 *
 * Additional data: `encodeAad([format, data key id, table id, structure])`, then the caller's own.
 *
 * The commitment is stored in every envelope, not once per data key: AES-GCM by itself lets one ciphertext open under
 * two keys, and only an envelope that names its key by a collision-resistant value cannot be made to open under a
 * second one by exchanging the wrapped keys beside it.
 *
 * Not encrypted (`PLAIN`): the byte 0, then the plaintext.
 */
export const PLAIN = 0;
export const SEALED = 1;

export const ID_OFFSET = 1;
export const COMMITMENT_OFFSET = 5;
export const COMMITMENT_BYTES = 32;
export const IV_OFFSET = COMMITMENT_OFFSET + COMMITMENT_BYTES;
export const HEADER_BYTES = IV_OFFSET + 12;
export const TAG_BYTES = 16;

/** What sealing adds to the length of a plaintext. */
export const ENVELOPE_BYTES = HEADER_BYTES + TAG_BYTES;
