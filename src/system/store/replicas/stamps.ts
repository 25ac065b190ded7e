/**
 * When and where an item of a replicated table was last changed: sealed beside the item, under a data key of a structure
 * of its own. The later change wins, in every Region alike, so that all end with the same item.
 */
import { encodeAad, type ItemKeys } from '../../envelope/envelope.ts';
import type { RecordReader } from '../engine/engine.ts';
import type { Follower, ItemChange, SealedTransaction } from '../followers.ts';
import { stampKey, tombstoneKey } from '../layout.ts';
import {
  compareSequences,
  nextSequence,
  readSequence,
  SEQUENCE_BYTES,
  type SequenceNumber,
  writeSequence,
} from '../streams/sequence.ts';
import { equalValues } from '../values/values.ts';

/** A time, and a count within it: a change is later than the one that it replaces, whatever the clock does. */
export interface Stamp extends SequenceNumber {
  region: string;
  /** The change removed the item. Such a stamp is kept for a day. */
  removed: boolean;
}

/** Of an item from before its table was replicated, which has no stamp: any change is later. */
export const FIRST: Stamp = { ms: 0, count: 0, region: '', removed: false };

const STRUCTURE = 'replication';

/** Above 0 when `a` is the later change; of one moment, that in the Region whose name sorts last. */
export function compareStamps(a: Stamp, b: Stamp): number {
  return compareSequences(a, b) || (a.region < b.region ? -1 : a.region > b.region ? 1 : 0);
}

/** @throws EnvelopeError when the record was changed or moved */
export function readStamp(
  keys: Pick<ItemKeys, 'open'>,
  reader: RecordReader,
  tableNumber: number,
  locator: Buffer,
): Stamp | undefined {
  const key = stampKey(tableNumber, locator);
  const record = reader.get(key);
  if (record === undefined) return undefined;
  const bytes = keys.open(STRUCTURE, encodeAad([key]), record);
  return {
    ...readSequence(bytes, 0),
    removed: bytes[SEQUENCE_BYTES] === 1,
    region: bytes.toString('utf8', SEQUENCE_BYTES + 1),
  };
}

/** What a transaction is about to change. */
export function lastStamp(sealed: SealedTransaction, locator: Buffer): Stamp | undefined {
  const keys: Pick<ItemKeys, 'open'> = {
    open: (structure, aad, bytes) => sealed.unseal(structure, aad, bytes),
  };
  return readStamp(keys, sealed.transaction, sealed.table.number, locator);
}

/** @param before what `lastStamp` says */
export function writeStamp(
  sealed: SealedTransaction,
  locator: Buffer,
  before: Stamp | undefined,
  stamp: Stamp,
): void {
  const { table, transaction } = sealed;
  if (before?.removed) transaction.remove(tombstoneKey(table.number, before.ms, locator));
  if (stamp.removed) transaction.put(tombstoneKey(table.number, stamp.ms, locator), Buffer.of(1));
  const key = stampKey(table.number, locator);
  const region = Buffer.from(stamp.region);
  const bytes = Buffer.allocUnsafe(SEQUENCE_BYTES + 1 + region.length);
  writeSequence(bytes, 0, stamp);
  bytes[SEQUENCE_BYTES] = stamp.removed ? 1 : 0;
  region.copy(bytes, SEQUENCE_BYTES + 1);
  transaction.put(key, sealed.seal(STRUCTURE, encodeAad([key]), bytes));
}

/**
 * Stamps the changes that are made in a Region. A write that changes nothing is none: the stream does not tell it, so
 * that the other Regions would never hear of its stamp.
 */
export class ChangeStamper implements Follower {
  readonly #sealed: SealedTransaction;
  readonly #region: string;

  constructor(sealed: SealedTransaction, region: string) {
    this.#sealed = sealed;
    this.#region = region;
  }

  changed({ locator, before, after, by }: ItemChange): void {
    if (by === 'replication') return;
    if (before !== undefined && after !== undefined && equalValues({ M: before }, { M: after })) return;
    const last = lastStamp(this.#sealed, locator);
    const time = nextSequence(last, this.#sealed.clock.wall_ms());
    writeStamp(this.#sealed, locator, last, { ...time, region: this.#region, removed: after === undefined });
  }
}
