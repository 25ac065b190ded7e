import { serializationError } from './errors.ts';

/** The JSON scalars that AWS JSON carries, refused with the texts that DynamoDB's own reader gives. */

export function checkString(input: unknown): string {
  if (typeof input !== 'string') throw wrongType(input, 'String');
  // Only well-formed text has UTF-8 of its own: two lone surrogates would become one and the same key.
  if (!(input as WellFormedString).isWellFormed()) {
    throw serializationError('A string has an unpaired surrogate and cannot be stored as UTF-8');
  }
  return input;
}

/** ES2024, in every Node that this runs on; the configured library of types ends at ES2023. */
type WellFormedString = string & { isWellFormed(): boolean };

export function checkBoolean(input: unknown): boolean {
  if (typeof input === 'boolean') return input;
  if (typeof input === 'string') throw serializationError('Unexpected token received from parser');
  throw wrongType(input, 'Boolean');
}

/** Canonical, padded base64. */
export function checkBase64(input: unknown): string {
  if (typeof input === 'boolean' || typeof input === 'number') {
    throw serializationError('only base-64-encoded strings are convertible to bytes');
  }
  if (typeof input !== 'string') throw wrongType(input, 'ByteBuffer');
  if (input.length % 4 !== 0) {
    throw serializationError(
      `Base64 encoded length is expected a multiple of 4 bytes but found: ${input.length}`,
    );
  }
  if (Buffer.from(input, 'base64').toString('base64') !== input) {
    throw serializationError('Invalid last non-pad Base64 character dectected');
  }
  return input;
}

function wrongType(input: unknown, expected: 'String' | 'Boolean' | 'ByteBuffer'): Error {
  switch (typeof input) {
    case 'boolean':
      return serializationError(`${input ? 'TRUE_VALUE' : 'FALSE_VALUE'} cannot be converted to ${expected}`);
    case 'number':
      return serializationError(
        `${Number.isInteger(input) ? 'NUMBER_VALUE' : 'DECIMAL_VALUE'} cannot be converted to ${expected}`,
      );
    default:
      if (!Array.isArray(input)) {
        return serializationError('Start of structure or map found where not expected');
      }
      return serializationError(
        `Unrecognized collection type class java.${expected === 'ByteBuffer' ? 'nio' : 'lang'}.${expected}`,
      );
  }
}
