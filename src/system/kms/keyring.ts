import type { Clock } from '../../std/clock.ts';
import { type AliasRecord, isDeleted, type KeyRecord } from './keys.ts';

/** Keys and aliases that change together. */
export interface KeyringChange {
  keys?: readonly KeyRecord[];
  aliases?: readonly AliasRecord[];
  removedAliases?: readonly string[];
}

/** Where a keyring outlives the process. */
export interface KeyVault {
  load(): Required<Pick<KeyringChange, 'keys' | 'aliases'>>;
  /** Resolves once the change is on disk, whole or not at all. */
  save(change: KeyringChange): Promise<void>;
  close(): Promise<void>;
}

/**
 * All keys and aliases, by id and name. Changes happen one at a time, and are on disk before anyone sees them.
 * Reads see no key and no alias past the key's deletion date.
 */
export class Keyring {
  readonly #clock: Clock;
  readonly #vault: KeyVault | undefined;
  readonly #keys = new Map<string, KeyRecord>();
  readonly #aliases = new Map<string, AliasRecord>();
  #lastChange: Promise<unknown> = Promise.resolve();
  #nextDeletion_ms = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, vault?: KeyVault) {
    this.#clock = clock;
    this.#vault = vault;
    if (vault !== undefined) this.#apply(vault.load());
  }

  now_ms(): number {
    return Math.floor(this.#clock.wall_ms());
  }

  key(keyId: string): KeyRecord | undefined {
    const key = this.#keys.get(keyId);
    return key === undefined || isDeleted(key, this.now_ms()) ? undefined : key;
  }

  /** True for a key that was deleted. */
  remembers(keyId: string): boolean {
    return this.#keys.has(keyId) && this.key(keyId) === undefined;
  }

  alias(name: string): AliasRecord | undefined {
    const alias = this.#aliases.get(name);
    return alias === undefined || this.key(alias.keyId) === undefined ? undefined : alias;
  }

  /** Keys that exist, by id. */
  keys(): KeyRecord[] {
    const now_ms = this.now_ms();
    const existing = [...this.#keys.values()].filter((key) => !isDeleted(key, now_ms));
    return existing.sort((a, b) => (a.keyId < b.keyId ? -1 : 1));
  }

  /** Aliases that lead to a key, by name. */
  aliases(): AliasRecord[] {
    const live = [...this.#aliases.values()].filter((alias) => this.key(alias.keyId) !== undefined);
    return live.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /**
   * Makes the change that `decide` returns, having seen all earlier ones.
   * @throws whatever `decide` or the vault throws; the keyring is then as before
   */
  change(decide: () => KeyringChange): Promise<void> {
    const result = this.#lastChange.then(async () => {
      const change = decide();
      await this.#vault?.save(change);
      this.#apply(change);
    });
    this.#lastChange = result.catch(() => undefined);
    return result;
  }

  /**
   * Erases the material and aliases of keys whose deletion date has come.
   * @returns `undefined` when there is nothing to erase
   */
  erase(): Promise<void> | undefined {
    if (this.now_ms() < this.#nextDeletion_ms) return undefined;
    return this.change(() => {
      const due = [...this.#keys.values()].filter(
        (key) => key.materials.length > 0 && isDeleted(key, this.now_ms()),
      );
      const ids = new Set(due.map((key) => key.keyId));
      const orphans = [...this.#aliases.values()].filter((alias) => ids.has(alias.keyId));
      return {
        keys: due.map((key) => ({ ...key, description: '', materials: [] })),
        removedAliases: orphans.map((alias) => alias.name),
      };
    });
  }

  async close(): Promise<void> {
    await this.#lastChange;
    await this.#vault?.close();
  }

  #apply(change: KeyringChange): void {
    for (const key of change.keys ?? []) this.#keys.set(key.keyId, key);
    for (const alias of change.aliases ?? []) this.#aliases.set(alias.name, alias);
    for (const name of change.removedAliases ?? []) this.#aliases.delete(name);
    this.#nextDeletion_ms = Number.POSITIVE_INFINITY;
    for (const { deletion_ms, materials } of this.#keys.values()) {
      if (deletion_ms !== undefined && materials.length > 0) {
        this.#nextDeletion_ms = Math.min(this.#nextDeletion_ms, deletion_ms);
      }
    }
  }
}
