import type { Principal } from '../../wire/types.ts';
import type { StoreCore } from '../core.ts';
import { keyName } from '../items/item-key.ts';
import type { TableItems, WritableItems } from '../items/table-items.ts';
import { itemRecordKey, itemSegment, locatorOf } from '../layout.ts';
import { readPiece } from '../pieces.ts';
import { ChangeFeed, type ChangePage, startStream } from '../streams/streams.ts';
import type { TableRecord } from '../tables/catalog.ts';
import { changeTable } from '../tables/catalog.ts';
import type { AccessContext } from '../types.ts';
import { type ItemState, receive, stateOfKey, stateOfRecord } from './item-state.ts';
import { type Place, readPlace, samePlace, writePlace } from './places.ts';
import type { Member } from './region-group.ts';

/** Carried over in one transaction: some milliseconds of everybody's time. */
const PIECE_RECORDS = 100;
const PIECE_BYTES = 256 * 1024;
/** Pieces after which others of the store's chores have their turn. */
const STEPS = 20;
/** Lifecycle time until it is tried again what a key that refuses itself, say, kept from being done. */
const RETRY_MS = 60_000;
/**
 * Lifecycle time after which the place in an idle stream is moved on. With the 20 hours for which a replica may be out
 * of reach it is less than the day for which streams keep changes.
 */
const IDLE_MS = 3 * 3_600_000;
/** Of no connection: those of the server count from 1. */
const CONNECTION_ID = 0;

/** Where a pull stands between its turns. */
interface Both {
  source: Member;
  target: TableRecord;
}

/**
 * Brings one replica's changes into a table. What the stream names is carried over as it is by then, with its stamp, and
 * is taken where it is later: so it may be carried twice, and in any order. The place that was reached is written in the
 * transaction that takes it. Both tables' keys are opened by the service, for itself.
 */
export class Pull {
  readonly #core: StoreCore;
  readonly #name: string;
  readonly #from: string;
  readonly #delay_ms: number;
  readonly #context: AccessContext;
  readonly #stopListening: () => void;
  #due_ms: number;
  #running: Promise<void> | undefined;
  #stopped = false;

  /** @param delay_ms lifecycle time from a change to its being carried over */
  constructor(core: StoreCore, table: TableRecord, source: Member, delay_ms: number) {
    this.#core = core;
    this.#name = table.name;
    this.#from = source.core.region;
    this.#delay_ms = delay_ms;
    const name = 'dynamodb.amazonaws.com';
    const principal: Principal = { arn: name, accountId: core.accountId, name, kind: 'service' };
    this.#context = { principal, connectionId: CONNECTION_ID };
    this.#due_ms = core.clock.wall_ms();
    this.#stopListening = source.core.changes.listen(source.table.id, () => this.#changed());
  }

  /** While it is at work there is more to be done. */
  nextDue_ms(): number {
    return this.#running === undefined ? this.#due_ms : 0;
  }

  /** Resolves when what there is has been brought, or much of it: then it goes on by itself. */
  run(quietUntil_ms = 0): Promise<void> {
    this.#running ??= this.#bring(quietUntil_ms).finally(() => {
      this.#running = undefined;
      this.#goOn();
    });
    return this.#running;
  }

  /** Resolves when what runs has ended. */
  async settled(): Promise<void> {
    await this.#running;
  }

  stop(): Promise<void> {
    this.#stopped = true;
    this.#stopListening();
    return this.settled();
  }

  #changed(): void {
    this.#due_ms = Math.min(this.#due_ms, this.#core.clock.wall_ms() + this.#delay_ms);
    if (this.#running === undefined) this.#goOn();
  }

  #goOn(): void {
    if (!this.#stopped && this.#due_ms <= this.#core.clock.wall_ms()) void this.run();
  }

  async #bring(quietUntil_ms: number): Promise<void> {
    const now_ms = this.#core.clock.wall_ms();
    // Before: a change that comes while the stream is read makes it due again.
    this.#due_ms = now_ms + IDLE_MS;
    try {
      for (let steps = 0; steps < STEPS; steps++) if (!(await this.#step())) return;
      this.#due_ms = now_ms;
    } catch {
      // A key that refuses itself goes on doing so as long as nobody enables it.
      this.#due_ms = Math.max(now_ms + RETRY_MS, quietUntil_ms);
    }
  }

  /** @returns whether there may be more to do */
  async #step(): Promise<boolean> {
    const both = this.#both();
    if (both === undefined) return false;
    const { source, target } = both;
    const place = readPlace(this.#core.engine, target.number, this.#from, source.table.id);
    if (place?.copy !== undefined) return this.#copySome(both, place);
    if (target.replication?.source === this.#from) {
      await this.#activate(target);
      return true;
    }
    // It gets its stream when it has all items.
    if (source.table.replication?.source !== undefined) return false;
    return this.#takeChanges(both, place);
  }

  /** Both tables as they are now; undefined once they are no replicas of each other. */
  #both(): Both | undefined {
    if (this.#stopped) return undefined;
    this.#core.engine.refresh();
    const target = this.#core.catalog.find(this.#name);
    const source = target && this.#core.regions.memberIn(this.#from, target);
    return target && source && { target, source };
  }

  async #takeChanges({ source, target }: Both, place: Place | undefined): Promise<boolean> {
    const page = await new ChangeFeed(source.core).read(source.table, place?.position, PIECE_RECORDS);
    if (page.gap) {
      // Changes may have been trimmed unread: all items, as they are, and then all changes that there still are.
      await this.#take(target, place, [], { tableId: source.table.id, copy: {} });
      return true;
    }
    const { states, position } = await source.core.read(source.table, this.#context, (items) =>
      statesOf(page, items),
    );
    // What was made here is here. What was made before all replication came with the copy.
    const news = states.filter(({ stamp: { region } }) => region !== this.#core.region && region !== '');
    await this.#take(target, place, news, { tableId: source.table.id, position });
    return page.changes.length === PIECE_RECORDS || position !== page.position;
  }

  async #copySome({ source, target }: Both, place: Place): Promise<boolean> {
    const { core, table } = source;
    const read = await core.read(table, this.#context, (items) => {
      const { records, last } = readPiece(core.engine, rangeAfter(table, place), PIECE_RECORDS);
      return { states: records.map((record) => stateOfRecord(items, record)), records, last };
    });
    const { copy: _done, ...rest } = place;
    const after = read.records.length === 0 ? undefined : locatorOf(read.records.at(-1)!.key).toString('hex');
    const next = read.last ? rest : { ...rest, copy: { after } };
    await this.#take(target, place, read.states, next);
    return true;
  }

  /** Takes states over, and the place with them, unless another process did. */
  async #take(
    target: TableRecord,
    place: Place | undefined,
    states: readonly ItemState[],
    next: Place,
  ): Promise<void> {
    if (states.length === 0 && samePlace(place, next)) return;
    const isThere = (items: WritableItems) =>
      samePlace(readPlace(items.transaction, target.number, this.#from, next.tableId), place);
    await this.#core.write(target, this.#context, (items) => {
      if (!isThere(items)) return;
      for (const state of states) receive(items, state);
      writePlace(items.transaction, target.number, this.#from, next);
    });
  }

  /** All items are there: the replica is ACTIVE, and its stream begins. */
  async #activate(table: TableRecord): Promise<void> {
    const core = this.#core;
    await changeTable(core.engine, table, (current, transaction) => {
      const { replication } = current;
      if (replication?.source === undefined) return current;
      const { source: _copied, ...rest } = replication;
      const at = { tableArn: core.arnOf(current.name), now_ms: core.clock.wall_ms() };
      return startStream(transaction, { ...current, replication: rest }, 'NEW_AND_OLD_IMAGES', at);
    });
    core.regions.wake();
  }
}

/** The items that a page of changes names, each once, up to a size; and how far in the page that is. */
function statesOf(
  { changes, position }: ChangePage,
  items: TableItems,
): { states: ItemState[]; position: string } {
  const states = new Map<string, ItemState>();
  let bytes = 0;
  for (const [index, { keys }] of changes.entries()) {
    const name = keyName(items.table.primaryKey, keys);
    if (states.has(name)) continue;
    if (bytes >= PIECE_BYTES) return { states: [...states.values()], position: changes[index - 1]!.sequence };
    const state = stateOfKey(items, keys);
    if (state === undefined) continue;
    states.set(name, state);
    bytes += state.bytes;
  }
  return { states: [...states.values()], position };
}

function rangeAfter({ number }: TableRecord, { copy }: Place) {
  const { start, end } = itemSegment(number, { index: 0, total: 1 });
  if (copy?.after === undefined) return { start, end, includeStart: true };
  return { start: itemRecordKey(number, Buffer.from(copy.after, 'hex')), end, includeStart: false };
}
