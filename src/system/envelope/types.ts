import type { Wipeable } from '../keycache/keycache.ts';

/**
 * A table's wrapped keys: pure JSON, kept beside the data in the table's metadata. It holds no plaintext key.
 * Whoever changes it writes the changed copy back in the same transaction in which it was read.
 */
export interface WrappedKeys {
  format: 1;
  tableId: string;
  tableKey: {
    /** 1 for a table's first table key, one more with each re-wrap. */
    id: number;
    /** Base64: the table key as the KMS encrypted it. */
    kmsCiphertext: string;
    kmsKeyArn: string;
    /** Base64: tells this table key from any other without trying it on a wrapped key. */
    commitment: string;
  };
  /** Base64: the wrapped locator key. */
  locator: string;
  /** By structure: the table itself, each index, a stream. */
  structures: Record<string, WrappedStructure>;
}

export interface WrappedStructure {
  /** Id of the data key that seals new items. */
  current: number;
  dataKeys: WrappedDataKey[];
}

export interface WrappedDataKey {
  /** Unsigned 32 bits; unique within the structure and never given again. */
  id: number;
  /** Base64. */
  wrapped: string;
  /** Seals promised so far to all processes together; never less than those made. */
  usesReserved: number;
}

/** A table key as `GenerateDataKey` or `Decrypt` hands it over. */
export interface TableKey {
  /** 32 bytes. Copied where it is kept; erasing it stays with the caller. */
  plaintext: Buffer;
  /** Base64. */
  kmsCiphertext: string;
  kmsKeyArn: string;
}

/** Part of a locator or of additional data. Strings are well-formed Unicode and count as their UTF-8 bytes. */
export type Part = string | Uint8Array;

/**
 * Seals, opens and finds the items of one table: with its keys (`TableKeys`), or without encryption (`PlainKeys`).
 * Every method throws `KeysWipedError` once the keys are erased.
 */
export interface ItemKeys extends Wipeable {
  readonly tableId: string;
  readonly encrypted: boolean;

  /** 20 bytes that find an item and tell nothing of its key to who lacks the locator key. */
  locator(parts: readonly Part[]): Buffer;

  /**
   * @param dataKeyId what `UseBudget.take` answered: one answer, one seal
   * @param aad what else the envelope is bound to (`encodeAad`): the item's locator and kind. Format version,
   *   data key, table and structure are bound without being named.
   */
  seal(structure: string, dataKeyId: number, aad: Uint8Array, plaintext: string | Uint8Array): Buffer;

  /**
   * @param aad the bytes that it was sealed with
   * @throws EnvelopeError for whatever reason it does not open
   * @throws StaleKeysError when the data key was made under another table key than the one held here
   */
  open(structure: string, aad: Uint8Array, sealed: Uint8Array): Buffer;

  /**
   * Postpones the erasure that `wipe()` asks for until `release()`: for whoever uses the keys beyond the turn of the
   * event loop in which the cache answered.
   */
  hold(): void;
  release(): void;
}
