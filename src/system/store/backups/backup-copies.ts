import { AwsError } from '../../wire/errors.ts';
import type { Engine, EngineView, Transaction } from '../engine/engine.ts';
import { readKeyring, writeKeyring } from '../keys/keyring.ts';
import { deletedTableKey, itemRecordKey, itemSegment, keyringKey, locatorOf } from '../layout.ts';
import { readPiece, type Turns } from '../pieces.ts';
import { nextTableNumber, readTable, type TableRecord } from '../tables/catalog.ts';
import type { TableRemoval } from '../tables/table-removal.ts';
import { readTotals } from '../tables/totals.ts';
import { type BackupRecord, backupsFrom, readBackup, removeBackup, writeBackup } from './backup-record.ts';

/** As many as there may be restores: each keeps a snapshot. */
const MAX_COPIES = 50;

/** Copied in one transaction: some milliseconds of everybody's time. */
const PIECE_RECORDS = 250;

/** What a backup is before the table's moment is known. */
export type NewBackup = Pick<BackupRecord, 'id' | 'name' | 'type' | 'created_ms'>;

/**
 * Copies tables to backups: the sealed items as they are, with the wrapped keys that open them, all of one moment.
 * Directories and indexes are not copied: they follow from the items. A backup is AVAILABLE in the transaction that
 * copies the last of them. The moment goes with the process: what was not AVAILABLE by then is removed by whoever
 * opens the engine next.
 */
export class BackupCopies {
  readonly #engine: Engine;
  readonly #removal: TableRemoval;
  readonly #turns: Turns;
  readonly #running = new Set<Promise<unknown>>();
  /** Backup ids by table id. */
  readonly #copied = new Map<string, string>();
  #stopped = false;

  constructor(engine: Engine, removal: TableRemoval, turns: Turns) {
    this.#engine = engine;
    this.#removal = removal;
    this.#turns = turns;
  }

  /** Removes what an earlier process left behind. */
  start(): void {
    const left = [...backupsFrom(this.#engine, '')].filter(({ status }) => status === 'CREATING');
    if (left.length > 0) this.#run(Promise.all(left.map((backup) => this.#drop(backup))));
  }

  /** The copying ends after the piece under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running);
  }

  /** @throws AwsError ResourceInUseException: a table can't be deleted while it is backed up */
  refuseCopying(table: TableRecord): void {
    if (!this.#isCopied(table)) return;
    throw new AwsError(
      'ResourceInUseException',
      `Attempt to change a resource which is still in use: Table is being backed up: ${table.name}`,
    );
  }

  /**
   * Resolves when the backup is kept, and its moment with it; the copying goes on.
   * @throws AwsError BackupInUseException, LimitExceededException, TableNotFoundException
   */
  create(table: TableRecord, wanted: NewBackup): Promise<BackupRecord> {
    if (this.#isCopied(table)) {
      throw new AwsError('BackupInUseException', `Backup is being created for the table: ${table.name}`);
    }
    if (this.#copied.size >= MAX_COPIES) {
      throw new AwsError(
        'LimitExceededException',
        `Subscriber limit exceeded: Only ${MAX_COPIES} backups can be created simultaneously`,
      );
    }
    const kept = Promise.withResolvers<BackupRecord>();
    this.#copied.set(table.id, wanted.id);
    this.#run(
      this.#create(table, wanted, kept).finally(() => {
        // Since it is AVAILABLE the table may have got the next.
        if (this.#copied.get(table.id) === wanted.id) this.#copied.delete(table.id);
      }),
    );
    return kept.promise;
  }

  async #create(
    table: TableRecord,
    wanted: NewBackup,
    kept: PromiseWithResolvers<BackupRecord>,
  ): Promise<void> {
    try {
      const view = await this.#engine.openView();
      try {
        const backup = await this.#keep(view, table, wanted);
        kept.resolve(backup);
        await this.#copy(view, backup).catch(() => this.#drop(backup));
      } finally {
        view.close();
      }
    } catch (failure) {
      kept.reject(failure);
    }
  }

  #run(work: Promise<unknown>): void {
    // What fails here, on a full disk say, is left to the next start.
    const running: Promise<unknown> = work.catch(() => {}).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** By the record: it is AVAILABLE a moment before the work here has ended. */
  #isCopied({ id }: TableRecord): boolean {
    const backupId = this.#copied.get(id);
    return backupId !== undefined && readBackup(this.#engine, backupId)?.status !== 'AVAILABLE';
  }

  #keep(view: EngineView, { name, id }: TableRecord, wanted: NewBackup): Promise<BackupRecord> {
    const table = readTable(view, name);
    const totals = table && readTotals(view, table.number);
    if (table?.id !== id || totals === undefined) throw sourceMissing(name);
    const keyring = readKeyring(view, table.number);
    return this.#engine.write((transaction) => {
      const number = nextTableNumber(transaction);
      const backup: BackupRecord = { ...wanted, status: 'CREATING', number, table, totals, restores: 0 };
      writeBackup(transaction, backup);
      if (keyring !== undefined) writeKeyring(transaction, number, keyring);
      return backup;
    });
  }

  async #copy(view: EngineView, backup: BackupRecord): Promise<void> {
    let { start, end } = itemSegment(backup.table.number, { index: 0, total: 1 });
    for (let includeStart = true, copying = true; copying && !this.#stopped; includeStart = false) {
      copying = await this.#turns.next(() => {
        const { records, last } = readPiece(view, { start, end, includeStart }, PIECE_RECORDS);
        start = records.at(-1)?.key ?? start;
        return this.#engine.write((transaction) => {
          const current = readBackup(transaction, backup.id);
          // Another process took it for left behind.
          if (current === undefined) return false;
          for (const { key, value } of records) {
            transaction.put(itemRecordKey(backup.number, locatorOf(key)), value);
          }
          if (last) writeBackup(transaction, { ...current, status: 'AVAILABLE' });
          return !last;
        });
      });
    }
  }

  async #drop({ id }: BackupRecord): Promise<void> {
    await this.#engine.write((transaction) => {
      const backup = readBackup(transaction, id);
      if (backup?.status === 'CREATING') discardBackup(transaction, backup);
    });
    this.#removal.start();
  }
}

/** The record and the keys; the items are left to `TableRemoval`. */
export function discardBackup(transaction: Transaction, { id, number }: BackupRecord): void {
  removeBackup(transaction, id);
  transaction.remove(keyringKey(number));
  transaction.put(deletedTableKey(number), Buffer.of(1));
}

export function sourceMissing(name: string): AwsError {
  return new AwsError('TableNotFoundException', `Table not found: ${name}`);
}
