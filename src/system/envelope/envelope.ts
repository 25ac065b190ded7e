/**
 * AES-256-GCM sealing and the key hierarchy under it.
 *
 *   KMS key -> table key -> data key per structure -> items;  table key -> locator key -> locators
 *
 *   created once:   createTableKeyring(tableId, tableKey, structures) -> WrappedKeys, stored beside the data
 *   cache miss:     TableKeys.open(plaintext table key, tableId, wrapped, refresh) -> what the key cache holds
 *   each write:     budget.take(keys, structure, ledger) -> data key id;  keys.seal(structure, id, aad, plaintext)
 *   each read:      keys.open(structure, aad, sealed)
 *   new table key:  rewrap(wrapped, old plaintext, new table key) -> WrappedKeys
 */
export { encodeAad } from './aad.ts';
export { DEFAULT_USES_PER_DATA_KEY, type KeyLedger, UseBudget, type UseBudgetOptions } from './budget.ts';
export { EnvelopeError, KeyringError, KeysWipedError, StaleKeysError } from './errors.ts';
export { ENVELOPE_BYTES } from './format.ts';
export { addDataKey, createTableKeyring, rewrap } from './keyring.ts';
export { LOCATOR_BYTES } from './locator.ts';
export { PlainKeys } from './plainkeys.ts';
export { TableKeys } from './tablekeys.ts';
export type { ItemKeys, Part, TableKey, WrappedDataKey, WrappedKeys, WrappedStructure } from './types.ts';
