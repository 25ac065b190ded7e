import { KeyringError } from './errors.ts';
import { structureOf } from './keyring.ts';
import { TableKeys } from './tablekeys.ts';
import type { ItemKeys, WrappedKeys } from './types.ts';

/**
 * NIST SP 800-38D, 8.3, allows 2^32 seals with random IVs under one key; at 2^30 the chance that two of them
 * share an IV is 2^-37.
 */
export const DEFAULT_USES_PER_DATA_KEY = 2 ** 30;

const DEFAULT_BLOCK = 65_536;

export interface UseBudgetOptions {
  /** Seals per data key. Default 2^30, at most 2^32. */
  limit?: number;
  /** Seals reserved at a time: at most so many are lost with a process. Default 65,536. */
  block?: number;
}

/** A table's key record within the write transaction that is under way. */
export interface KeyLedger {
  read(): WrappedKeys;
  write(changed: WrappedKeys): void;
}

interface Grant {
  dataKeyId: number;
  uses: number;
  /** Key record that has the data key. */
  wrapped: WrappedKeys;
}

/**
 * Keeps every data key under its bound of seals, over all processes that share the key records and over crashes: uses
 * are written down as reserved, a block at a time, before any of them is made. What a process does not use is lost.
 * One for each store; synchronous, for use inside a write transaction. A key record brought back from an older copy of
 * the data has forgotten what was reserved since: `addDataKey` for each of its structures before it is written with.
 */
export class UseBudget {
  readonly #limit: number;
  readonly #block: number;
  readonly #grants = new Map<string, Map<string, Grant>>();

  constructor(options: UseBudgetOptions = {}) {
    const { limit = DEFAULT_USES_PER_DATA_KEY, block = DEFAULT_BLOCK } = options;
    if (!Number.isInteger(limit) || limit < 1 || limit > 2 ** 32) {
      throw new RangeError(`Uses of a data key: a whole number from 1 to 2^32, got ${limit}.`);
    }
    if (!Number.isInteger(block) || block < 1)
      throw new RangeError(`Block of uses: a whole number from 1, got ${block}.`);
    this.#limit = limit;
    this.#block = block;
  }

  /**
   * Takes one use, and sees to it that `keys` can seal with it.
   *
   * Call it in the write transaction: now and then it changes the key record through `ledger`. When the transaction
   * then does not commit, call `forget(tableId)`, and `unlearn()` of the keys.
   *
   * @returns the id of the data key to seal with, once; 0 without encryption
   * @throws StaleKeysError when the table moved to another table key: load its keys anew, then try again
   */
  take(keys: ItemKeys, structure: string, ledger: KeyLedger): number {
    if (!(keys instanceof TableKeys)) return 0;
    let grant = this.#grants.get(keys.tableId)?.get(structure);
    if (grant === undefined || grant.uses === 0) grant = this.#reserve(keys, structure, ledger);
    keys.learn(structure, grant.dataKeyId, grant.wrapped);
    grant.uses--;
    return grant.dataKeyId;
  }

  /** Drops what is left of the table's reservations: after a transaction that did not commit, and for a deleted table. */
  forget(tableId: string): void {
    this.#grants.delete(tableId);
  }

  #reserve(keys: TableKeys, structure: string, ledger: KeyLedger): Grant {
    let wrapped = ledger.read();
    if (this.#free(wrapped, structure) <= 0) wrapped = keys.addDataKey(wrapped, structure);
    const uses = Math.min(this.#block, this.#free(wrapped, structure));
    const grant = {
      dataKeyId: structureOf(wrapped, structure)!.current,
      uses,
      wrapped: withReserved(wrapped, structure, uses),
    };
    ledger.write(grant.wrapped);
    const grants = this.#grants.get(keys.tableId) ?? new Map<string, Grant>();
    this.#grants.set(keys.tableId, grants.set(structure, grant));
    return grant;
  }

  /** Uses of the current data key that nobody has reserved; none in a structure that has no data key yet. */
  #free(wrapped: WrappedKeys, structure: string): number {
    const record = structureOf(wrapped, structure);
    if (record === undefined) return 0;
    const current = record.dataKeys.find((key) => key.id === record.current);
    if (current === undefined) {
      throw new KeyringError(
        `Table ${wrapped.tableId} has no data key ${record.current} for ${structure}, which is its current one.`,
      );
    }
    return this.#limit - current.usesReserved;
  }
}

function withReserved(wrapped: WrappedKeys, structure: string, uses: number): WrappedKeys {
  const record = structureOf(wrapped, structure)!;
  const dataKeys = record.dataKeys.map((key) =>
    key.id === record.current ? { ...key, usesReserved: key.usesReserved + uses } : key,
  );
  return { ...wrapped, structures: { ...wrapped.structures, [structure]: { ...record, dataKeys } } };
}
