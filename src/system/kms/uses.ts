/** The last successful cryptographic use of a key, as `GetKeyLastUsage` answers it. */
export interface KeyUse {
  operation: string;
  at_ms: number;
  eventId: string;
  requestId: string;
}

/** The last use of each key, since the KMS started: KMS keeps no such record of the time before it began to. */
export class KeyUses {
  readonly since_ms: number;
  readonly #uses = new Map<string, KeyUse>();

  constructor(since_ms: number) {
    this.since_ms = since_ms;
  }

  note(keyId: string, use: KeyUse): void {
    this.#uses.set(keyId, use);
  }

  last(keyId: string): KeyUse | undefined {
    return this.#uses.get(keyId);
  }
}
