/** A sealed item did not open. The reason is not told: a reader who could tell reasons apart could probe for keys. */
export class EnvelopeError extends Error {
  override readonly name = 'EnvelopeError';
  readonly code = 'E_ENVELOPE';

  constructor() {
    super('The sealed item does not open: it was changed, moved, or sealed under another key.');
  }
}

/** The keys were erased (evicted, expired, their connection closed) before this use. */
export class KeysWipedError extends Error {
  override readonly name = 'KeysWipedError';
  readonly code = 'E_KEYS_WIPED';

  constructor(tableId: string) {
    super(`The keys of table ${tableId} were erased. Look them up again, or hold them while in use.`);
  }
}

/** The table's wrapped keys moved to a newer table key than the one held. */
export class StaleKeysError extends Error {
  override readonly name = 'StaleKeysError';
  readonly code = 'E_KEYS_STALE';

  constructor(tableId: string, held: number, needed: number) {
    super(
      `Table ${tableId} is under table key ${needed}, held is ${held}. ` +
        'Drop the held keys and load the table key again.',
    );
  }
}

/** Wrapped keys that can't be used as asked: another table's, damaged, or not under the given table key. */
export class KeyringError extends Error {
  override readonly name = 'KeyringError';
  readonly code = 'E_KEYRING';
}
