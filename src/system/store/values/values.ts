/** Attribute values: what DynamoDB accepts, how large it is, how it sorts, and its number arithmetic. */
export { addNumbers, subtractNumbers } from './arithmetic.ts';
export { compareValues, equalValues } from './compare.ts';
export { serializationError, validationError } from './errors.ts';
export { checkString } from './json.ts';
export { keyBytes, sortableKeyBytes } from './keys.ts';
export { canonicalNumber } from './number.ts';
export { getOwn, setOwn } from './own.ts';
export { checkItemSize, itemSizeBytes, MAX_ITEM_BYTES, valueSizeBytes } from './size.ts';
export type { AttributeType, KeyType } from './type.ts';
export { typeOf } from './type.ts';
export { checkNesting, validateItem, validateValue } from './validate.ts';
