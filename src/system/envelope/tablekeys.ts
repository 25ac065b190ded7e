import { DataKey } from './datakey.ts';
import { EnvelopeError, KeyringError, KeysWipedError, StaleKeysError } from './errors.ts';
import { ID_OFFSET } from './format.ts';
import { dataBinding, growStructure, LOCATOR_BINDING, structureOf, wrappingKeyOf } from './keyring.ts';
import { Locator } from './locator.ts';
import type { ItemKeys, Part, WrappedKeys } from './types.ts';
import type { WrappingKey } from './wrapping.ts';

/**
 * A table's keys in the clear, as an entry of the key cache: the table key, the locator key, and the data keys
 * unwrapped so far.
 *
 * `wipe()` erases at the end of the current turn of the event loop, and not before `release()` has followed every
 * `hold()`. Whoever got the keys from the cache may thus use them in that turn, awaiting nothing but promises that
 * are settled already, whatever becomes of the entry meanwhile. Later uses throw `KeysWipedError`.
 */
export class TableKeys implements ItemKeys {
  readonly tableId: string;
  readonly encrypted = true;
  readonly #wrapping: WrappingKey;
  readonly #locator: Locator;
  readonly #dataKeys = new Map<string, Map<number, DataKey>>();
  readonly #committed: WrappedKeys;
  readonly #refresh: (() => WrappedKeys | undefined) | undefined;
  #wrapped: WrappedKeys;
  #holds = 0;
  #unwanted = false;
  #erased = false;

  private constructor(wrapping: WrappingKey, wrapped: WrappedKeys, refresh?: () => WrappedKeys | undefined) {
    this.tableId = wrapped.tableId;
    this.#wrapping = wrapping;
    this.#committed = wrapped;
    this.#wrapped = wrapped;
    this.#refresh = refresh;
    const key = wrapping.unwrap(wrapped.locator, LOCATOR_BINDING);
    this.#locator = new Locator(key);
    key.fill(0);
  }

  /**
   * @param plaintextTableKey 32 bytes, as the KMS decrypted them; not kept
   * @param refresh reads the table's key record anew, when an item names a data key that `wrapped` does not have:
   *   another process may have added it
   * @throws KeyringError when `wrapped` is another table's, not under this table key, or was changed
   */
  static open(
    plaintextTableKey: Uint8Array,
    tableId: string,
    wrapped: WrappedKeys,
    refresh?: () => WrappedKeys | undefined,
  ): TableKeys {
    if (wrapped.tableId !== tableId) {
      throw new KeyringError(`Table ${tableId} was given the key record of table ${wrapped.tableId}.`);
    }
    return new TableKeys(wrappingKeyOf(wrapped, plaintextTableKey), wrapped, refresh);
  }

  locator(parts: readonly Part[]): Buffer {
    this.#assertUsable();
    return this.#locator.locate(parts);
  }

  seal(structure: string, dataKeyId: number, aad: Uint8Array, plaintext: string | Uint8Array): Buffer {
    this.#assertUsable();
    const key = this.#dataKeys.get(structure)?.get(dataKeyId) ?? this.#find(structure, dataKeyId);
    if (key === undefined) {
      throw new KeyringError(
        `Table ${this.tableId} has no data key ${dataKeyId} for ${structure}: add it first.`,
      );
    }
    return key.seal(aad, plaintext);
  }

  open(structure: string, aad: Uint8Array, sealed: Uint8Array): Buffer {
    this.#assertUsable();
    const id = idOf(sealed);
    const key = this.#dataKeys.get(structure)?.get(id) ?? this.#find(structure, id);
    if (key === undefined) throw new EnvelopeError();
    return key.open(aad, sealed);
  }

  /**
   * Makes sure that a data key can be used, from a key record newer than the one held.
   *
   * @throws StaleKeysError when the record is under another table key and the data key is not at hand
   */
  learn(structure: string, dataKeyId: number, wrapped: WrappedKeys): void {
    this.#assertUsable();
    if (this.#dataKeys.get(structure)?.has(dataKeyId)) return;
    this.#unwrap(structure, dataKeyId, this.#wrapped) ?? this.#adopt(structure, dataKeyId, wrapped);
  }

  /**
   * `addDataKey` with the table key held here.
   *
   * @throws StaleKeysError when `wrapped` is under another
   */
  addDataKey(wrapped: WrappedKeys, structure: string): WrappedKeys {
    this.#assertUsable();
    this.#assertCurrent(wrapped);
    return growStructure(wrapped, this.#wrapping, structure);
  }

  /**
   * Drops the data keys at hand: after a transaction that did not commit, whose new ones exist nowhere else. The next
   * ones get the same ids.
   */
  unlearn(): void {
    this.#wrapped = this.#committed;
    this.#wipeDataKeys();
  }

  hold(): void {
    this.#assertUsable();
    this.#holds++;
  }

  release(): void {
    this.#holds--;
    if (this.#unwanted) this.#eraseLater();
  }

  wipe(): void {
    if (this.#unwanted) return;
    this.#unwanted = true;
    this.#eraseLater();
  }

  #eraseLater(): void {
    setImmediate(() => {
      if (this.#holds <= 0) this.#erase();
    });
  }

  #erase(): void {
    this.#erased = true;
    this.#wrapping.wipe();
    this.#locator.wipe();
    this.#wipeDataKeys();
  }

  #wipeDataKeys(): void {
    for (const keys of this.#dataKeys.values()) for (const key of keys.values()) key.wipe();
    this.#dataKeys.clear();
  }

  #assertUsable(): void {
    if (this.#erased) throw new KeysWipedError(this.tableId);
  }

  #assertCurrent(wrapped: WrappedKeys): void {
    const needed = wrapped.tableKey.id;
    if (needed !== this.#wrapping.tableKeyId)
      throw new StaleKeysError(this.tableId, this.#wrapping.tableKeyId, needed);
  }

  #find(structure: string, id: number): DataKey | undefined {
    const known = this.#unwrap(structure, id, this.#wrapped);
    if (known !== undefined) return known;
    const newer = this.#refresh?.();
    return newer === undefined ? undefined : this.#adopt(structure, id, newer);
  }

  #adopt(structure: string, id: number, newer: WrappedKeys): DataKey | undefined {
    if (!structureOf(newer, structure)?.dataKeys.some((key) => key.id === id)) return undefined;
    this.#assertCurrent(newer);
    this.#wrapped = newer;
    return this.#unwrap(structure, id, newer);
  }

  #unwrap(structure: string, id: number, wrapped: WrappedKeys): DataKey | undefined {
    const record = structureOf(wrapped, structure)?.dataKeys.find((key) => key.id === id);
    if (record === undefined) return undefined;
    const secret = this.#wrapping.unwrap(record.wrapped, dataBinding(structure, id));
    const key = new DataKey(secret, id, this.tableId, structure);
    secret.fill(0);
    const siblings = this.#dataKeys.get(structure) ?? new Map<number, DataKey>();
    this.#dataKeys.set(structure, siblings.set(id, key));
    return key;
  }
}

/** The data key id of an envelope; −1 when it is too short to hold one. */
function idOf(sealed: Uint8Array): number {
  if (sealed.length < ID_OFFSET + 4) return -1;
  return ((sealed[1]! << 24) | (sealed[2]! << 16) | (sealed[3]! << 8) | sealed[4]!) >>> 0;
}
