import type { Part } from './types.ts';

const LENGTH_BYTES = 4;

/**
 * Length-prefixed encoding of a list of parts: for each, its length in bytes (32 bits, big endian) and its bytes.
 * No two lists give the same bytes, so nothing can move from one part to its neighbour.
 */
export function encodeAad(parts: readonly Part[]): Buffer {
  const encoded = Buffer.allocUnsafe(aadBytes(parts));
  writeAad(encoded, 0, parts);
  return encoded;
}

/** Length of `encodeAad(parts)`. */
export function aadBytes(parts: readonly Part[]): number {
  let bytes = 0;
  for (const part of parts) {
    bytes += LENGTH_BYTES + (typeof part === 'string' ? Buffer.byteLength(part, 'utf8') : part.length);
  }
  return bytes;
}

/** Writes `encodeAad(parts)` at `offset`; returns the offset after it. */
export function writeAad(target: Buffer, offset: number, parts: readonly Part[]): number {
  for (const part of parts) offset = writePart(target, offset, part);
  return offset;
}

function writePart(target: Buffer, offset: number, part: Part): number {
  const start = offset + LENGTH_BYTES;
  let length: number;
  if (typeof part === 'string') {
    if (!isWellFormed(part))
      throw new TypeError('A part of a key holds a lone surrogate, which UTF-8 cannot tell.');
    length = target.write(part, start, 'utf8');
  } else {
    target.set(part, start);
    length = part.length;
  }
  target.writeUInt32BE(length, offset);
  return start + length;
}

/** `String.prototype.isWellFormed` (ES2024), in every supported Node and not yet in the types. */
function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}
