import { encodeAad } from '../../envelope/envelope.ts';
import type { Follower, ItemChange, SealedTransaction } from '../followers.ts';
import { keyOf } from '../items/item-key.ts';
import type { StreamViewType } from '../tables/catalog.ts';
import type { Item } from '../types.ts';
import { equalValues, itemSizeBytes } from '../values/values.ts';
import { sequenceText } from './sequence.ts';
import { dataKey, moveHead, STREAM_STRUCTURE } from './stream-records.ts';

/** What GetRecords tells of a change, but for what follows from its sequence number and the region. */
export interface StoredChange {
  eventName: 'INSERT' | 'MODIFY' | 'REMOVE';
  dynamodb: {
    /** Seconds since the epoch. */
    ApproximateCreationDateTime: number;
    Keys: Item;
    NewImage?: Item;
    OldImage?: Item;
    SequenceNumber: string;
    SizeBytes: number;
    StreamViewType: StreamViewType;
  };
  userIdentity?: { type: 'Service'; principalId: string };
}

/** Of what the service removes by itself. */
const SERVICE_IDENTITY = { type: 'Service', principalId: 'dynamodb.amazonaws.com' } as const;

/** Writes a table's stream: a sealed record of each change, in the transaction that makes it. */
export class StreamWriter implements Follower {
  readonly #sealed: SealedTransaction;
  readonly #viewType: StreamViewType;

  constructor(sealed: SealedTransaction, viewType: StreamViewType) {
    this.#sealed = sealed;
    this.#viewType = viewType;
  }

  changed(change: ItemChange): void {
    const { before, after } = change;
    if (before !== undefined && after !== undefined && equalValues({ M: before }, { M: after })) return;
    const { table, transaction, clock } = this.#sealed;
    const now_ms = clock.wall_ms();
    const sequence = moveHead(transaction, table.number, now_ms);
    const record = this.#record(change, sequenceText(sequence), Math.floor(now_ms / 1000));
    const key = dataKey(table.number, sequence);
    transaction.put(key, this.#sealed.seal(STREAM_STRUCTURE, encodeAad([key]), JSON.stringify(record)));
  }

  #record({ before, after, by }: ItemChange, sequence: string, created_s: number): StoredChange {
    const viewType = this.#viewType;
    const Keys = keyOf(this.#sealed.table.primaryKey, (after ?? before)!);
    const images = {
      ...(after !== undefined && viewType !== 'KEYS_ONLY' && viewType !== 'OLD_IMAGE'
        ? { NewImage: after }
        : {}),
      ...(before !== undefined && viewType !== 'KEYS_ONLY' && viewType !== 'NEW_IMAGE'
        ? { OldImage: before }
        : {}),
    };
    const sizes = [Keys, ...Object.values(images)].map(itemSizeBytes);
    return {
      eventName: before === undefined ? 'INSERT' : after === undefined ? 'REMOVE' : 'MODIFY',
      dynamodb: {
        ApproximateCreationDateTime: created_s,
        Keys,
        ...images,
        SequenceNumber: sequence,
        SizeBytes: sizes.reduce((sum, bytes) => sum + bytes, 0),
        StreamViewType: viewType,
      },
      ...(by === 'service' ? { userIdentity: SERVICE_IDENTITY } : {}),
    };
  }
}
