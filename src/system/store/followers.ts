/** What keeps in step with a table's items: its indexes, its stream. */
import type { Clock } from '../../std/clock.ts';
import type { ItemKeys } from '../envelope/envelope.ts';
import type { Transaction } from './engine/engine.ts';
import { indexWriters } from './indexes/index-writer.ts';
import { ChangeStamper } from './replicas/stamps.ts';
import { StreamWriter } from './streams/streams.ts';
import type { TableRecord } from './tables/catalog.ts';
import { readTotals, writeTotals } from './tables/totals.ts';
import type { Item } from './types.ts';

/** Who changes items without being asked by a caller: the service for itself, or for a caller in another Region. */
export type Actor = 'service' | 'replication';

/** What a write did to one item; one of the two is there. */
export interface ItemChange {
  /** What finds the item: a keyed hash of its key. */
  locator: Buffer;
  before: Item | undefined;
  after: Item | undefined;
  /** Who did it, if not a caller. */
  by?: Actor | undefined;
}

/** Follows the changes of a table's items in the transaction that makes them: both are done, or neither. */
export interface Follower {
  changed(change: ItemChange): void;
}

/** A table's records and keys within a write transaction. */
export interface SealedTransaction {
  readonly table: TableRecord;
  readonly keys: ItemKeys;
  readonly transaction: Transaction;
  readonly clock: Clock;
  /** Seals under the structure's current data key; a structure without one gets its first. */
  seal(structure: string, aad: Buffer, plaintext: string | Buffer): Buffer;
  /**
   * Opens what was sealed, also under a data key that another writer has made and that is not committed yet.
   * @throws EnvelopeError for whatever reason it does not open
   */
  unseal(structure: string, aad: Uint8Array, sealed: Uint8Array): Buffer;
}

/** A write began with a table record that lacks a follower, or has one too many: read it anew, then try again. */
export class StaleTableError extends Error {}

/**
 * The record of a table that got or lost a follower, to be written in this transaction. Writes that are on their way
 * with the record as it was are refused with `StaleTableError` from then on, so that no change goes unfollowed.
 */
export function followersChanged(transaction: Transaction, record: TableRecord): TableRecord {
  const revision = (record.revision ?? 0) + 1;
  const totals = readTotals(transaction, record.number);
  if (totals !== undefined) writeTotals(transaction, record.number, { ...totals, revision });
  return { ...record, revision };
}

/** The followers of a table; none for most, which then pay nothing. */
export function followersOf(sealed: SealedTransaction): readonly Follower[] {
  const { indexes, stream, replication } = sealed.table;
  if (indexes === undefined && stream === undefined && replication === undefined) return NONE;
  const followers: Follower[] = indexWriters(sealed);
  if (replication !== undefined) followers.push(new ChangeStamper(sealed, replication.region));
  if (stream?.enabled) followers.push(new StreamWriter(sealed, stream.viewType));
  return followers;
}

const NONE: readonly Follower[] = [];
