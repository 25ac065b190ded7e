/**
 * How the store itself follows a table, to replicate it say: it reads the changes that the table's stream keeps, in
 * order and across shards, from a sequence number on, and is told when there are new ones.
 *
 *   const stop = core.changes.listen(table.id, wake);       // then, and at every wake:
 *   const { changes, position, gap } = await feed.read(table, position, 100);
 *
 * Keep `position` where the changes went, in the same transaction: each is then seen once. Word comes of what this
 * process wrote, after it is durable; of what other processes over the same engine wrote there is none, so read every
 * second or so as well. It is the service's own principal that reads: one Decrypt each time its cached keys expire.
 */
import type { Principal } from '../../wire/types.ts';
import type { StoreCore } from '../core.ts';
import { validationError } from '../errors.ts';
import type { TableRecord } from '../tables/catalog.ts';
import type { Item } from '../types.ts';
import { findStream, rollShards, stateOf } from './find-stream.ts';
import { firstAt, laterOf, nextSequence, parseSequence, sequenceText } from './sequence.ts';
import { readStored } from './stream-reader.ts';
import type { StreamRecord } from './stream-records.ts';
import type { StoredChange } from './stream-writer.ts';

/** Of no connection: those of the server count from 1. */
const CONNECTION_ID = 0;

/** One change of one item. Images are there as the stream's view type has them. */
export interface TableChange {
  sequence: string;
  kind: 'INSERT' | 'MODIFY' | 'REMOVE';
  keys: Item;
  before: Item | undefined;
  after: Item | undefined;
  /** Seconds since the epoch. */
  created_s: number;
}

export interface ChangePage {
  changes: TableChange[];
  /** Where to go on. */
  position: string;
  /** Changes after the position that was asked for were trimmed unread: only a copy of the table helps. */
  gap: boolean;
}

/** Who waits for changes of which table, within this process. */
export class ChangeNotices {
  readonly #listeners = new Map<string, Set<() => void>>();

  /** @returns what ends it */
  listen(tableId: string, listener: () => void): () => void {
    const listeners = this.#listeners.get(tableId) ?? new Set();
    this.#listeners.set(tableId, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(tableId) === listeners) this.#listeners.delete(tableId);
    };
  }

  /** Changes of the table are durable. */
  tell(tableId: string): void {
    for (const listener of this.#listeners.get(tableId) ?? []) listener();
  }
}

export class ChangeFeed {
  readonly #core: StoreCore;
  readonly #principal: Principal;

  constructor(core: StoreCore) {
    this.#core = core;
    const name = 'dynamodb.amazonaws.com';
    this.#principal = { arn: name, accountId: core.accountId, name, kind: 'service' };
  }

  /** The position after all changes that there are: for who begins with the table as it is. */
  end(table: TableRecord): string {
    const core = this.#core;
    core.engine.refresh();
    return sequenceText(stateOf(core, this.#streamOf(table)).head);
  }

  /**
   * The changes after `position`, in the order in which they were made; from the oldest that the table's enabled stream
   * has without one.
   *
   * @param limit most changes of a page, at least 1
   * @throws AwsError ValidationException for a table without an enabled stream or a position that is none; what keeps
   *   the table's keys from being opened
   */
  async read(table: TableRecord, position: string | undefined, limit: number): Promise<ChangePage> {
    this.#core.engine.refresh();
    const enabled = this.#streamOf(table);
    const after = position === undefined ? undefined : parseSequence(position);
    if (position !== undefined && after === undefined) throw validationError(`Invalid position: ${position}`);
    const core = this.#core;
    const { stream } = await rollShards(core, enabled);
    return core.read(table, { principal: this.#principal, connectionId: CONNECTION_ID }, ({ keys }) => {
      const { head, horizon_ms } = stateOf(core, stream);
      const asked = after === undefined ? stream.start : nextSequence(after, 0);
      const from = laterOf(asked, firstAt(Math.max(0, horizon_ms)));
      const changes: TableChange[] = [];
      for (const { json } of readStored(core.engine, keys, table.number, from, head)) {
        changes.push(changeOf(JSON.parse(json.toString()) as StoredChange));
        if (changes.length === limit) break;
      }
      const seen =
        changes.length === limit ? changes.at(-1)!.sequence : sequenceText(laterOf(head, after ?? head));
      return { changes, position: seen, gap: after !== undefined && after.ms < horizon_ms };
    });
  }

  /** @throws AwsError ValidationException */
  #streamOf({ name, stream }: TableRecord): StreamRecord {
    if (!stream?.enabled) throw validationError(`Table has no enabled stream: TableName: ${name}`);
    return findStream(this.#core, `${this.#core.arnOf(name)}/stream/${stream.label}`);
  }
}

function changeOf({ eventName, dynamodb }: StoredChange): TableChange {
  return {
    sequence: dynamodb.SequenceNumber,
    kind: eventName,
    keys: dynamodb.Keys,
    before: dynamodb.OldImage,
    after: dynamodb.NewImage,
    created_s: dynamodb.ApproximateCreationDateTime,
  };
}
