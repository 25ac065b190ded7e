/**
 * Attribute names come from callers and may be `__proto__` or `constructor`. `JSON.parse` makes them own properties;
 * these two keep them that way where plain indexing would reach into the prototype.
 */
export function getOwn<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

export function setOwn<T>(record: Record<string, T>, name: string, value: T): void {
  if (name === '__proto__') {
    Object.defineProperty(record, name, { value, writable: true, enumerable: true, configurable: true });
  } else {
    record[name] = value;
  }
}
