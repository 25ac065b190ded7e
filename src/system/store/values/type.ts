import type { AttributeValue } from '../types.ts';

export type AttributeType = 'S' | 'N' | 'B' | 'BOOL' | 'NULL' | 'L' | 'M' | 'SS' | 'NS' | 'BS';

/** The types a key attribute can have. */
export type KeyType = 'S' | 'N' | 'B';

/** The one member that a validated value has. */
export function typeOf(value: AttributeValue): AttributeType {
  for (const type in value) return type as AttributeType;
  throw new TypeError('An attribute value has no member; validate it first.');
}
