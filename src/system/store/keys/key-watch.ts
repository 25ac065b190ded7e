import { createArchiveBackup } from '../backups/archive-backup.ts';
import type { StoreCore } from '../core.ts';
import type { Chore } from '../housekeeping.ts';
import { changeTable, type KeyLoss, type TableRecord } from '../tables/catalog.ts';
import type { StoreOptions } from '../types.ts';
import { noticeOf, withNotice } from './key-notices.ts';
import { readKeyring } from './keyring.ts';
import { isRefusal } from './kms-errors.ts';

const MINUTE_MS = 60_000;
const KEY_CHECK = { every_ms: 8 * MINUTE_MS, confirmAfter_ms: 12 * MINUTE_MS };
/** How long a table may stay inaccessible before it is archived. Source: "Encryption at rest: How it works". */
const PATIENCE_MS = 7 * 86_400_000;
/**
 * Lifecycle time until a table is looked at again about whose key the KMS said neither yes nor no: twice as long each
 * time, since it may be down for days, which shall pass in seconds.
 */
const RETRY_MS = { first: MINUTE_MS, last: 64 * MINUTE_MS };
/** Tables whose keys are tried at once. */
const ABREAST = 16;

type Verdict = 'usable' | 'refused' | 'unknown';

/**
 * Tries, as the service, the KMS key of each table under a customer managed one: a Decrypt of the table key, now and
 * then. A key refused twice in a row makes the table inaccessible, one that is usable again brings it back, and a table
 * inaccessible for seven days is archived. Rounds are counted from the table's creation, so that they need no record;
 * what a round finds is written down only when it changes something. A KMS that does not answer decides nothing.
 */
export class KeyWatch implements Chore {
  readonly #core: StoreCore;
  readonly #every_ms: number;
  readonly #confirmAfter_ms: number;
  readonly #started_ms: number;
  /** There is somebody to tell. */
  readonly #tells: boolean;
  /** By table id: up to when it has been looked, and when to look again after the KMS left it open. */
  readonly #looked_ms = new Map<string, number>();
  readonly #retries = new Map<string, { at_ms: number; wait_ms: number }>();

  constructor(core: StoreCore, { keyCheck = KEY_CHECK, notify }: StoreOptions) {
    this.#core = core;
    this.#every_ms = keyCheck.every_ms;
    this.#confirmAfter_ms = keyCheck.confirmAfter_ms;
    this.#started_ms = core.clock.wall_ms();
    this.#tells = notify !== undefined;
  }

  nextDue_ms(): number {
    let next_ms = Number.POSITIVE_INFINITY;
    for (const table of this.#core.catalog.all()) next_ms = Math.min(next_ms, this.#dueOf(table));
    return next_ms;
  }

  async run(quietUntil_ms: number): Promise<void> {
    const now_ms = this.#core.clock.wall_ms();
    const due = this.#core.catalog.all().filter((table) => this.#dueOf(table) <= now_ms);
    for (let from = 0; from < due.length; from += ABREAST) {
      const some = due.slice(from, from + ABREAST);
      const verdicts = await Promise.all(some.map((table) => this.#try(table)));
      for (const [index, table] of some.entries()) {
        // A disk that is full, say: nothing of it is done, and the other tables have their turn.
        await this.#conclude(table, verdicts[index]!, now_ms, quietUntil_ms).catch(() => {
          this.#putOff(table, now_ms);
        });
      }
    }
  }

  #putOff({ id }: TableRecord, now_ms: number): void {
    const before_ms = this.#retries.get(id)?.wait_ms;
    const wait_ms = before_ms === undefined ? RETRY_MS.first : Math.min(2 * before_ms, RETRY_MS.last);
    this.#retries.set(id, { at_ms: now_ms + wait_ms, wait_ms });
  }

  #dueOf(table: TableRecord): number {
    return Math.max(this.#dueByState(table), this.#retries.get(table.id)?.at_ms ?? 0);
  }

  #dueByState(table: TableRecord): number {
    const { keyLoss, encryption } = table;
    // A loss may outlast the key that was lost: a change of key can end before the next round.
    if (keyLoss === undefined && encryption.kind !== 'customer-managed') return Number.POSITIVE_INFINITY;
    switch (keyLoss?.status) {
      case undefined:
        return this.#nextRound_ms(table);
      case 'SUSPECTED':
        return keyLoss.since_ms + this.#confirmAfter_ms;
      case 'INACCESSIBLE_ENCRYPTION_CREDENTIALS':
        return Math.min(this.#nextRound_ms(table), keyLoss.inaccessible_ms + PATIENCE_MS);
      case 'ARCHIVING':
        return keyLoss.archival_ms;
      case 'ARCHIVED':
        return Number.POSITIVE_INFINITY;
    }
  }

  #nextRound_ms({ id, created_ms }: TableRecord): number {
    const looked_ms = Math.max(created_ms, this.#looked_ms.get(id) ?? this.#started_ms);
    return created_ms + this.#every_ms * (Math.floor((looked_ms - created_ms) / this.#every_ms) + 1);
  }

  async #try({ name, number }: TableRecord): Promise<Verdict> {
    const keyring = readKeyring(this.#core.engine, number);
    if (keyring === undefined) return 'unknown';
    try {
      (await this.#core.tableKeys.decryptAtOnce(name, keyring.tableKey.kmsCiphertext)).fill(0);
      return 'usable';
    } catch (thrown) {
      return isRefusal(thrown) ? 'refused' : 'unknown';
    }
  }

  async #conclude(
    table: TableRecord,
    verdict: Verdict,
    now_ms: number,
    quietUntil_ms: number,
  ): Promise<void> {
    if (verdict === 'unknown') {
      this.#putOff(table, now_ms);
      return;
    }
    this.#retries.delete(table.id);
    // Until somebody does something to it the key stays as it is: rounds up to then would find the same.
    this.#looked_ms.set(table.id, Math.max(now_ms, quietUntil_ms));
    const next = lossAfter(table.keyLoss, verdict, now_ms);
    if (next !== table.keyLoss) await this.#change(table, next);
    if (next?.status === 'ARCHIVING') await this.#archive(table, next);
  }

  async #change(table: TableRecord, next: KeyLoss | undefined): Promise<void> {
    await changeTable(this.#core.engine, table, (current) => {
      // Another process was quicker, or the table is under another key by now.
      if (JSON.stringify(current.keyLoss) !== JSON.stringify(table.keyLoss)) return current;
      if (current.encryption.kmsKeyArn !== table.encryption.kmsKeyArn) return current;
      return this.#withLoss(current, next);
    });
    // Under suspicion alone the table is used as long as its key is remembered, as DynamoDB's is.
    if (next?.status === 'INACCESSIBLE_ENCRYPTION_CREDENTIALS') this.#core.forgetKeys(table);
  }

  #withLoss(current: TableRecord, next: KeyLoss | undefined): TableRecord {
    const { keyLoss: _before, ...rest } = current;
    const changed = next === undefined ? rest : { ...rest, keyLoss: next };
    return this.#tells ? withNotice(changed, noticeOf(current, next, this.#core.clock.wall_ms())) : changed;
  }

  /** The backup keeps the table as it was; a change of its key that was under way ends undone. */
  async #archive(table: TableRecord, { inaccessible_ms, archival_ms }: KeyLoss & { status: 'ARCHIVING' }) {
    await createArchiveBackup(this.#core, table, (current, backupArn) => {
      if (current.keyLoss?.status !== 'ARCHIVING') return undefined;
      const { keyChange: _undone, ...rest } = current;
      return this.#withLoss(rest, { status: 'ARCHIVED', inaccessible_ms, archival_ms, backupArn });
    });
  }
}

/** What becomes of a table whose key was tried. */
function lossAfter(
  loss: KeyLoss | undefined,
  verdict: 'usable' | 'refused',
  now_ms: number,
): KeyLoss | undefined {
  switch (loss?.status) {
    case undefined:
      return verdict === 'usable' ? undefined : { status: 'SUSPECTED', since_ms: now_ms };
    case 'SUSPECTED':
      return verdict === 'usable'
        ? undefined
        : { status: 'INACCESSIBLE_ENCRYPTION_CREDENTIALS', inaccessible_ms: now_ms };
    case 'INACCESSIBLE_ENCRYPTION_CREDENTIALS': {
      if (verdict === 'usable') return undefined;
      const { inaccessible_ms } = loss;
      return now_ms < inaccessible_ms + PATIENCE_MS
        ? loss
        : { status: 'ARCHIVING', inaccessible_ms, archival_ms: now_ms };
    }
    case 'ARCHIVING':
    case 'ARCHIVED':
      return loss;
  }
}
