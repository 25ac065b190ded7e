import type { Clock } from '../../../std/clock.ts';
import { EnvelopeError, type ItemKeys, TableKeys, type UseBudget } from '../../envelope/envelope.ts';
import type { RequestTrace } from '../../wire/types.ts';
import type { RecordReader, Transaction } from '../engine/engine.ts';
import { tableMissing } from '../errors.ts';
import {
  type Actor,
  type Follower,
  followersOf,
  type SealedTransaction,
  StaleTableError,
} from '../followers.ts';
import type { Keys } from '../keys/key-access.ts';
import { keyLedger, TABLE_STRUCTURE } from '../keys/keyring.ts';
import { itemRecordKey, pageRecordKey } from '../layout.ts';
import { openItem, pageReader, pageStore, type StoredItem, sealItem, storedSize } from '../sealed-records.ts';
import type { TableRecord } from '../tables/catalog.ts';
import { readTotals, type Totals, writeTotals } from '../tables/totals.ts';
import { TracedKeys } from '../traced.ts';
import type { Item } from '../types.ts';
import { itemSizeBytes } from '../values/values.ts';
import { insertIntoDirectory, type PageReader, type PageStore, removeFromDirectory } from './directory.ts';
import { type ItemPlace, placeOf, sortedPlaceOf } from './item-key.ts';

/** A table's items to someone who holds its keys. Valid within one turn of the event loop. */
export class TableItems {
  readonly table: TableRecord;
  readonly keys: ItemKeys;
  readonly reader: RecordReader;

  constructor(table: TableRecord, keys: ItemKeys, reader: RecordReader) {
    this.table = table;
    this.keys = keys;
    this.reader = reader;
  }

  /** @param key the item's key attributes, checked; others are ignored */
  find(key: Item): StoredItem | undefined {
    const { recordKey } = placeOf(this.keys, this.table, key);
    const record = this.reader.get(recordKey);
    return record && this.open(recordKey, record);
  }

  /** An item that its partition's directory lists. */
  listed(locator: Buffer): StoredItem {
    const recordKey = itemRecordKey(this.table.number, locator);
    const record = this.reader.get(recordKey);
    if (record === undefined)
      throw new Error(`Table ${this.table.id}: a directory lists an item that is not there.`);
    return this.open(recordKey, record);
  }

  /** @throws EnvelopeError when the record was changed or moved */
  open(recordKey: Buffer, record: Buffer): StoredItem {
    return openItem(this.keys, TABLE_STRUCTURE, recordKey, record);
  }

  directoryOf(partition: Buffer): PageReader {
    const keyOf = (pageId: number) => pageRecordKey(this.table.number, partition, pageId);
    return pageReader(this.keys, this.reader, TABLE_STRUCTURE, keyOf);
  }
}

/** A table's items within a write transaction. Call `finish()` before it commits. */
export class WritableItems extends TableItems implements SealedTransaction {
  readonly transaction: Transaction;
  readonly clock: Clock;
  readonly #budget: UseBudget;
  readonly #own: Keys;
  readonly #totals: Totals;
  readonly followers: readonly Follower[];
  #recounted = false;
  /** Whether uses of a data key were taken: they are lost if the transaction does not commit. */
  sealed = false;

  /**
   * @throws AwsError ResourceNotFoundException when the table went meanwhile
   * @throws StaleTableError when it got or lost a follower meanwhile
   */
  constructor(
    table: TableRecord,
    keys: Keys,
    transaction: Transaction,
    budget: UseBudget,
    clock: Clock,
    trace?: RequestTrace,
  ) {
    super(table, trace === undefined ? keys : new TracedKeys(keys, trace), transaction);
    this.#own = keys;
    this.transaction = transaction;
    this.clock = clock;
    this.#budget = budget;
    const totals = readTotals(transaction, table.number);
    if (totals === undefined) throw tableMissing();
    if (totals.revision !== (table.revision ?? 0)) throw new StaleTableError();
    this.#totals = totals;
    this.followers = followersOf(this);
  }

  /**
   * @param by who does it, if not a caller
   * @returns the sizes of the item before (0 if there was none) and now
   */
  put(item: Item, by?: Actor): { old_bytes: number; new_bytes: number } {
    const place = sortedPlaceOf(this.keys, this.table, item);
    const old_bytes = this.#sizeAt(place);
    const new_bytes = itemSizeBytes(item);
    this.#tell(place, item, by);
    this.transaction.put(
      place.recordKey,
      sealItem(this, TABLE_STRUCTURE, place.recordKey, JSON.stringify(item), new_bytes),
    );
    if (old_bytes === 0 && place.sorted !== undefined) {
      const { partition, sort } = place.sorted;
      insertIntoDirectory(this.#directoryOf(partition), { sort, locator: place.locator });
    }
    this.#account(old_bytes === 0 ? 1 : 0, new_bytes - old_bytes);
    return { old_bytes, new_bytes };
  }

  /**
   * @param by who does it, if not a caller: the table's stream tells it
   * @returns the size that the item had; 0 if there was none
   */
  remove(key: Item, by?: Actor): number {
    const place = sortedPlaceOf(this.keys, this.table, key);
    const old_bytes = this.#sizeAt(place);
    if (old_bytes === 0) return 0;
    this.#tell(place, undefined, by);
    this.transaction.remove(place.recordKey);
    if (place.sorted !== undefined)
      removeFromDirectory(this.#directoryOf(place.sorted.partition), place.sorted.sort);
    this.#account(-1, -old_bytes);
    return old_bytes;
  }

  finish(): void {
    if (this.#recounted) writeTotals(this.transaction, this.table.number, this.#totals);
  }

  /** Before the change: the item as it was is read for followers alone. */
  #tell({ recordKey, locator }: ItemPlace, after: Item | undefined, by?: Actor): void {
    if (this.followers.length === 0) return;
    const record = this.transaction.get(recordKey);
    const before =
      record === undefined ? undefined : (JSON.parse(this.open(recordKey, record).json.toString()) as Item);
    for (const follower of this.followers) follower.changed({ locator, before, after, by });
  }

  #account(items: number, bytes: number): void {
    if (items === 0 && bytes === 0) return;
    this.#totals.items += items;
    this.#totals.bytes += bytes;
    this.#recounted = true;
  }

  #sizeAt({ recordKey }: ItemPlace): number {
    return storedSize(this.transaction.get(recordKey));
  }

  #directoryOf(partition: Buffer): PageStore {
    const keyOf = (pageId: number) => pageRecordKey(this.table.number, partition, pageId);
    return pageStore(this, TABLE_STRUCTURE, keyOf);
  }

  unseal(structure: string, aad: Uint8Array, sealed: Uint8Array): Buffer {
    try {
      return this.keys.open(structure, aad, sealed);
    } catch (thrown) {
      if (!(thrown instanceof EnvelopeError && this.#own instanceof TableKeys)) throw thrown;
      const keyring = keyLedger(this.transaction, this.table.number).read();
      for (const { id } of keyring.structures[structure]?.dataKeys ?? [])
        this.#own.learn(structure, id, keyring);
      return this.keys.open(structure, aad, sealed);
    }
  }

  seal(structure: string, aad: Buffer, plaintext: string | Buffer): Buffer {
    this.sealed = true;
    const ledger = keyLedger(this.transaction, this.table.number);
    const dataKeyId = this.#budget.take(this.#own, structure, ledger);
    return this.keys.seal(structure, dataKeyId, aad, plaintext);
  }
}
