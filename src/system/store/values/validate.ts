import type { AttributeValue, Item } from '../types.ts';
import { serializationError, validationError } from './errors.ts';
import { checkBase64, checkBoolean, checkString } from './json.ts';
import { canonicalNumber } from './number.ts';
import { checkItemSize } from './size.ts';
import type { AttributeType } from './type.ts';

/** A top-level attribute is level 1; a value at level 33 is refused (Developer Guide, "Quotas": nested attribute depth). */
export const MAX_LEVELS = 32;

const TYPES: ReadonlySet<string> = new Set<AttributeType>([
  'S',
  'N',
  'B',
  'BOOL',
  'NULL',
  'L',
  'M',
  'SS',
  'NS',
  'BS',
]);

/**
 * Checks an item as it came out of `JSON.parse` and makes it canonical in place: number texts, members that DynamoDB
 * ignores. Returns the same object.
 * @throws AwsError ValidationException, or SerializationException where the JSON has another shape
 */
export function validateItem(input: unknown): Item {
  const item = checkMap(input, 1);
  checkItemSize(item);
  return item;
}

/** As `validateItem`, of one value; the result may be another object. */
export function validateValue(input: unknown): AttributeValue {
  return checkValue(input, 1);
}

/** @throws AwsError ValidationException where a validated value would stand or reach below the last allowed level */
export function checkNesting(value: AttributeValue, level: number): void {
  if (level > MAX_LEVELS) throw nestingError();
  if ('M' in value) for (const name in value.M) checkNesting(value.M[name]!, level + 1);
  if ('L' in value) for (const element of value.L) checkNesting(element, level + 1);
}

function nestingError(): Error {
  return validationError(
    'Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit',
  );
}

function checkValue(input: unknown, level: number): AttributeValue {
  if (level > MAX_LEVELS) throw nestingError();
  if (typeof input !== 'object' || input === null) {
    throw serializationError('Unexpected value type in payload');
  }
  if (Array.isArray(input)) {
    throw serializationError(
      'Unrecognized collection type class com.amazonaws.dynamodb.v20120810.AttributeValue',
    );
  }
  const members = input as Record<string, unknown>;
  let type = '';
  let ignored = false;
  for (const member in members) {
    if (members[member] === null || members[member] === undefined || !TYPES.has(member)) {
      ignored = true;
    } else if (type === '') {
      type = member;
    } else {
      throw validationError(
        'Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes',
      );
    }
  }
  if (type === '') {
    throw validationError(
      'Supplied AttributeValue is empty, must contain exactly one of the supported datatypes',
    );
  }
  const value = ignored ? { [type]: members[type] } : members;
  checkMember(value, type as AttributeType, level);
  return value as AttributeValue;
}

function checkMember(value: Record<string, unknown>, type: AttributeType, level: number): void {
  const member = value[type];
  switch (type) {
    case 'S':
      checkString(member);
      return;
    case 'N': {
      const text = canonicalNumber(checkString(member));
      if (text !== member) value.N = text;
      return;
    }
    case 'B':
      checkBase64(member);
      return;
    case 'BOOL':
      checkBoolean(member);
      return;
    case 'NULL':
      if (checkBoolean(member)) return;
      throw validationError(
        'One or more parameter values were invalid: Null attribute value types must have the value of true',
      );
    case 'L':
      checkList(member, level + 1);
      return;
    case 'M':
      checkMap(member, level + 1);
      return;
    case 'SS':
      checkStringSet(member);
      return;
    case 'NS':
      value.NS = checkNumberSet(member);
      return;
    case 'BS':
      checkBinarySet(member);
  }
}

function checkMap(input: unknown, level: number): Item {
  if (typeof input !== 'object' || input === null) throw serializationError('Unexpected field type');
  if (Array.isArray(input)) {
    throw serializationError(
      'Unrecognized collection type java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.AttributeValue>',
    );
  }
  const map = input as Record<string, unknown>;
  for (const name in map) {
    checkString(name);
    const value = checkValue(map[name], level);
    if (value !== map[name]) map[name] = value;
  }
  return map as Item;
}

function checkList(input: unknown, level: number): void {
  const list = checkArray(input);
  for (let i = 0; i < list.length; i++) list[i] = checkValue(list[i], level);
}

function checkArray(input: unknown): unknown[] {
  if (Array.isArray(input)) return input;
  if (typeof input === 'object') {
    throw serializationError('Start of structure or map found where not expected');
  }
  throw serializationError('Unexpected field type');
}

function checkStringSet(input: unknown): void {
  const set = checkArray(input).map(checkString);
  if (set.length === 0) {
    throw validationError('One or more parameter values were invalid: An string set  may not be empty');
  }
  if (new Set(set).size < set.length) {
    throw validationError(
      `One or more parameter values were invalid: Input collection [${set.join(', ')}] contains duplicates.`,
    );
  }
}

function checkNumberSet(input: unknown): string[] {
  const texts = checkArray(input).map(checkString);
  if (texts.length === 0) {
    throw validationError('One or more parameter values were invalid: An number set  may not be empty');
  }
  const set = texts.map(canonicalNumber);
  if (new Set(set).size < set.length) throw validationError('Input collection contains duplicates');
  return set;
}

function checkBinarySet(input: unknown): void {
  const set = checkArray(input).map(checkBase64);
  if (set.length === 0) {
    throw validationError('One or more parameter values were invalid: Binary sets should not be empty');
  }
  if (new Set(set).size < set.length) {
    throw validationError(
      `One or more parameter values were invalid: Input collection [${set.join(', ')}]of type BS contains duplicates.`,
    );
  }
}
