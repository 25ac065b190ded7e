import { serializationError, validationError } from './errors.ts';

const TABLE_NAME = /^[a-zA-Z0-9_.-]+$/;
const TABLE_NAME_LENGTH = { min: 3, max: 255 } as const;

export function isTableName(text: string): boolean {
  const { min, max } = TABLE_NAME_LENGTH;
  return TABLE_NAME.test(text) && text.length >= min && text.length <= max;
}

/**
 * Reads a request's members, checks them as DynamoDB does, and reports every broken constraint at once. `done()` must
 * follow the last member.
 */
export class RequestReader {
  readonly #body: Readonly<Record<string, unknown>>;
  readonly #path: string;
  readonly #broken: string[];

  constructor(body: Readonly<Record<string, unknown>>, path = '', broken: string[] = []) {
    this.#body = body;
    this.#path = path;
    this.#broken = broken;
  }

  /** @throws AwsError ValidationException when a constraint was broken */
  done(): void {
    const broken = this.#broken;
    if (broken.length === 0) return;
    const errors = broken.length === 1 ? 'error' : 'errors';
    throw validationError(`${broken.length} validation ${errors} detected: ${broken.join('; ')}`);
  }

  /** @returns '' for a missing or malformed name: `done()` throws */
  tableName(member = 'TableName'): string {
    const name = this.string(member, { required: true });
    if (name === undefined) return '';
    if (!TABLE_NAME.test(name)) {
      this.#breaks(member, name, 'Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+');
    }
    this.#checkTextLength(member, name, TABLE_NAME_LENGTH);
    return name;
  }

  /** Breaks a constraint unless each of a map's keys can be a table's name. */
  checkTableNames(member: string, names: readonly string[]): void {
    if (names.every(isTableName)) return;
    const { min, max } = TABLE_NAME_LENGTH;
    const rules = `[${atMost(max)}, ${atLeast(min)}, Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+]`;
    this.#breaks(member, this.#body[member], `Map keys must satisfy constraint: ${rules}`);
  }

  /** Breaks a constraint unless each of a map's lists has so many elements. */
  checkListLengths(
    member: string,
    lists: readonly unknown[],
    { min, max }: { min: number; max: number },
  ): void {
    if (lists.every((list) => !Array.isArray(list) || (list.length >= min && list.length <= max))) return;
    const rules = `[${atMost(max)}, ${atLeast(min)}]`;
    this.#breaks(member, this.#body[member], `Map value must satisfy constraint: ${rules}`);
  }

  string(
    member: string,
    { required = false, length }: { required?: boolean; length?: { min: number; max: number } } = {},
  ): string | undefined {
    const value = this.#member(member, required);
    if (value === undefined) return undefined;
    if (typeof value !== 'string') throw wrongType(value, 'String');
    if (length !== undefined) this.#checkTextLength(member, value, length);
    return value;
  }

  /** One of `values`. */
  choice<Value extends string>(
    member: string,
    values: readonly Value[],
    { required = false }: { required?: boolean } = {},
  ): Value | undefined {
    const value = this.string(member, { required });
    if (value === undefined || (values as readonly string[]).includes(value))
      return value as Value | undefined;
    this.#breaks(member, value, `Member must satisfy enum value set: [${values.join(', ')}]`);
    return undefined;
  }

  boolean(member: string, { required = false }: { required?: boolean } = {}): boolean | undefined {
    const value = this.#member(member, required);
    if (value === undefined || typeof value === 'boolean') return value;
    if (typeof value === 'string') throw serializationError('Unexpected token received from parser');
    throw wrongType(value, 'Boolean');
  }

  integer(
    member: string,
    { min, max, required = false }: { min: number; max?: number; required?: boolean },
  ): number | undefined {
    const value = this.#member(member, required);
    if (value === undefined) return undefined;
    if (typeof value !== 'number') throw wrongType(value, 'Integer');
    const whole = Math.trunc(value);
    if (whole < min) this.#breaks(member, whole, `Member must have value greater than or equal to ${min}`);
    if (max !== undefined && whole > max) {
      this.#breaks(member, whole, `Member must have value less than or equal to ${max}`);
    }
    return whole;
  }

  /** Seconds since the epoch on the wire. */
  timestamp_ms(member: string): number | undefined {
    const value = this.#member(member, false);
    if (value === undefined) return undefined;
    if (typeof value !== 'number') throw wrongType(value, 'Date');
    return value * 1000;
  }

  /** A structure or a map. */
  map(
    member: string,
    { required = false }: { required?: boolean } = {},
  ): Record<string, unknown> | undefined {
    const value = this.#member(member, required);
    if (value === undefined) return undefined;
    if (typeof value !== 'object' || Array.isArray(value)) throw serializationError('Unexpected field type');
    return value as Record<string, unknown>;
  }

  /** A structure's own reader: its broken constraints count as this one's. */
  structure(member: string, options: { required?: boolean } = {}): RequestReader | undefined {
    const value = this.map(member, options);
    return value && new RequestReader(value, `${this.#path}${lowerFirst(member)}.`, this.#broken);
  }

  /** Readers of a list of structures. */
  structures(
    member: string,
    {
      min = 0,
      max = Number.POSITIVE_INFINITY,
      required = false,
    }: { min?: number; max?: number; required?: boolean },
  ): RequestReader[] | undefined {
    const list = this.list(member, { min, max, required });
    return list?.map((element, index) => {
      if (typeof element !== 'object' || element === null) throw serializationError('Unexpected field type');
      const path = `${this.#path}${lowerFirst(member)}.${index + 1}.member.`;
      return new RequestReader(element as Record<string, unknown>, path, this.#broken);
    });
  }

  list(
    member: string,
    {
      min = 0,
      max = Number.POSITIVE_INFINITY,
      required = false,
    }: { min?: number; max?: number; required?: boolean },
  ): unknown[] | undefined {
    const value = this.#member(member, required);
    if (value === undefined) return undefined;
    if (!Array.isArray(value)) throw serializationError('Unexpected field type');
    this.checkLength(member, value.length, { min, max });
    return value;
  }

  /** A list of strings of 1 to `max_length` characters. */
  strings(
    member: string,
    { min, max, max_length }: { min: number; max: number; max_length: number },
  ): string[] | undefined {
    const list = this.list(member, { min, max });
    return list?.map((element) => {
      if (typeof element !== 'string') throw wrongType(element, 'String');
      if (element.length === 0 || element.length > max_length) {
        const rules = `[${atMost(max_length)}, ${atLeast(1)}]`;
        this.#breaks(member, list, `Member must satisfy constraint: ${rules}`);
      }
      return element;
    });
  }

  /** Breaks a constraint on how many elements a list or map has, if `length` is out of bounds. */
  checkLength(member: string, length: number, { min, max }: { min: number; max: number }): void {
    const value = this.#body[member];
    if (length < min) this.#breaks(member, value, atLeast(min));
    if (length > max) this.#breaks(member, value, atMost(max));
  }

  #checkTextLength(member: string, text: string, { min, max }: { min: number; max: number }): void {
    if (text.length < min) this.#breaks(member, text, atLeast(min));
    if (text.length > max) this.#breaks(member, text, atMost(max));
  }

  #member(member: string, required: boolean): unknown {
    const value = this.#body[member];
    if (value !== undefined && value !== null) return value;
    if (required) this.#breaks(member, null, 'Member must not be null');
    return undefined;
  }

  #breaks(member: string, value: unknown, constraint: string): void {
    const shown = value === null ? 'null' : `'${shownValue(value)}'`;
    this.#broken.push(
      `Value ${shown} at '${this.#path}${lowerFirst(member)}' failed to satisfy constraint: ${constraint}`,
    );
  }
}

function atLeast(length: number): string {
  return `Member must have length greater than or equal to ${length}`;
}

function atMost(length: number): string {
  return `Member must have length less than or equal to ${length}`;
}

/** Requests may hold secrets: of a composite value only the kind is repeated. */
function shownValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.length} elements]`;
  return typeof value === 'object' && value !== null ? '{…}' : String(value);
}

function wrongType(value: unknown, wanted: string): Error {
  if (Array.isArray(value))
    return serializationError(`Unrecognized collection type class java.lang.${wanted}`);
  if (typeof value === 'object')
    return serializationError('Start of structure or map found where not expected');
  return serializationError(`${tokenOf(value)} cannot be converted to ${wanted}`);
}

function tokenOf(value: unknown): string {
  if (typeof value === 'string') return 'STRING_VALUE';
  if (typeof value === 'boolean') return value ? 'TRUE_VALUE' : 'FALSE_VALUE';
  return Number.isInteger(value) ? 'NUMBER_VALUE' : 'DECIMAL_VALUE';
}

function lowerFirst(member: string): string {
  return member[0]!.toLowerCase() + member.slice(1);
}
