import {
  EnvelopeError,
  KeyringError,
  PlainKeys,
  TableKeys,
  type WrappedKeys,
} from '../../envelope/envelope.ts';
import { AwsError } from '../../wire/errors.ts';
import type { Principal } from '../../wire/types.ts';
import type { StoreCore } from '../core.ts';
import type { EngineRecord, RecordReader, Transaction } from '../engine/engine.ts';
import type { Chore } from '../housekeeping.ts';
import { TableItems } from '../items/table-items.ts';
import type { Keys } from '../keys/key-access.ts';
import { readKeyring } from '../keys/keyring.ts';
import { isRefusal } from '../keys/kms-errors.ts';
import {
  deletedTableKey,
  itemRecordKey,
  itemSegment,
  keyringKey,
  locatorOf,
  restoreKey,
  restores,
  totalsKey,
} from '../layout.ts';
import { readPiece, type Turns } from '../pieces.ts';
import { readTable, removeTable, type TableRecord, writeTable } from '../tables/catalog.ts';
import type { Item } from '../types.ts';
import { type BackupRecord, readBackup, writeBackup } from './backup-record.ts';

const MAX_RESTORES = 50;
/** Lifecycle time until a restore that failed is tried again. */
const PUT_OFF_MS = 10_000;
/** Opened and sealed in one transaction: some milliseconds of everybody's time. */
const PIECE_RECORDS = 50;

/** A restore under way, as kept: whoever opens the engine after a crash goes on with it. */
export interface RestoreRecord {
  tableName: string;
  backupId: string;
  /** Who asked for it: the backup's table key is opened in this name. */
  principal: Principal;
  /** Hex: locator of the last item that is in the table. */
  after?: string;
}

/**
 * Puts a backup's items into a new table. They are bound to the table that they were sealed for, by its id, its number
 * and its keys; so each is opened with the backup's keys and put anew, as any item: sealed under keys of the new table,
 * which no old one shares, and with it come directories, indexes and totals. An item is put in the transaction that
 * writes down how far the restore has come, and the last in the one that makes the table ACTIVE. A restore whose keys
 * are refused, or whose backup does not open, ends with the table's removal, as DynamoDB's does.
 */
export class Restores implements Chore {
  readonly #core: StoreCore;
  readonly #turns: Turns;
  readonly #running = new Set<Promise<void>>();
  /** Restores that failed, by the lifecycle time at which they are tried again. */
  readonly #putOff = new Map<TableRecord, number>();
  /** Requests that may become restores. */
  #asked = 0;
  #stopped = false;

  constructor(core: StoreCore, turns: Turns) {
    this.#core = core;
    this.#turns = turns;
  }

  /** Goes on with what an earlier process left. */
  start(): void {
    const { engine } = this.#core;
    for (const { value } of [...engine.range({ ...restores(), includeStart: true })]) {
      const { tableName } = JSON.parse(value.toString()) as RestoreRecord;
      const table = readTable(engine, tableName);
      if (table !== undefined) this.#run(table);
    }
  }

  /** Ends after the piece under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running);
  }

  /**
   * @param request makes the table and its `RestoreRecord`
   * @throws AwsError LimitExceededException
   */
  async begin(request: () => Promise<TableRecord>): Promise<TableRecord> {
    if (this.#asked + this.#running.size >= MAX_RESTORES) {
      throw new AwsError(
        'LimitExceededException',
        `Subscriber limit exceeded: Only ${MAX_RESTORES} tables can be restored simultaneously`,
      );
    }
    this.#asked += 1;
    try {
      const table = await request();
      this.#run(table);
      return table;
    } finally {
      this.#asked -= 1;
    }
  }

  nextDue_ms(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...this.#putOff.values());
  }

  async run(): Promise<void> {
    for (const [table, due_ms] of this.#putOff) {
      if (due_ms > this.#core.clock.wall_ms()) continue;
      this.#putOff.delete(table);
      this.#run(table);
    }
  }

  #run(table: TableRecord): void {
    const running: Promise<void> = this.#restore(table)
      .catch((failure) => {
        if (endsRestore(failure)) return this.#giveUp(table);
        throw failure;
      })
      // The KMS does not answer, or the disk is full.
      .catch(() => void this.#putOff.set(table, this.#core.clock.wall_ms() + PUT_OFF_MS))
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async #restore(table: TableRecord): Promise<void> {
    const { engine } = this.#core;
    engine.refresh();
    const restore = readRestore(engine, table.number);
    const backup = restore && readBackup(engine, restore.backupId);
    if (backup === undefined) return;
    const source = await openBackupKeys(this.#core, backup, restore?.principal);
    try {
      const target = await openKeys(this.#core, table, readKeyring(engine, table.number));
      try {
        const work = { table, backup, source, target };
        while (!this.#stopped && (await this.#turns.next(() => this.#piece(work))));
      } finally {
        target.wipe();
      }
    } finally {
      source.wipe();
    }
  }

  /** @returns whether there is more to do */
  async #piece({ table, backup, source, target }: Work): Promise<boolean> {
    const { engine } = this.#core;
    engine.refresh();
    const restore = readRestore(engine, table.number);
    if (restore === undefined) return false;
    const { records, last } = readPiece(engine, rangeAfter(backup, restore), PIECE_RECORDS);
    const items = itemsOf(records, backup, source, engine);
    const after = records.length === 0 ? restore.after : locatorOf(records.at(-1)!.key).toString('hex');
    return this.#core.writeWith(table, target, (written) => {
      const { transaction } = written;
      const current = readRestore(transaction, table.number);
      // Another process over the same engine goes on with it, too.
      if (current === undefined || current.after !== restore.after) return current !== undefined;
      for (const item of items) written.put(item);
      if (last) finish(transaction, table, restore);
      else writeRestore(transaction, table.number, { ...restore, after });
      return !last;
    });
  }

  async #giveUp(table: TableRecord): Promise<void> {
    await this.#core.engine.write((transaction) => {
      const restore = readRestore(transaction, table.number);
      if (restore === undefined) return;
      endRestore(transaction, table, restore);
      removeTable(transaction, table.name);
      this.#core.grants.dropAll(transaction, table);
      transaction.remove(keyringKey(table.number));
      transaction.remove(totalsKey(table.number));
      transaction.put(deletedTableKey(table.number), Buffer.of(1));
    });
    this.#core.forgetKeys(table);
    this.#core.grants.start();
    this.#core.removal.start();
  }
}

interface Work {
  table: TableRecord;
  backup: BackupRecord;
  source: Keys;
  target: Keys;
}

/** In the transaction that makes the table. */
export function beginRestore(transaction: Transaction, table: TableRecord, restore: RestoreRecord): void {
  writeRestore(transaction, table.number, restore);
  changeRestores(transaction, restore, 1);
}

function finish(transaction: Transaction, table: TableRecord, restore: RestoreRecord): void {
  const current = readTable(transaction, table.name);
  if (current?.restore === undefined) return;
  writeTable(transaction, { ...current, restore: { ...current.restore, inProgress: false } });
  endRestore(transaction, table, restore);
}

function endRestore(transaction: Transaction, { number }: TableRecord, restore: RestoreRecord): void {
  transaction.remove(restoreKey(number));
  changeRestores(transaction, restore, -1);
}

function changeRestores(transaction: Transaction, { backupId }: RestoreRecord, by: 1 | -1): void {
  const backup = readBackup(transaction, backupId);
  if (backup !== undefined) writeBackup(transaction, { ...backup, restores: backup.restores + by });
}

function readRestore(reader: RecordReader, tableNumber: number): RestoreRecord | undefined {
  const record = reader.get(restoreKey(tableNumber));
  return record && (JSON.parse(record.toString()) as RestoreRecord);
}

function writeRestore(transaction: Transaction, tableNumber: number, restore: RestoreRecord): void {
  transaction.put(restoreKey(tableNumber), Buffer.from(JSON.stringify(restore)));
}

function rangeAfter({ number }: BackupRecord, { after }: RestoreRecord) {
  const { start, end } = itemSegment(number, { index: 0, total: 1 });
  if (after === undefined) return { start, end, includeStart: true };
  return { start: itemRecordKey(number, Buffer.from(after, 'hex')), end, includeStart: false };
}

function itemsOf(
  records: readonly EngineRecord[],
  { table }: BackupRecord,
  keys: Keys,
  reader: RecordReader,
): Item[] {
  const source = new TableItems(table, keys, reader);
  return records.map(({ key, value }) => {
    const { json } = source.open(itemRecordKey(table.number, locatorOf(key)), value);
    return JSON.parse(json.toString()) as Item;
  });
}

/**
 * The keys of a backup, for the caller to wipe: the table key of its time, opened in the name it was made for.
 * @throws AwsError what DynamoDB answers when the KMS refuses the key
 */
export function openBackupKeys(
  core: StoreCore,
  { table, number }: BackupRecord,
  principal: Principal | undefined,
): Promise<Keys> {
  return openKeys(core, table, readKeyring(core.engine, number), principal);
}

async function openKeys(
  core: StoreCore,
  { id, name, number }: TableRecord,
  wrapped: WrappedKeys | undefined,
  principal?: Principal,
): Promise<Keys> {
  if (wrapped === undefined) return new PlainKeys(id);
  const plaintext = await core.tableKeys.decrypt(name, wrapped.tableKey.kmsCiphertext, principal);
  try {
    return TableKeys.open(plaintext, id, wrapped, () => readKeyring(core.engine, number));
  } finally {
    plaintext.fill(0);
  }
}

/** Trying again won't help: the KMS says no, or the backup was tampered with. */
function endsRestore(failure: unknown): boolean {
  return failure instanceof EnvelopeError || failure instanceof KeyringError || isRefusal(failure);
}
