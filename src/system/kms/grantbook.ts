import { isDeepStrictEqual } from 'node:util';
import { kmsErrors } from './errors.ts';
import { type GrantRecord, type GrantTerms, newGrantId } from './grants.ts';
import { SortedNames } from './names.ts';

/** Grants that change together. */
export interface GrantChange {
  made?: readonly GrantRecord[];
  /** Ids. */
  removed?: readonly string[];
}

/** Where grants outlive the process. */
export interface GrantVault {
  loadGrants(): GrantRecord[];
  /** Resolves once the change is on disk, whole or not at all. */
  saveGrants(change: GrantChange): Promise<void>;
}

/** Source: KMS resource quotas, "Grants per KMS key". */
const GRANTS_PER_KEY_MAX = 50_000;

/** The grants under one name: of a key, to a principal on a key, to be retired by a principal. */
class Shelf {
  readonly ids = new SortedNames();
  readonly grants = new Map<string, GrantRecord>();
}

/**
 * All grants. Changes happen one at a time, and are on disk before anyone sees them. AWS's grants take up to five
 * minutes to be seen everywhere unless a request shows their token; these are seen at once, so that a token is
 * checked and tells nothing new.
 */
export class GrantBook {
  readonly #vault: GrantVault | undefined;
  readonly #limit: number;
  readonly #grants = new Map<string, GrantRecord>();
  readonly #shelves = new Map<string, Shelf>();
  #lastChange: Promise<unknown> = Promise.resolve();

  constructor(vault?: GrantVault, limit = GRANTS_PER_KEY_MAX) {
    this.#vault = vault;
    this.#limit = limit;
    for (const grant of vault?.loadGrants() ?? []) this.#put(grant);
  }

  grant(grantId: string): GrantRecord | undefined {
    return this.#grants.get(grantId);
  }

  /** Grants of a key to a principal by one of its names. */
  *to(names: readonly string[], keyId: string): Generator<GrantRecord> {
    for (const name of names) yield* this.#shelves.get(granteeShelf(keyId, name))?.grants.values() ?? [];
  }

  /** Grants of a key, by id, from after an id on. */
  ofKeyAfter(keyId: string, grantId: string): Iterable<GrantRecord> {
    return this.#after(keyShelf(keyId), grantId);
  }

  /** Grants that a principal may retire, by id, from after an id on. */
  retirableAfter(retiring: string, grantId: string): Iterable<GrantRecord> {
    return this.#after(retiringShelf(retiring), grantId);
  }

  /**
   * @returns the grant made, or the one that has this name and these terms already
   * @throws AwsError LimitExceededException
   */
  async make(keyId: string, terms: GrantTerms, now_ms: number): Promise<GrantRecord> {
    let grant: GrantRecord | undefined;
    await this.#change(() => {
      grant = this.#sameAs(keyId, terms);
      if (grant !== undefined) return {};
      if ((this.#shelves.get(keyShelf(keyId))?.grants.size ?? 0) >= this.#limit)
        throw kmsErrors.tooManyGrants();
      grant = { ...terms, grantId: newGrantId(), keyId, created_ms: now_ms };
      return { made: [grant] };
    });
    return grant!;
  }

  /** @returns false when it was gone already */
  async remove(grantId: string): Promise<boolean> {
    let known = false;
    await this.#change(() => {
      known = this.#grants.has(grantId);
      return known ? { removed: [grantId] } : {};
    });
    return known;
  }

  async close(): Promise<void> {
    await this.#lastChange;
  }

  #change(decide: () => GrantChange): Promise<void> {
    const result = this.#lastChange.then(async () => {
      const change = decide();
      await this.#vault?.saveGrants(change);
      for (const grant of change.made ?? []) this.#put(grant);
      for (const grantId of change.removed ?? []) this.#drop(grantId);
    });
    this.#lastChange = result.catch(() => undefined);
    return result;
  }

  #sameAs(keyId: string, terms: GrantTerms): GrantRecord | undefined {
    if (terms.name === undefined) return undefined;
    for (const grant of this.#shelves.get(nameShelf(keyId, terms.name))?.grants.values() ?? []) {
      const { grantId, keyId: _, created_ms, ...known } = grant;
      if (isDeepStrictEqual(known, terms)) return grant;
    }
    return undefined;
  }

  *#after(name: string, grantId: string): Generator<GrantRecord> {
    const shelf = this.#shelves.get(name);
    if (shelf === undefined) return;
    for (const id of shelf.ids.after(grantId)) yield shelf.grants.get(id)!;
  }

  #put(grant: GrantRecord): void {
    this.#grants.set(grant.grantId, grant);
    for (const name of shelvesOf(grant)) {
      let shelf = this.#shelves.get(name);
      if (shelf === undefined) {
        shelf = new Shelf();
        this.#shelves.set(name, shelf);
      }
      shelf.ids.add(grant.grantId);
      shelf.grants.set(grant.grantId, grant);
    }
  }

  #drop(grantId: string): void {
    const grant = this.#grants.get(grantId);
    if (grant === undefined) return;
    this.#grants.delete(grantId);
    for (const name of shelvesOf(grant)) {
      const shelf = this.#shelves.get(name)!;
      shelf.ids.delete(grantId);
      shelf.grants.delete(grantId);
      if (shelf.grants.size === 0) this.#shelves.delete(name);
    }
  }
}

function shelvesOf(grant: GrantRecord): string[] {
  const { keyId, grantee, retiring, name } = grant;
  return [
    keyShelf(keyId),
    granteeShelf(keyId, grantee),
    ...(retiring === undefined ? [] : [retiringShelf(retiring)]),
    ...(name === undefined ? [] : [nameShelf(keyId, name)]),
  ];
}

function keyShelf(keyId: string): string {
  return `key ${keyId}`;
}

function granteeShelf(keyId: string, grantee: string): string {
  return `grantee ${keyId} ${grantee}`;
}

function retiringShelf(retiring: string): string {
  return `retiring ${retiring}`;
}

function nameShelf(keyId: string, name: string): string {
  return `name ${keyId} ${name}`;
}
