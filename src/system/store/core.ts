import { type Clock, realClock } from '../../std/clock.ts';
import { StaleKeysError, UseBudget } from '../envelope/envelope.ts';
import type { RequestTrace } from '../wire/types.ts';
import { BackupCopies } from './backups/backup-copies.ts';
import { Restores } from './backups/restores.ts';
import type { Engine } from './engine/engine.ts';
import { tableMissing } from './errors.ts';
import { StaleTableError } from './followers.ts';
import { TableItems, WritableItems } from './items/table-items.ts';
import { KeyAccess, type Keys } from './keys/key-access.ts';
import { TableGrants } from './keys/table-grants.ts';
import { TableKeyService } from './keys/table-key.ts';
import { Turns } from './pieces.ts';
import { RegionGroup } from './replicas/region-group.ts';
import { Replication } from './replicas/replication.ts';
import { ChangeNotices } from './streams/streams.ts';
import { Catalog, type TableRecord } from './tables/catalog.ts';
import { TableRemoval } from './tables/table-removal.ts';
import { TracedKeys, timedWait, tracedReader, tracedWrite } from './traced.ts';
import type { AccessContext, StoreOptions } from './types.ts';

const KEY_CHANGE_MS = 500;

/** What every operation works with: the engine, the tables, their keys, and how items are read and written. */
export class StoreCore {
  readonly region: string;
  readonly accountId: string;
  readonly engine: Engine;
  readonly clock: Clock;
  readonly catalog: Catalog;
  readonly tableKeys: TableKeyService;
  readonly grants: TableGrants;
  readonly access: KeyAccess;
  readonly removal: TableRemoval;
  /** Tells whoever follows a table's stream that there is more of it. */
  readonly changes = new ChangeNotices();
  readonly backups: BackupCopies;
  readonly restores: Restores;
  /** Where replicas of tables can be. */
  readonly regions: RegionGroup;
  readonly replication: Replication;
  /** How long a change of a KMS key takes. */
  readonly keyChange_ms: number;
  readonly #budget: UseBudget;

  constructor(engine: Engine, options: StoreOptions) {
    this.region = options.region;
    this.accountId = options.accountId;
    this.engine = engine;
    this.clock = options.clock ?? realClock;
    this.catalog = new Catalog(engine);
    this.tableKeys = new TableKeyService(options.kms, options.accountId, options.region);
    this.grants = new TableGrants(engine, this.tableKeys, this.clock);
    this.access = new KeyAccess(engine, this.tableKeys, options);
    this.removal = new TableRemoval(engine);
    const turns = new Turns();
    this.backups = new BackupCopies(engine, this.removal, turns);
    this.restores = new Restores(this, turns);
    this.regions = options.regions ?? new RegionGroup();
    this.replication = new Replication(this, options);
    this.keyChange_ms = options.keyChange_ms ?? KEY_CHANGE_MS;
    this.#budget = new UseBudget({ limit: options.dataKeyUses });
  }

  arnOf(tableName: string): string {
    return `arn:aws:dynamodb:${this.region}:${this.accountId}:table/${tableName}`;
  }

  /** Reads with the table's keys: at once where they are cached, and always from one snapshot. */
  read<Result>(
    table: TableRecord,
    context: AccessContext,
    body: (items: TableItems) => Result,
  ): Result | Promise<Result> {
    const { trace } = context;
    const keys = this.access.keysOf(table, context);
    const readWith = (loaded: Keys): Result | Promise<Result> => {
      try {
        return body(
          trace === undefined
            ? new TableItems(table, loaded, this.engine)
            : new TableItems(table, new TracedKeys(loaded, trace), tracedReader(this.engine, trace)),
        );
      } catch (thrown) {
        if (!(thrown instanceof StaleKeysError)) throw thrown;
        this.access.forget(table);
        return this.read(table, context, body);
      }
    };
    if (!(keys instanceof Promise)) return readWith(keys);
    const awaited = trace === undefined ? keys : timedWait(trace, 'kms_ns', keys);
    return awaited.then((loaded) => {
      this.engine.refresh();
      return readWith(loaded);
    });
  }

  /** Changes items in one transaction, which is durable when the promise resolves. */
  async write<Result>(
    table: TableRecord,
    context: AccessContext,
    change: (items: WritableItems) => Result,
  ): Promise<Result> {
    const { trace } = context;
    const found = this.access.keysOf(table, context);
    const keys = await (trace !== undefined && found instanceof Promise
      ? timedWait(trace, 'kms_ns', found)
      : found);
    keys.hold();
    try {
      return await this.#commit(table, keys, change, trace);
    } catch (thrown) {
      if (thrown instanceof StaleTableError) return this.write(this.#newest(table), context, change);
      if (!(thrown instanceof StaleKeysError)) throw thrown;
    } finally {
      keys.release();
    }
    // Another process gave the table another key, and a data key under it that these keys can't open.
    this.access.forget(table);
    return this.write(table, context, change);
  }

  /** @throws AwsError ResourceNotFoundException */
  #newest({ id, name }: TableRecord): TableRecord {
    this.engine.refresh();
    const table = this.catalog.find(name);
    if (table?.id !== id) throw tableMissing();
    return table;
  }

  /** As `write`, with keys that are the caller's own. */
  writeWith<Result>(
    table: TableRecord,
    keys: Keys,
    change: (items: WritableItems) => Result,
  ): Promise<Result> {
    return this.#commit(table, keys, change, undefined);
  }

  readonly #write: Engine['write'] = (change) => this.engine.write(change);

  /** The table has another key, or is gone: nothing remembered of its keys holds any more. */
  forgetKeys(table: TableRecord): void {
    this.access.forget(table);
    this.#budget.forget(table.id);
  }

  async #commit<Result>(
    table: TableRecord,
    keys: Keys,
    change: (items: WritableItems) => Result,
    trace: RequestTrace | undefined,
  ): Promise<Result> {
    let committing = false;
    const write = trace === undefined ? this.#write : tracedWrite(this.#write, trace);
    try {
      const result = await write((transaction) => {
        const items = new WritableItems(table, keys, transaction, this.#budget, this.clock, trace);
        try {
          const result = change(items);
          items.finish();
          committing = items.sealed;
          return result;
        } catch (thrown) {
          // At once: the next change of this batch must not spend what was reserved here and is now undone.
          if (items.sealed) this.#undo(table, keys);
          throw thrown;
        }
      });
      if (table.stream?.enabled) this.changes.tell(table.id);
      return result;
    } catch (thrown) {
      if (committing) this.#undo(table, keys);
      throw thrown;
    }
  }

  /** What was reserved in a transaction that did not commit, and the data keys made in it, are lost. */
  #undo(table: TableRecord, keys: Keys): void {
    this.#budget.forget(table.id);
    keys.unlearn();
  }
}
