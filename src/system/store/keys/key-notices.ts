import type { StoreCore } from '../core.ts';
import type { Chore } from '../housekeeping.ts';
import { changeTable, type KeyLoss, type KeyNotice, type TableRecord } from '../tables/catalog.ts';
import type { KeyMessage, StoreOptions } from '../types.ts';
import { keyMessage } from './key-message.ts';

/**
 * Lifecycle time until a message is tried again that did not get out, or whose sender may have died. DynamoDB's own is
 * not known.
 */
const RETRY_MS = 10 * 60_000;
/** Tables whose messages go out at once. */
const ABREAST = 16;

/**
 * What the owner is to be told of a change from one loss of a table's key to another, if anything.
 * @param next of the table as it will be; undefined when its key is usable
 */
export function noticeOf(
  { keyLoss, encryption, replication }: TableRecord,
  next: KeyLoss | undefined,
  now_ms: number,
): KeyNotice | undefined {
  const common = { keyArn: encryption.kmsKeyArn ?? '', at_ms: now_ms };
  if (next?.status === 'INACCESSIBLE_ENCRYPTION_CREDENTIALS')
    return {
      ...common,
      event: 'key-inaccessible',
      inaccessible_ms: next.inaccessible_ms,
      ...(replication === undefined ? {} : { isReplica: true }),
    };
  if (next?.status === 'ARCHIVED')
    return {
      ...common,
      event: 'table-archived',
      inaccessible_ms: next.inaccessible_ms,
      backupArn: next.backupArn,
    };
  if (next === undefined && keyLoss?.status === 'INACCESSIBLE_ENCRYPTION_CREDENTIALS')
    return { ...common, event: 'key-accessible', inaccessible_ms: keyLoss.inaccessible_ms };
  return undefined;
}

/** The table with one more notice to be sent; written in the transaction that makes it true. */
export function withNotice(table: TableRecord, notice: KeyNotice | undefined): TableRecord {
  if (notice === undefined) return table;
  const { waiting = [], tryAt_ms = 0 } = table.notices ?? {};
  return { ...table, notices: { waiting: [...waiting, notice], tryAt_ms } };
}

/**
 * Sends what tables have to tell. One process claims a table's notices for a while, sends them in their order and then
 * takes them off the table: none is lost, and only one whose sender died, or could not write that down, comes twice.
 */
export class KeyNotices implements Chore {
  readonly #core: StoreCore;
  readonly #notify: StoreOptions['notify'];
  /** Where one message does not get out, others won't. */
  #putOffUntil_ms = 0;

  constructor(core: StoreCore, { notify }: StoreOptions) {
    this.#core = core;
    this.#notify = notify;
  }

  nextDue_ms(): number {
    let next_ms = Number.POSITIVE_INFINITY;
    for (const table of this.#core.catalog.all()) next_ms = Math.min(next_ms, this.#dueOf(table));
    return Math.max(next_ms, this.#putOffUntil_ms);
  }

  async run(quietUntil_ms: number): Promise<void> {
    const now_ms = this.#core.clock.wall_ms();
    const due = this.#core.catalog.all().filter((table) => this.#dueOf(table) <= now_ms);
    for (let from = 0; from < due.length; from += ABREAST) {
      const some = due.slice(from, from + ABREAST);
      const outcomes = await Promise.allSettled(some.map((table) => this.#tell(table)));
      if (outcomes.every(({ status }) => status === 'fulfilled')) continue;
      this.#putOffUntil_ms = Math.max(now_ms + RETRY_MS, quietUntil_ms);
      return;
    }
  }

  #dueOf({ notices }: TableRecord): number {
    return notices === undefined || this.#notify === undefined ? Number.POSITIVE_INFINITY : notices.tryAt_ms;
  }

  async #tell(table: TableRecord): Promise<void> {
    const now_ms = this.#core.clock.wall_ms();
    let claimed: readonly KeyNotice[] = [];
    await changeTable(this.#core.engine, table, (current) => {
      // Another process was quicker.
      if (this.#dueOf(current) > now_ms) return current;
      claimed = current.notices!.waiting;
      return { ...current, notices: { waiting: [...claimed], tryAt_ms: now_ms + RETRY_MS } };
    });
    for (const notice of claimed) {
      await this.#notify!(this.#messageOf(table, notice));
      await changeTable(this.#core.engine, table, withoutFirstNotice);
    }
  }

  #messageOf({ name }: TableRecord, notice: KeyNotice): KeyMessage {
    const { region, accountId } = this.#core;
    return keyMessage({ table: name, region, accountId, ...notice });
  }
}

/** The rest, if any, is claimed no longer than until the first of it is gone too. */
function withoutFirstNotice(current: TableRecord): TableRecord {
  if (current.notices === undefined) return current;
  const { notices, ...rest } = current;
  const waiting = notices.waiting.slice(1);
  return waiting.length === 0 ? rest : { ...rest, notices: { ...notices, waiting } };
}
