import { createSecretKey, type KeyObject } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, open, type RootDatabase } from 'lmdb';
import { InputError } from '../../std/errors.ts';
import { heardCommitError } from '../../std/lmdb.ts';
import type { GrantChange } from './grantbook.ts';
import type { GrantRecord } from './grants.ts';
import type { KeyringChange, KeyVault } from './keyring.ts';
import { type AliasRecord, type KeyMaterial, type KeyRecord, rotationSchedule, YEAR_DAYS } from './keys.ts';
import { SYMMETRIC } from './keyspecs.ts';
import { createRootKey, readRootKey, unwrap, wrap } from './rootkey.ts';

/** A key as it is stored: its material wrapped under the root key. */
type StoredKey = Omit<KeyRecord, 'materials'> & { materials: StoredMaterial[] };
/** What the first keys were stored without. */
type LaterMembers = 'spec' | 'usage' | 'tags';
type AnyStoredKey = Omit<StoredKey, LaterMembers> & Partial<Pick<StoredKey, LaterMembers>>;
type StoredMaterial = Omit<KeyMaterial, 'secret'> & { wrapped: string };

/** Says whose keys these are, and proves that the root key is theirs. */
interface Seal {
  version: 1;
  region: string;
  accountId: string;
  proof: string;
}

export interface KeystoreOptions {
  directory: string;
  region: string;
  accountId: string;
}

/**
 * Keys on disk: `directory/root.key`, and LMDB in `directory/keys`, made when the directory is new.
 * @throws InputError `E_KMS_ROOT_KEY` for a root key that is lost, foreign, damaged or open to others;
 * `E_KMS_DIRECTORY` for a directory that can't be used or is another account's
 */
export function openKeystore(options: KeystoreOptions): KeyVault {
  const { directory } = options;
  const database = openDatabase(directory);
  try {
    const seals = database.openDB<Seal, string>({ name: 'seal', encoding: 'json' });
    const seal = seals.get('seal');
    const rootKey = seal === undefined ? firstRootKey(directory) : readRootKey(rootKeyPath(directory));
    if (seal === undefined) seals.putSync('seal', newSeal(rootKey, options));
    else checkSeal(seal, rootKey, options);
    return new Keystore(database, rootKey, directory);
  } catch (error) {
    void database.close();
    throw error;
  }
}

class Keystore implements KeyVault {
  readonly #database: RootDatabase;
  readonly #rootKey: KeyObject;
  readonly #directory: string;
  readonly #keys: Database<AnyStoredKey, string>;
  readonly #aliases: Database<AliasRecord, string>;
  readonly #grants: Database<GrantRecord, string>;

  constructor(database: RootDatabase, rootKey: KeyObject, directory: string) {
    this.#database = database;
    this.#rootKey = rootKey;
    this.#directory = directory;
    this.#keys = database.openDB({ name: 'keys', encoding: 'json' });
    this.#aliases = database.openDB({ name: 'aliases', encoding: 'json' });
    this.#grants = database.openDB({ name: 'grants', encoding: 'json' });
  }

  load() {
    const keys = [...this.#keys.getRange({}).map(({ value }) => this.#unwrapped(value))];
    const aliases = [...this.#aliases.getRange({}).map(({ value }) => value)];
    return { keys, aliases };
  }

  async save({ keys = [], aliases = [], removedAliases = [] }: KeyringChange): Promise<void> {
    if (keys.length + aliases.length + removedAliases.length === 0) return;
    const stored = keys.map((key) => this.#wrapped(key));
    await this.#write(() => {
      for (const key of stored) this.#keys.putSync(key.keyId, key);
      for (const alias of aliases) this.#aliases.putSync(alias.name, alias);
      for (const name of removedAliases) this.#aliases.removeSync(name);
    });
  }

  loadGrants(): GrantRecord[] {
    return [...this.#grants.getRange({}).map(({ value }) => value)];
  }

  async saveGrants({ made = [], removed = [] }: GrantChange): Promise<void> {
    if (made.length + removed.length === 0) return;
    await this.#write(() => {
      for (const grant of made) this.#grants.putSync(grant.grantId, grant);
      for (const grantId of removed) this.#grants.removeSync(grantId);
    });
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  /** Resolves once everything is on disk that the action changed. */
  async #write(action: () => void): Promise<void> {
    await this.#database.transaction(action).catch((error: unknown) => {
      throw heardCommitError(error);
    });
    await this.#database.flushed;
  }

  #wrapped(key: KeyRecord): StoredKey {
    const materials = key.materials.map(({ secret, ...material }) => {
      const bytes = secret.export();
      const wrapped = wrap(this.#rootKey, bytes, materialIdentity(key.keyId, material.id)).toString('base64');
      bytes.fill(0);
      return { ...material, wrapped };
    });
    return { ...key, materials };
  }

  #unwrapped(stored: AnyStoredKey): KeyRecord {
    const key = completed(stored);
    const materials = key.materials.map(({ wrapped, ...material }) => {
      const bytes = this.#unwrap(Buffer.from(wrapped, 'base64'), key.keyId, material.id);
      const secret = createSecretKey(bytes);
      bytes.fill(0);
      return { ...material, secret };
    });
    return { ...key, materials };
  }

  #unwrap(wrapped: Buffer, keyId: string, materialId: string): Buffer {
    try {
      return unwrap(this.#rootKey, wrapped, materialIdentity(keyId, materialId));
    } catch (cause) {
      throw new InputError(
        'E_KMS_DIRECTORY',
        {
          where: this.#directory,
          what: `Key ${keyId} is damaged: its material does not open under the root key.`,
          remedy: 'Restore the directory from a copy, or start with another one.',
        },
        { cause },
      );
    }
  }
}

/** A key stored before there were other kinds, tags and rotation. */
function completed(key: AnyStoredKey): StoredKey {
  const rotation = key.owner === 'customer' ? {} : { rotation: rotationSchedule(YEAR_DAYS, key.created_ms) };
  return { spec: SYMMETRIC, usage: 'ENCRYPT_DECRYPT', tags: [], ...rotation, ...key };
}

function openDatabase(directory: string): RootDatabase {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    // With overlapping sync a commit is acknowledged before it is on disk.
    return open({
      path: join(directory, 'keys'),
      encoding: 'json',
      overlappingSync: false,
      // A turn's batch has a promise that nobody hears.
      eventTurnBatching: false,
    });
  } catch (cause) {
    throw new InputError(
      'E_KMS_DIRECTORY',
      {
        where: directory,
        what: `Keys cannot be kept here: ${cause instanceof Error ? cause.message : String(cause)}.`,
        remedy: 'Choose a directory that can be written.',
      },
      { cause },
    );
  }
}

function rootKeyPath(directory: string): string {
  return join(directory, 'root.key');
}

/** A start that was cut short may have left a root key, and nothing under it yet. */
function firstRootKey(directory: string): KeyObject {
  const path = rootKeyPath(directory);
  return existsSync(path) ? readRootKey(path) : createRootKey(path);
}

function newSeal(rootKey: KeyObject, { region, accountId }: KeystoreOptions): Seal {
  const proof = wrap(rootKey, Buffer.alloc(0), sealIdentity(region, accountId)).toString('base64');
  return { version: 1, region, accountId, proof };
}

function checkSeal(seal: Seal, rootKey: KeyObject, options: KeystoreOptions): void {
  const { directory, region, accountId } = options;
  try {
    unwrap(rootKey, Buffer.from(seal.proof, 'base64'), sealIdentity(seal.region, seal.accountId));
  } catch (cause) {
    throw new InputError(
      'E_KMS_ROOT_KEY',
      {
        where: rootKeyPath(directory),
        what: 'This is not the root key that the keys kept here were wrapped with.',
        remedy: 'Put the right file back; without it, start with another directory.',
      },
      { cause },
    );
  }
  if (seal.region !== region || seal.accountId !== accountId) {
    throw new InputError('E_KMS_DIRECTORY', {
      where: directory,
      what: `The keys kept here are of account ${seal.accountId} in ${seal.region}, not of ${accountId} in ${region}.`,
      remedy: 'Start with another directory, or with that account and Region.',
    });
  }
}

function sealIdentity(region: string, accountId: string): string {
  return `sealbench/kms/keystore/1/seal/${region}/${accountId}`;
}

function materialIdentity(keyId: string, materialId: string): string {
  return `sealbench/kms/keystore/1/material/${keyId}/${materialId}`;
}
