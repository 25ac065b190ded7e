import { InputError } from '../../std/errors.ts';
import { AwsError } from '../wire/errors.ts';
import {
  createBackup,
  deleteBackup,
  describeBackup,
  describeContinuousBackups,
  listBackups,
} from './backups/backups.ts';
import { restoreTableFromBackup } from './backups/restore.ts';
import { StoreCore } from './core.ts';
import type { Engine } from './engine/engine.ts';
import { LmdbEngine } from './engine/engine-lmdb.ts';
import { LoggedEngine } from './engine/engine-logged.ts';
import { MemoryEngine } from './engine/engine-memory.ts';
import { type Chore, Housekeeping } from './housekeeping.ts';
import { IndexWorks } from './indexes/index-works.ts';
import { batchGetItem, batchWriteItem } from './items/batch.ts';
import { deleteItem, getItem, putItem, updateItem } from './items/items.ts';
import { query } from './items/query.ts';
import { scan } from './items/scan.ts';
import { KeyChanges } from './keys/key-change.ts';
import { KeyNotices } from './keys/key-notices.ts';
import { KeyWatch } from './keys/key-watch.ts';
import type { Operation } from './operation.ts';
import { TombstoneTrimming } from './replicas/tombstones.ts';
import {
  describeStream,
  getRecords,
  getShardIterator,
  listStreams,
  StreamTrimming,
} from './streams/streams.ts';
import { createTable, deleteTable, describeTable, listTables, listTagsOfResource } from './tables/tables.ts';
import { updateTable } from './tables/update-table.ts';
import type { AccessContext, Store, StoreCounters, StoreOptions } from './types.ts';

const TABLE_OPERATIONS = {
  GetItem: getItem,
  PutItem: putItem,
  UpdateItem: updateItem,
  DeleteItem: deleteItem,
  Query: query,
  Scan: scan,
  BatchGetItem: batchGetItem,
  BatchWriteItem: batchWriteItem,
  CreateTable: createTable,
  DescribeTable: describeTable,
  UpdateTable: updateTable,
  DeleteTable: deleteTable,
  ListTables: listTables,
  ListTagsOfResource: listTagsOfResource,
  CreateBackup: createBackup,
  DescribeBackup: describeBackup,
  ListBackups: listBackups,
  DeleteBackup: deleteBackup,
  RestoreTableFromBackup: restoreTableFromBackup,
  DescribeContinuousBackups: describeContinuousBackups,
} satisfies Record<string, Operation>;

const STREAM_OPERATIONS = {
  ListStreams: listStreams,
  DescribeStream: describeStream,
  GetShardIterator: getShardIterator,
  GetRecords: getRecords,
} satisfies Record<string, Operation>;

const OPERATIONS = { ...TABLE_OPERATIONS, ...STREAM_OPERATIONS };

/** What `execute` knows, by the API that it is an operation of. */
export const API_OPERATIONS: Readonly<Record<string, readonly string[]>> = {
  DynamoDB_20120810: Object.keys(TABLE_OPERATIONS),
  DynamoDBStreams_20120810: Object.keys(STREAM_OPERATIONS),
};

/** @throws InputError `E_STORE_DIRECTORY` when LMDB has no directory, or can't open it */
export async function createStore(options: StoreOptions): Promise<Store> {
  return new EncryptedStore(openEngine(options), options);
}

function openEngine({ storage, directory, exclusive = false }: StoreOptions): Engine {
  if (storage === 'memory') return new MemoryEngine();
  if (directory !== undefined) return exclusive ? new LoggedEngine(directory) : new LmdbEngine(directory);
  throw new InputError('E_STORE_DIRECTORY', {
    what: 'The lmdb store has no directory.',
    remedy: 'Name one, or choose storage: memory.',
  });
}

/** What the store does by itself, by lifecycle time. */
function choresOf(core: StoreCore, options: StoreOptions): Chore[] {
  return [
    core.grants,
    core.restores,
    new KeyChanges(core),
    new KeyWatch(core, options),
    core.replication,
    new KeyNotices(core, options),
    new IndexWorks(core),
    new StreamTrimming(core.engine, core.clock),
    new TombstoneTrimming(core.engine, core.catalog, core.clock),
  ];
}

interface UnderWay {
  operations: number;
  /** The connection closed meanwhile. */
  closed: boolean;
}

class EncryptedStore implements Store {
  readonly housekeeping: Housekeeping;
  readonly #core: StoreCore;
  readonly #kms: StoreOptions['kms'];
  /** Operations that answer later, by connection. */
  readonly #underWay = new Map<number, UnderWay>();

  constructor(engine: Engine, options: StoreOptions) {
    this.#core = new StoreCore(engine, options);
    this.#kms = options.kms;
    this.#core.removal.start();
    this.#core.backups.start();
    this.#core.restores.start();
    this.housekeeping = new Housekeeping(engine, this.#core.clock, choresOf(this.#core, options));
    this.housekeeping.start();
    this.#core.regions.join(this.#core);
  }

  execute(operation: string, body: Record<string, unknown>, context: AccessContext) {
    if (!Object.hasOwn(OPERATIONS, operation)) throw new AwsError('UnknownOperationException', '');
    const perform: Operation = OPERATIONS[operation as keyof typeof OPERATIONS];
    this.#core.engine.refresh();
    const answer = perform(this.#core, body, context);
    return answer instanceof Promise ? this.#attended(answer, context.connectionId) : answer;
  }

  connectionClosed(connectionId: number): void {
    this.#core.access.connectionClosed(connectionId);
    const underWay = this.#underWay.get(connectionId);
    if (underWay !== undefined) underWay.closed = true;
  }

  /** An operation may look up keys after its connection has closed: they go when the last operation ends. */
  async #attended<Answer>(answer: Promise<Answer>, connectionId: number): Promise<Answer> {
    const underWay = this.#underWay.get(connectionId) ?? { operations: 0, closed: false };
    underWay.operations += 1;
    this.#underWay.set(connectionId, underWay);
    try {
      return await answer;
    } finally {
      underWay.operations -= 1;
      if (underWay.operations === 0) {
        this.#underWay.delete(connectionId);
        if (underWay.closed) this.#core.access.connectionClosed(connectionId);
      }
    }
  }

  wipeCaches(): void {
    this.#core.access.wipe();
  }

  counters(): StoreCounters {
    const { access, tableKeys } = this.#core;
    return { cache: access.counters(), ownDecrypts: tableKeys.ownDecrypts, kms: this.#kms.counters() };
  }

  reset(): void {
    this.#core.access.reset();
    this.#core.tableKeys.ownDecrypts = 0;
    this.#kms.reset();
  }

  /** Waits for the writes under way and erases the keys. The KMS client stays with whoever made it. */
  async close(): Promise<void> {
    try {
      await this.#core.regions.leave(this.#core);
      await this.#core.replication.stop();
      await this.housekeeping.stop();
      await Promise.all([this.#core.backups.stop(), this.#core.restores.stop()]);
      await this.#core.removal.stop();
      await this.#core.grants.stop();
    } finally {
      this.#core.access.close();
      await this.#core.engine.close();
    }
  }
}
