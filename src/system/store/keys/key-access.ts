import { PlainKeys, TableKeys } from '../../envelope/envelope.ts';
import { KeyCache } from '../../keycache/keycache.ts';
import type { CacheCounters } from '../../keycache/types.ts';
import type { Engine } from '../engine/engine.ts';
import { tableMissing } from '../errors.ts';
import type { TableRecord } from '../tables/catalog.ts';
import type { AccessContext, StoreOptions } from '../types.ts';
import { readKeyring } from './keyring.ts';
import type { TableKeyService } from './table-key.ts';

export type Keys = TableKeys | PlainKeys;

/** How often keys that are overdue are looked for, however idle the store is. */
const ERASE_INTERVAL_MS = 60_000;

/** The keys of a table for whoever accesses it: from the key cache, or, on a miss, by the KMS's leave. */
export class KeyAccess {
  readonly #engine: Engine;
  readonly #service: TableKeyService;
  readonly #cache: KeyCache<TableKeys>;
  readonly #hosts: number;
  readonly #plain = new WeakMap<TableRecord, PlainKeys>();
  readonly #erasing: NodeJS.Timeout;

  constructor(engine: Engine, service: TableKeyService, { keyCache, clock, hosts = 1 }: StoreOptions) {
    this.#engine = engine;
    this.#service = service;
    this.#cache = new KeyCache({ ...keyCache, clock });
    this.#hosts = hosts;
    this.#erasing = setInterval(() => this.#cache.eraseOverdue(), ERASE_INTERVAL_MS).unref();
  }

  /** One lookup in the cache. Answers at once on a hit, and always for a table without encryption. */
  keysOf(table: TableRecord, { connectionId, principal }: AccessContext): Keys | Promise<Keys> {
    if (table.encryption.kind === 'none') return this.#plainKeysOf(table);
    const lookup = {
      connectionId,
      principal: principal.arn,
      host: hostOf(connectionId, this.#hosts),
      table: table.id,
    };
    return this.#cache.get(lookup, async () => {
      const wrapped = readKeyring(this.#engine, table.number);
      if (wrapped === undefined) throw tableMissing();
      const { kmsCiphertext } = wrapped.tableKey;
      await this.#requireServiceAccess(table, kmsCiphertext);
      const plaintext = await this.#service.decrypt(table.name, kmsCiphertext, principal);
      const refresh = () => readKeyring(this.#engine, table.number);
      try {
        return TableKeys.open(plaintext, table.id, wrapped, refresh);
      } finally {
        plaintext.fill(0);
      }
    });
  }

  /**
   * On a table whose key the service found lost, nobody gets further than the service itself: a grant that was revoked
   * leaves the users' own permissions as they were. An archived table has no items any more.
   */
  async #requireServiceAccess({ name, keyLoss }: TableRecord, kmsCiphertext: string): Promise<void> {
    if (keyLoss === undefined || keyLoss.status === 'SUSPECTED') return;
    if (keyLoss.status !== 'INACCESSIBLE_ENCRYPTION_CREDENTIALS') throw tableMissing();
    (await this.#service.decrypt(name, kmsCiphertext)).fill(0);
  }

  connectionClosed(connectionId: number): void {
    this.#cache.closeConnection(connectionId);
  }

  /** The table has another table key, or is gone. */
  forget(table: TableRecord): void {
    this.#cache.invalidateTable(table.id);
  }

  wipe(): void {
    this.#cache.wipe();
  }

  close(): void {
    clearInterval(this.#erasing);
    this.#cache.wipe();
  }

  counters(): CacheCounters {
    return this.#cache.counters();
  }

  reset(): void {
    this.#cache.reset();
  }

  #plainKeysOf(table: TableRecord): PlainKeys {
    let keys = this.#plain.get(table);
    if (keys === undefined) {
      keys = new PlainKeys(table.id);
      this.#plain.set(table, keys);
    }
    return keys;
  }
}

/** The front-end host that a load balancer gave the connection to. */
export function hostOf(connectionId: number, hosts: number): number {
  const mixed = Math.imul(connectionId ^ (connectionId >>> 16), 0x45d9f3b);
  return ((mixed ^ (mixed >>> 16)) >>> 0) % hosts;
}
