import { kmsErrors } from './errors.ts';
import type { EncryptionContext } from './types.ts';

/** By what `typeof` calls them. */
interface Primitives {
  string: string;
  number: number;
  boolean: boolean;
}

/**
 * Reads the members of a request. A member of the wrong JSON type is refused at once, as AWS's deserialiser does;
 * broken constraints are collected, and `check()` refuses them together in AWS's words.
 */
export class Fields {
  readonly #body: Readonly<Record<string, unknown>>;
  readonly #broken: string[];
  readonly #path: string;

  /** @param parent for a structure within another, whose broken constraints are refused with its own */
  constructor(body: Readonly<Record<string, unknown>>, parent?: { broken: string[]; path: string }) {
    this.#body = body;
    this.#broken = parent?.broken ?? [];
    this.#path = parent?.path ?? '';
  }

  has(name: string): boolean {
    return this.#read(name) !== undefined;
  }

  text(name: string, limits: { max: number; min?: number; pattern?: string }): string | undefined {
    const value = this.#typed(name, 'string', 'String');
    if (value === undefined) return undefined;
    this.#length(value.length, `Value '${value}'`, name, limits);
    if (limits.pattern !== undefined && !new RegExp(limits.pattern, 'u').test(value)) {
      const rule = `Member must satisfy regular expression pattern: ${limits.pattern}`;
      this.#reject(`Value '${value}'`, name, rule);
    }
    return value;
  }

  requiredText(name: string, limits: { max: number; min?: number; pattern?: string }): string {
    return this.text(name, limits) ?? this.#missing(name, '');
  }

  oneOf<Value extends string>(name: string, values: readonly Value[]): Value | undefined {
    const value = this.#typed(name, 'string', 'String') as Value | undefined;
    if (value !== undefined && !values.includes(value)) {
      this.#reject(`Value '${value}'`, name, `Member must satisfy enum value set: [${values.join(', ')}]`);
    }
    return value;
  }

  integer(name: string, limits: { min: number; max: number }): number | undefined {
    const value = this.#typed(name, 'number', 'Integer');
    if (value === undefined) return undefined;
    const whole = Math.trunc(value);
    if (whole < limits.min) {
      this.#reject(`Value '${whole}'`, name, `Member must have value greater than or equal to ${limits.min}`);
    }
    if (whole > limits.max) {
      this.#reject(`Value '${whole}'`, name, `Member must have value less than or equal to ${limits.max}`);
    }
    return whole;
  }

  flag(name: string): boolean | undefined {
    return this.#typed(name, 'boolean', 'Boolean');
  }

  /** Elements in a list, 0 without one. */
  listLength(name: string): number {
    const value = this.#read(name) ?? [];
    if (!Array.isArray(value)) throw wrongType(value, 'List');
    return value.length;
  }

  /** A list of texts; none without it. */
  texts(name: string, limits: { items: number; max: number; oneOf?: readonly string[] }): string[] {
    const list = this.#read(name);
    if (list === undefined) return [];
    if (!Array.isArray(list)) throw wrongType(list, 'List');
    for (const value of list) if (typeof value !== 'string') throw wrongType(value, 'String');
    this.#length(list.length, `Value '[${list.join(', ')}]'`, name, { max: limits.items });
    const { oneOf } = limits;
    if (oneOf !== undefined && !list.every((value) => oneOf.includes(value))) {
      const rule = `Member must satisfy constraint: [Member must satisfy enum value set: [${oneOf.join(', ')}]]`;
      this.#reject(`Value '[${list.join(', ')}]'`, name, rule);
    } else if (!list.every((value) => value.length >= 1 && value.length <= limits.max)) {
      const rule = `Member must satisfy constraint: [Member must have length less than or equal to ${limits.max}, Member must have length greater than or equal to 1]`;
      this.#reject(`Value '[${list.join(', ')}]'`, name, rule);
    }
    return list;
  }

  requiredTexts(name: string, limits: { items: number; max: number; oneOf?: readonly string[] }): string[] {
    return this.has(name) ? this.texts(name, limits) : this.#missing(name, []);
  }

  /** A structure, whose members are read as those of the request are. */
  structure(name: string): Fields | undefined {
    const value = this.#read(name);
    if (value === undefined) return undefined;
    if (typeof value !== 'object' || Array.isArray(value)) throw wrongType(value, 'Structure');
    return new Fields(value as Record<string, unknown>);
  }

  /** The structures of a list, whose members are checked with those of the request; none without it. */
  structures(name: string): Fields[] {
    const list = this.#read(name) ?? [];
    if (!Array.isArray(list)) throw wrongType(list, 'List');
    return list.map((value, index) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value))
        throw wrongType(value, 'Structure');
      const path = `${this.#path}${camel(name)}.${index + 1}.member.`;
      return new Fields(value, { broken: this.#broken, path });
    });
  }

  /** Notes that a required member is not there. */
  missing(name: string): void {
    this.#reject('Value null', name, 'Member must not be null');
  }

  /** Base64 on the wire. Its value never enters a message. */
  requiredBlob(name: string, limits: { max: number }): Buffer {
    const value = this.#typed(name, 'string', 'Blob');
    if (value === undefined) return this.#missing(name, Buffer.alloc(0));
    if (value.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(value)) {
      throw kmsErrors.serialization(`${camel(name)} is not base64`);
    }
    const bytes = Buffer.from(value, 'base64');
    this.#length(bytes.length, 'Value', name, { min: 1, ...limits });
    return bytes;
  }

  /** Text that is no Unicode has no UTF-8 form of its own and could not be told from another. */
  context(name: string): EncryptionContext {
    const value = this.#read(name) ?? {};
    if (typeof value !== 'object' || Array.isArray(value)) throw wrongType(value, 'Map');
    for (const [key, text] of Object.entries(value as Record<string, unknown>)) {
      if (typeof text !== 'string') throw wrongType(text, 'String');
      if (/\p{Surrogate}/u.test(key + text)) {
        throw kmsErrors.serialization(`${camel(name)} holds text that is not Unicode`);
      }
    }
    return value as EncryptionContext;
  }

  /** @throws AwsError ValidationException when a constraint is broken */
  check(): void {
    const { length } = this.#broken;
    if (length === 0) return;
    const noun = length === 1 ? 'error' : 'errors';
    throw kmsErrors.validation(`${length} validation ${noun} detected: ${this.#broken.join('; ')}`);
  }

  #read(name: string): unknown {
    return Object.hasOwn(this.#body, name) ? (this.#body[name] ?? undefined) : undefined;
  }

  #typed<Type extends keyof Primitives>(
    name: string,
    type: Type,
    shape: string,
  ): Primitives[Type] | undefined {
    const value = this.#read(name);
    if (value !== undefined && typeof value !== type) throw wrongType(value, shape);
    return value as Primitives[Type] | undefined;
  }

  #missing<T>(name: string, placeholder: T): T {
    this.missing(name);
    return placeholder;
  }

  #length(length: number, shown: string, name: string, limits: { min?: number; max: number }): void {
    const { min = 0, max } = limits;
    if (length < min) this.#reject(shown, name, `Member must have length greater than or equal to ${min}`);
    if (length > max) this.#reject(shown, name, `Member must have length less than or equal to ${max}`);
  }

  #reject(shown: string, name: string, rule: string): void {
    this.#broken.push(`${shown} at '${this.#path}${camel(name)}' failed to satisfy constraint: ${rule}`);
  }
}

function camel(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

function wrongType(value: unknown, shape: string) {
  return kmsErrors.serialization(`${jsonType(value)}_VALUE cannot be converted to ${shape}`);
}

function jsonType(value: unknown): string {
  if (value === null) return 'NULL';
  if (Array.isArray(value)) return 'LIST';
  return typeof value === 'object' ? 'MAP' : (typeof value).toUpperCase();
}
