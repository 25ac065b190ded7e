import type { Principal } from '../../wire/types.ts';
import type { StoreCore } from '../core.ts';
import type { RangeOptions, Transaction } from '../engine/engine.ts';
import type { Chore } from '../housekeeping.ts';
import type { WritableItems } from '../items/table-items.ts';
import { readKeyring, writeKeyring } from '../keys/keyring.ts';
import { isRefusal } from '../keys/kms-errors.ts';
import {
  indexData,
  indexNumberOf,
  indexPartitionSegment,
  indexWork,
  indexWorkKey,
  itemRecordKey,
  itemSegment,
  locatorOf,
  tableNumberOf,
} from '../layout.ts';
import { readPiece } from '../pieces.ts';
import { readTable, type TableRecord, writeTable } from '../tables/catalog.ts';
import type { AccessContext, Item } from '../types.ts';
import { indexStructure } from './entries.ts';
import { IndexWriter } from './index-writer.ts';
import type { IndexRecord } from './types.ts';
import { type IndexWork, readIndexWork, writeIndexWork } from './work.ts';

/** Opened and sealed in one transaction: some milliseconds of everybody's time. */
const FILLED_RECORDS = 50;
/** Removed in one transaction. */
const REMOVED_RECORDS = 500;
/** Of one index at a time: the other chores have their turn. */
const PIECES = 20;
/** Lifecycle time until work is gone on with, and until it is tried again after a failure. */
const PAUSE_MS = 1;
const RETRY_MS = 60_000;
const EVERYTHING = { index: 0, total: 1 };
/** No client has it. */
const CONNECTION_ID = 0;

/** An index that something is to be done for. */
interface Job {
  recordKey: Buffer;
  table: TableRecord | undefined;
  index: IndexRecord | undefined;
  work: IndexWork;
}

/**
 * Fills indexes that were added to a table, and removes those that were deleted, a few records at a time. How far the
 * filling has come is written in the transaction that fills, so that a crash loses and repeats nothing. Writes keep a new
 * index in step from its first moment on: what is filled in is what they have not touched. Of an index that goes, the
 * directories' roots go first: without them nobody finds an entry that is already gone.
 */
export class IndexWorks implements Chore {
  readonly #core: StoreCore;
  readonly #context: AccessContext;
  /** By record key, for work that goes on later. */
  readonly #notBefore_ms = new Map<string, number>();

  constructor(core: StoreCore) {
    this.#core = core;
    const name = 'dynamodb.amazonaws.com';
    const principal: Principal = { arn: name, accountId: core.accountId, name, kind: 'service' };
    this.#context = { principal, connectionId: CONNECTION_ID };
  }

  nextDue_ms(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...this.#jobs().map((job) => this.#dueOf(job)));
  }

  async run(quietUntil_ms: number): Promise<void> {
    const now_ms = this.#core.clock.wall_ms();
    for (const job of this.#jobs()) {
      if (this.#dueOf(job) > now_ms) continue;
      const name = job.recordKey.toString('hex');
      this.#notBefore_ms.delete(name);
      try {
        if (!(await this.#perform(job))) this.#notBefore_ms.set(name, now_ms + PAUSE_MS);
      } catch (failure) {
        // A key that refuses itself goes on doing so as long as nobody enables it.
        const retry_ms = isRefusal(failure) ? quietUntil_ms : now_ms;
        this.#notBefore_ms.set(name, Math.max(now_ms + RETRY_MS, retry_ms));
      }
    }
  }

  #dueOf({ recordKey, work }: Job): number {
    return Math.max(work.due_ms, this.#notBefore_ms.get(recordKey.toString('hex')) ?? 0);
  }

  #jobs(): Job[] {
    const { engine, catalog } = this.#core;
    const jobs: Job[] = [];
    for (const { key, value } of engine.range({ ...indexWork(), includeStart: true })) {
      const work = JSON.parse(value.toString()) as IndexWork;
      const found = catalog.find(work.tableName);
      const table = found?.number === tableNumberOf(key) ? found : undefined;
      const index = table?.indexes?.find(({ number }) => number === indexNumberOf(key));
      jobs.push({ recordKey: key, table, index, work });
    }
    return jobs;
  }

  /** @returns whether all is done */
  async #perform({ recordKey, table, index }: Job): Promise<boolean> {
    const { engine } = this.#core;
    if (table === undefined || index === undefined) {
      // The table is gone, or its items are.
      await engine.write((transaction) => transaction.remove(recordKey));
      return true;
    }
    for (let piece = 0; piece < PIECES; piece++) {
      engine.refresh();
      const work = readIndexWork(engine, table.number, index.number);
      if (work === undefined) return true;
      if (index.state === 'DELETING') await this.#remove(table, index);
      else if (work.begun) await this.#fill(table, index, work);
      else await this.#begin(table, index);
    }
    engine.refresh();
    return engine.get(recordKey) === undefined;
  }

  /** From then on an index can be deleted again, even if the table's key is lost meanwhile. */
  #begin(table: TableRecord, index: IndexRecord): Promise<void> {
    return this.#core.engine.write((transaction) => {
      const work = readIndexWork(transaction, table.number, index.number);
      if (work !== undefined) writeIndexWork(transaction, table, index, { ...work, begun: true });
    });
  }

  #fill(table: TableRecord, index: IndexRecord, work: IndexWork): Promise<void> {
    const { engine } = this.#core;
    const { records, last } = readPiece(engine, rangeAfter(table, work), FILLED_RECORDS);
    return this.#core.write(table, this.#context, (items) => {
      const { transaction } = items;
      const current = readIndexWork(transaction, table.number, index.number);
      const writer = fillerOf(items, index);
      // Another process was quicker, or the index is to go.
      if (current === undefined || current.after !== work.after || writer === undefined) return;
      for (const { key } of records) {
        const record = transaction.get(key);
        if (record === undefined) continue;
        writer.fill(locatorOf(key), JSON.parse(items.open(key, record).json.toString()) as Item);
      }
      if (last) finish(transaction, table, index, (filled) => [{ ...filled, state: 'ACTIVE' }]);
      else {
        const after = locatorOf(records.at(-1)!.key).toString('hex');
        writeIndexWork(transaction, table, index, { ...current, after });
      }
    });
  }

  async #remove(table: TableRecord, index: IndexRecord): Promise<void> {
    const { engine } = this.#core;
    const roots = { ...indexPartitionSegment(table.number, index.number, EVERYTHING), includeStart: true };
    const rest = { ...indexData(table.number, index.number), includeStart: true };
    const found = readPiece(engine, roots, REMOVED_RECORDS).records;
    const piece =
      found.length > 0 ? { records: found, last: false } : readPiece(engine, rest, REMOVED_RECORDS);
    await engine.write((transaction) => {
      for (const { key } of piece.records) transaction.remove(key);
      if (!piece.last) return;
      finish(transaction, table, index, () => []);
      const keyring = readKeyring(transaction, table.number);
      if (keyring === undefined) return;
      const { [indexStructure(index)]: _dropped, ...structures } = keyring.structures;
      writeKeyring(transaction, table.number, { ...keyring, structures });
    });
  }
}

/** @returns undefined when the index is not to be filled any more */
function fillerOf({ followers }: WritableItems, { number }: IndexRecord): IndexWriter | undefined {
  const writers = followers.filter((follower) => follower instanceof IndexWriter);
  return writers.find(({ index }) => index.number === number && index.state === 'CREATING');
}

function rangeAfter({ number }: TableRecord, { after }: IndexWork): RangeOptions {
  const { start, end } = itemSegment(number, EVERYTHING);
  if (after === undefined) return { start, end, includeStart: true };
  return { start: itemRecordKey(number, Buffer.from(after, 'hex')), end, includeStart: false };
}

/** @param become what becomes of the index, if anything */
function finish(
  transaction: Transaction,
  table: TableRecord,
  { number }: IndexRecord,
  become: (index: IndexRecord) => IndexRecord[],
): void {
  transaction.remove(indexWorkKey(table.number, number));
  const current = readTable(transaction, table.name);
  if (current?.number !== table.number) return;
  const indexes = current.indexes?.flatMap((index) => (index.number === number ? become(index) : [index]));
  writeTable(transaction, { ...current, indexes: indexes?.length === 0 ? undefined : indexes });
}
