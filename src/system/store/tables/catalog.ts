import type { RestoreOrigin } from '../backups/restored-table.ts';
import type { Engine, RecordReader, Transaction } from '../engine/engine.ts';
import { namedTableMissing } from '../errors.ts';
import type { PrimaryKey } from '../expressions/expressions.ts';
import type { IndexRecord } from '../indexes/types.ts';
import type { TableGrant } from '../keys/table-grants.ts';
import { CATALOG_KEY, tableNameOf, tableRecordKey, tableRecordsAfter } from '../layout.ts';
import type { Replication } from '../replicas/types.ts';

export type EncryptionKind = 'none' | 'aws-owned' | 'aws-managed' | 'customer-managed';

/** A table as kept: plain JSON, without secrets and without anything from its items. */
export interface TableRecord {
  name: string;
  /** Never used again, so that a table made anew under an old name shares nothing with the old one. */
  id: string;
  /** Short form of the id, within this store. */
  number: number;
  created_ms: number;
  primaryKey: PrimaryKey;
  billing: Billing;
  deletionProtection: boolean;
  tags: Tag[];
  /** With the grant that DynamoDB has on the key, where it needs one. */
  encryption: { kind: EncryptionKind; kmsKeyArn?: string; grant?: TableGrant };
  /** Another KMS key is taking over. */
  keyChange?: KeyChange;
  /** When KMS keys were changed: in the 24 hours that the first of them opened. */
  keyChanges_ms?: number[];
  /** The KMS key refuses itself to the service, as far as is known. */
  keyLoss?: KeyLoss;
  /** What its owner has not been told yet, in its order, and from when on whoever comes may send it. */
  notices?: { waiting: KeyNotice[]; tryAt_ms: number };
  /** Made from a backup. */
  restore?: RestoreOrigin;
  /** The group of tables in several Regions that this one is of. */
  replication?: Replication;
  /** The newest stream; it stays here when it has been disabled. */
  stream?: { label: string; viewType: StreamViewType; enabled: boolean };
  /** One more with each change of what follows the table's items; none is 0. */
  revision?: number;
  /** Local ones first. Most tables have none. */
  indexes?: readonly IndexRecord[];
  /** The number of the newest index that there was. */
  lastIndex?: number;
}

/** A change of the KMS key between its acceptance and its end. */
export interface KeyChange {
  kind: EncryptionKind;
  kmsKeyArn: string;
  grant?: TableGrant;
  /** Base64: the table key to come, as the KMS encrypted it. */
  kmsCiphertext: string;
  /** From when on the table shows the new KMS key, and when that takes over. */
  shown_ms: number;
  due_ms: number;
}

export type KeyLoss =
  /** Refused once, and not yet tried again: the table shows nothing of it. */
  | { status: 'SUSPECTED'; since_ms: number }
  | { status: 'INACCESSIBLE_ENCRYPTION_CREDENTIALS'; inaccessible_ms: number }
  | { status: 'ARCHIVING'; inaccessible_ms: number; archival_ms: number }
  | { status: 'ARCHIVED'; inaccessible_ms: number; archival_ms: number; backupArn: string };

/** Something to tell the owner of a table about its key. */
export interface KeyNotice {
  event: 'key-inaccessible' | 'key-accessible' | 'table-archived' | 'replica-removed';
  keyArn: string;
  /** When it came about. */
  at_ms: number;
  inaccessible_ms: number;
  /** It is one of a global table. */
  isReplica?: boolean;
  backupArn?: string;
}

/** What stream records hold of an item besides its key. */
export type StreamViewType = 'KEYS_ONLY' | 'NEW_IMAGE' | 'OLD_IMAGE' | 'NEW_AND_OLD_IMAGES';

export type Billing =
  | { mode: 'PAY_PER_REQUEST'; since_ms: number }
  | { mode: 'PROVISIONED'; read_units: number; write_units: number };

export interface Tag {
  Key: string;
  Value: string;
}

/**
 * The tables of a store. Other threads and processes over the same engine may change them: a generation number, read
 * whenever there may be something new, tells when what is remembered here has become old.
 */
export class Catalog {
  readonly #engine: Engine;
  readonly #tables = new Map<string, TableRecord>();
  #all: readonly TableRecord[] | undefined;
  #generation: Buffer = Buffer.alloc(0);
  #snapshot = Number.NaN;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  find(name: string): TableRecord | undefined {
    this.#forgetIfOld();
    const known = this.#tables.get(name);
    if (known !== undefined) return known;
    const record = readTable(this.#engine, name);
    if (record !== undefined) this.#tables.set(name, record);
    return record;
  }

  /** Every table, by name. */
  all(): readonly TableRecord[] {
    this.#forgetIfOld();
    this.#all ??= this.names('', Number.POSITIVE_INFINITY).flatMap((name) => this.find(name) ?? []);
    return this.#all;
  }

  /** Names in order, from the one after `after`. */
  names(after: string, limit: number): string[] {
    const names: string[] = [];
    for (const { key } of this.#engine.range({ ...tableRecordsAfter(after), includeStart: false })) {
      names.push(tableNameOf(key));
      if (names.length === limit) break;
    }
    return names;
  }

  #forgetIfOld(): void {
    const { snapshot } = this.#engine;
    if (snapshot === this.#snapshot) return;
    this.#snapshot = snapshot;
    const generation = this.#engine.get(CATALOG_KEY);
    if (generation === undefined || generation.equals(this.#generation)) return;
    this.#generation = generation;
    this.#tables.clear();
    this.#all = undefined;
  }
}

export function readTable(reader: RecordReader, name: string): TableRecord | undefined {
  const bytes = reader.get(tableRecordKey(name));
  return bytes && (JSON.parse(bytes.toString()) as TableRecord);
}

/** Changes a table in a transaction. @throws AwsError ResourceNotFoundException when it went meanwhile */
export function changeTable(
  engine: Pick<Engine, 'write'>,
  table: TableRecord,
  change: (current: TableRecord, transaction: Transaction) => TableRecord,
): Promise<TableRecord> {
  return engine.write((transaction) => {
    const current = readTable(transaction, table.name);
    if (current?.id !== table.id) throw namedTableMissing(table.name);
    const changed = change(current, transaction);
    if (changed !== current) writeTable(transaction, changed);
    return changed;
  });
}

export function writeTable(transaction: Transaction, record: TableRecord): void {
  transaction.put(tableRecordKey(record.name), Buffer.from(JSON.stringify(record)));
  startGeneration(transaction);
}

export function removeTable(transaction: Transaction, name: string): void {
  transaction.remove(tableRecordKey(name));
  startGeneration(transaction);
}

/** Numbers are never used again. */
export function nextTableNumber(transaction: Transaction): number {
  const { generation, nextNumber } = readCounters(transaction);
  writeCounters(transaction, generation, nextNumber + 1);
  return nextNumber;
}

function startGeneration(transaction: Transaction): void {
  const { generation, nextNumber } = readCounters(transaction);
  writeCounters(transaction, generation + 1, nextNumber);
}

function readCounters(reader: RecordReader): { generation: number; nextNumber: number } {
  const bytes = reader.get(CATALOG_KEY);
  if (bytes === undefined) return { generation: 0, nextNumber: 1 };
  return { generation: bytes.readDoubleBE(0), nextNumber: bytes.readUInt32BE(8) };
}

function writeCounters(transaction: Transaction, generation: number, nextNumber: number): void {
  const bytes = Buffer.alloc(12);
  bytes.writeDoubleBE(generation, 0);
  bytes.writeUInt32BE(nextNumber, 8);
  transaction.put(CATALOG_KEY, bytes);
}
