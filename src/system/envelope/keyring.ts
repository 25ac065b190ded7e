import { randomBytes } from 'node:crypto';
import { KeyringError } from './errors.ts';
import type { TableKey, WrappedDataKey, WrappedKeys, WrappedStructure } from './types.ts';
import { KEY_BYTES, type WrapBinding, WrappingKey } from './wrapping.ts';

export const LOCATOR_BINDING: WrapBinding = { purpose: 'locator', structure: '', id: 0 };

export function dataBinding(structure: string, id: number): WrapBinding {
  return { purpose: 'data', structure, id };
}

/**
 * Makes a new table's keys: the locator key and the first data key (id 1) of each structure.
 *
 * @throws KeyringError when the table key is not 32 bytes long
 */
export function createTableKeyring(
  tableId: string,
  tableKey: TableKey,
  structures: readonly string[],
): WrappedKeys {
  const wrapping = new WrappingKey(tableKey.plaintext, 1, tableId);
  const wrapped: WrappedKeys = {
    format: 1,
    tableId,
    tableKey: describe(wrapping, tableKey),
    locator: wrapNewKey(wrapping, LOCATOR_BINDING),
    structures: Object.fromEntries(
      structures.map((name) => [name, withNewDataKey(wrapping, name, undefined)]),
    ),
  };
  wrapping.wipe();
  return wrapped;
}

/**
 * Puts the same locator key and data keys, ids and bytes, under another table key: items stay as they are.
 *
 * @param plaintextTableKey the table key that `wrapped` is under
 * @throws KeyringError when it is not, or a wrapped key was changed
 */
export function rewrap(wrapped: WrappedKeys, plaintextTableKey: Uint8Array, next: TableKey): WrappedKeys {
  const from = wrappingKeyOf(wrapped, plaintextTableKey);
  const to = new WrappingKey(next.plaintext, wrapped.tableKey.id + 1, wrapped.tableId);
  const move = (key: string, binding: WrapBinding): string => {
    const plaintext = from.unwrap(key, binding);
    const moved = to.wrap(plaintext, binding);
    plaintext.fill(0);
    return moved;
  };
  const moveDataKey = (structure: string, key: WrappedDataKey): WrappedDataKey => ({
    ...key,
    wrapped: move(key.wrapped, dataBinding(structure, key.id)),
  });
  const structures = Object.entries(wrapped.structures).map(([name, structure]) => [
    name,
    { ...structure, dataKeys: structure.dataKeys.map((key) => moveDataKey(name, key)) },
  ]);
  try {
    return {
      ...wrapped,
      tableKey: describe(to, next),
      locator: move(wrapped.locator, LOCATOR_BINDING),
      structures: Object.fromEntries(structures),
    };
  } finally {
    from.wipe();
    to.wipe();
  }
}

/**
 * Gives the structure a new data key, for the items sealed from now on; the older ones stay for the items that they
 * sealed. A structure not known yet gets its first.
 *
 * @throws KeyringError when `wrapped` is not under this table key
 */
export function addDataKey(
  wrapped: WrappedKeys,
  plaintextTableKey: Uint8Array,
  structure: string,
): WrappedKeys {
  const wrapping = wrappingKeyOf(wrapped, plaintextTableKey);
  const grown = growStructure(wrapped, wrapping, structure);
  wrapping.wipe();
  return grown;
}

export function growStructure(wrapped: WrappedKeys, wrapping: WrappingKey, name: string): WrappedKeys {
  const structure = withNewDataKey(wrapping, name, structureOf(wrapped, name));
  return { ...wrapped, structures: { ...wrapped.structures, [name]: structure } };
}

export function structureOf(wrapped: WrappedKeys, name: string): WrappedStructure | undefined {
  return Object.hasOwn(wrapped.structures, name) ? wrapped.structures[name] : undefined;
}

/** @throws KeyringError when the key record is not under this table key */
export function wrappingKeyOf(wrapped: WrappedKeys, plaintextTableKey: Uint8Array): WrappingKey {
  const { tableId, tableKey } = wrapped;
  const wrapping = new WrappingKey(plaintextTableKey, tableKey.id, tableId);
  if (wrapping.isCommittedTo(tableKey.commitment)) return wrapping;
  wrapping.wipe();
  throw new KeyringError(
    `The keys of table ${tableId} are not under this table key: decrypt the one that its key record ` +
      `holds (table key ${tableKey.id}, under ${tableKey.kmsKeyArn}).`,
  );
}

function describe(wrapping: WrappingKey, { kmsCiphertext, kmsKeyArn }: TableKey): WrappedKeys['tableKey'] {
  return { id: wrapping.tableKeyId, kmsCiphertext, kmsKeyArn, commitment: wrapping.commitment };
}

function withNewDataKey(
  wrapping: WrappingKey,
  name: string,
  structure: WrappedStructure | undefined,
): WrappedStructure {
  const dataKeys = structure?.dataKeys ?? [];
  const id = 1 + Math.max(0, ...dataKeys.map((key) => key.id));
  const wrapped = wrapNewKey(wrapping, dataBinding(name, id));
  return { current: id, dataKeys: [...dataKeys, { id, wrapped, usesReserved: 0 }] };
}

function wrapNewKey(wrapping: WrappingKey, binding: WrapBinding): string {
  const key = randomBytes(KEY_BYTES);
  const wrapped = wrapping.wrap(key, binding);
  key.fill(0);
  return wrapped;
}
