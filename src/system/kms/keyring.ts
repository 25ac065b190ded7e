import type { Clock } from '../../std/clock.ts';
import { DueDates } from './duedates.ts';
import type { GrantVault } from './grantbook.ts';
import { type AliasRecord, isDeleted, type KeyRecord } from './keys.ts';
import { SortedNames } from './names.ts';
import { rotated, rotationDue_ms } from './rotation.ts';

/** Keys and aliases that change together. */
export interface KeyringChange {
  keys?: readonly KeyRecord[];
  aliases?: readonly AliasRecord[];
  removedAliases?: readonly string[];
}

/** Where a keyring outlives the process. */
export interface KeyVault extends GrantVault {
  load(): Required<Pick<KeyringChange, 'keys' | 'aliases'>>;
  /** Resolves once the change is on disk, whole or not at all. */
  save(change: KeyringChange): Promise<void>;
  close(): Promise<void>;
}

/**
 * All keys and aliases, by id and name. Changes happen one at a time, and are on disk before anyone sees them.
 * Reads see no key and no alias past the key's deletion date. No request costs more for there being more keys.
 */
export class Keyring {
  readonly #clock: Clock;
  readonly #vault: KeyVault | undefined;
  readonly #keys = new Map<string, KeyRecord>();
  readonly #aliases = new Map<string, AliasRecord>();
  /** Aliases by the key they lead to. */
  readonly #aliasesOf = new Map<string, Set<string>>();
  /** Of keys that are not erased. */
  readonly #keyIds: SortedNames;
  readonly #aliasNames: SortedNames;
  readonly #due = new DueDates();
  #lastChange: Promise<unknown> = Promise.resolve();

  constructor(clock: Clock, vault?: KeyVault) {
    this.#clock = clock;
    this.#vault = vault;
    const { keys, aliases } = vault?.load() ?? { keys: [], aliases: [] };
    this.#keyIds = new SortedNames(keys.filter(isKept).map((key) => key.keyId));
    this.#aliasNames = new SortedNames(aliases.map((alias) => alias.name));
    this.#apply({ keys, aliases });
  }

  now_ms(): number {
    return Math.floor(this.#clock.wall_ms());
  }

  key(keyId: string): KeyRecord | undefined {
    const key = this.#keys.get(keyId);
    return key === undefined || isDeleted(key, this.now_ms()) ? undefined : key;
  }

  /** Keys there are, those that wait for their deletion included. */
  get size(): number {
    return this.#keyIds.size;
  }

  /** True for a key that was deleted. */
  remembers(keyId: string): boolean {
    return this.#keys.has(keyId) && this.key(keyId) === undefined;
  }

  alias(name: string): AliasRecord | undefined {
    const alias = this.#aliases.get(name);
    return alias === undefined || this.key(alias.keyId) === undefined ? undefined : alias;
  }

  /** The account's keys, by id, from after an id on. */
  *keysAfter(keyId: string): Generator<KeyRecord> {
    for (const id of this.#keyIds.after(keyId)) {
      const key = this.key(id);
      if (key !== undefined && key.owner !== 'aws-owned') yield key;
    }
  }

  /** Aliases that lead to a key of the account, by name, from after a name on. */
  *aliasesAfter(name: string): Generator<AliasRecord> {
    for (const next of this.#aliasNames.after(name)) {
      const alias = this.#aliases.get(next)!;
      const key = this.key(alias.keyId);
      if (key !== undefined && key.owner !== 'aws-owned') yield alias;
    }
  }

  /** The aliases of one key, by name. */
  aliasesOf(keyId: string): AliasRecord[] {
    return [...(this.#aliasesOf.get(keyId) ?? [])].sort().map((name) => this.#aliases.get(name)!);
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
   * Does what is due by the clock: erases keys whose deletion date has come, with their aliases, and rotates the others.
   * @returns `undefined` when nothing is due
   */
  settle(): Promise<void> | undefined {
    if (this.now_ms() < this.#due.next_ms) return undefined;
    return this.change(() => {
      const now_ms = this.now_ms();
      const due = this.#due.by(now_ms).map((id) => this.#keys.get(id)!);
      const gone = due.filter((key) => isDeleted(key, now_ms));
      const rotating = due.filter((key) => !isDeleted(key, now_ms));
      return {
        keys: [...gone.map(erased), ...rotating.map((key) => rotated(key, now_ms))],
        removedAliases: gone.flatMap((key) => this.aliasesOf(key.keyId).map((alias) => alias.name)),
      };
    });
  }

  async close(): Promise<void> {
    await this.#lastChange;
    await this.#vault?.close();
  }

  #apply(change: KeyringChange): void {
    for (const key of change.keys ?? []) {
      this.#keys.set(key.keyId, key);
      if (isKept(key)) this.#keyIds.add(key.keyId);
      else this.#keyIds.delete(key.keyId);
      this.#due.set(key.keyId, due_ms(key));
    }
    for (const alias of change.aliases ?? []) {
      this.#forgetAlias(alias.name);
      this.#aliases.set(alias.name, alias);
      this.#aliasNames.add(alias.name);
      if (!this.#aliasesOf.has(alias.keyId)) this.#aliasesOf.set(alias.keyId, new Set());
      this.#aliasesOf.get(alias.keyId)!.add(alias.name);
    }
    for (const name of change.removedAliases ?? []) {
      this.#forgetAlias(name);
      this.#aliasNames.delete(name);
    }
  }

  #forgetAlias(name: string): void {
    const keyId = this.#aliases.get(name)?.keyId;
    if (keyId === undefined) return;
    this.#aliases.delete(name);
    const names = this.#aliasesOf.get(keyId)!;
    names.delete(name);
    if (names.size === 0) this.#aliasesOf.delete(keyId);
  }
}

/** False for a record that only remembers an id. */
function isKept(key: KeyRecord): boolean {
  return key.materials.length > 0;
}

/** When the clock changes the key. */
function due_ms(key: KeyRecord): number {
  if (!isKept(key)) return Number.POSITIVE_INFINITY;
  return key.deletion_ms ?? rotationDue_ms(key);
}

function erased({ rotation, onDemandRotation_ms, policy, ...key }: KeyRecord): KeyRecord {
  return { ...key, description: '', tags: [], materials: [] };
}
