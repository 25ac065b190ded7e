import type { AttributeValue } from '../types.ts';
import { checkString, getOwn, serializationError, validateValue, validationError } from '../values/values.ts';
import type { RawPath } from './ast.ts';
import type { ExpressionName } from './parse.ts';
import type { Path } from './paths.ts';

const MAX_PLACEHOLDER_BYTES = 255;
const MAX_PATH_STEPS = 32;

/** A request's ExpressionAttributeNames and ExpressionAttributeValues, and which of them its expressions use. */
export class Substitutions {
  readonly #names: Record<string, string>;
  readonly #values: Record<string, AttributeValue>;
  readonly #unusedNames: Set<string>;
  readonly #unusedValues: Set<string>;

  /** @throws AwsError ValidationException */
  constructor(names: unknown, values: unknown) {
    this.#names = readNames(names);
    this.#values = readValues(values);
    this.#unusedNames = new Set(Object.keys(this.#names));
    this.#unusedValues = new Set(Object.keys(this.#values));
  }

  name(placeholder: string): string | undefined {
    this.#unusedNames.delete(placeholder);
    return getOwn(this.#names, placeholder);
  }

  value(placeholder: string): AttributeValue | undefined {
    this.#unusedValues.delete(placeholder);
    return getOwn(this.#values, placeholder);
  }

  /** @throws AwsError ValidationException */
  checkAllUsed(): void {
    refuseUnused('ExpressionAttributeNames', this.#unusedNames);
    refuseUnused('ExpressionAttributeValues', this.#unusedValues);
  }
}

/** One expression being bound: resolves its placeholders and remembers its paths. */
export class Binding {
  readonly #expression: ExpressionName;
  readonly #substitutions: Substitutions;
  /** Every path of the expression, for the rules about key attributes. */
  readonly paths: Path[] = [];

  constructor(expression: ExpressionName, substitutions: Substitutions) {
    this.#expression = expression;
    this.#substitutions = substitutions;
  }

  problem(text: string): Error {
    return validationError(`Invalid ${this.#expression}: ${text}`);
  }

  path(raw: RawPath): Path {
    const path = raw.map((step) =>
      typeof step === 'string' && step.startsWith('#') ? this.#name(step) : step,
    );
    if (path.length > MAX_PATH_STEPS) {
      throw this.problem(`The document path has too many nesting levels; nesting levels: ${path.length}`);
    }
    this.paths.push(path);
    return path;
  }

  #name(placeholder: string): string {
    const name = this.#substitutions.name(placeholder);
    if (name !== undefined) return name;
    throw this.problem(
      `An expression attribute name used in the document path is not defined; attribute name: ${placeholder}`,
    );
  }

  value(placeholder: string): AttributeValue {
    const value = this.#substitutions.value(placeholder);
    if (value !== undefined) return value;
    throw this.problem(
      `An expression attribute value used in expression is not defined; attribute value: ${placeholder}`,
    );
  }
}

function readNames(input: unknown): Record<string, string> {
  const names = readMap('ExpressionAttributeNames', '#', input);
  for (const key in names) {
    if (checkString(names[key]) === '') {
      throw validationError(
        `ExpressionAttributeNames contains invalid value: Empty attribute name for key ${key}`,
      );
    }
  }
  return names as Record<string, string>;
}

function readValues(input: unknown): Record<string, AttributeValue> {
  const values = readMap('ExpressionAttributeValues', ':', input);
  for (const key in values) values[key] = readValue(key, values[key]);
  return values as Record<string, AttributeValue>;
}

function readValue(key: string, input: unknown): AttributeValue {
  try {
    return validateValue(input);
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (code !== 'ValidationException') throw error;
    throw validationError(`ExpressionAttributeValues contains invalid value: ${message} for key ${key}`);
  }
}

function readMap(member: string, sigil: '#' | ':', input: unknown): Record<string, unknown> {
  if (input === undefined || input === null) return {};
  if (typeof input !== 'object' || Array.isArray(input)) throw serializationError('Unexpected field type');
  const keys = Object.keys(input);
  if (keys.length === 0) throw validationError(`${member} must not be empty`);
  for (const key of keys) {
    if (key.length > MAX_PLACEHOLDER_BYTES) {
      throw validationError(
        `${member} contains invalid key: The expression attribute map contains a key that is too long; size of key: ${key.length}`,
      );
    }
    if (key[0] !== sigil || !/^.[0-9A-Za-z_]+$/.test(key)) {
      throw validationError(`${member} contains invalid key: Syntax error; key: "${key}"`);
    }
  }
  return input as Record<string, unknown>;
}

function refuseUnused(member: string, unused: ReadonlySet<string>): void {
  if (unused.size === 0) return;
  throw validationError(
    `Value provided in ${member} unused in expressions: keys: {${[...unused].join(', ')}}`,
  );
}
