import { rewrap } from '../../envelope/envelope.ts';
import type { Principal } from '../../wire/types.ts';
import type { StoreCore } from '../core.ts';
import { invalidParameter, namedTableMissing, tableBeingUpdated } from '../errors.ts';
import type { Chore } from '../housekeeping.ts';
import { changeTable, type KeyChange, type TableRecord } from '../tables/catalog.ts';
import { refuseArchived } from './archived-table.ts';
import { countKeyChange } from './key-change-limit.ts';
import { keyLedger, readKeyring } from './keyring.ts';
import { isRefusal } from './kms-errors.ts';
import { type ChosenKey, chooseKey, type SseRequest } from './sse.ts';

/** Of the time that a change takes: DynamoDB shows the old key for 8 to 9 s of 21 to 23. */
const SHOWS_OLD_KEY = 0.4;
/** Lifecycle time until a change is tried again that could not be ended. */
const RETRY_MS = 60_000;

/**
 * Accepts a change of the table's KMS key: a table key is made under the new one, and takes over when the change ends.
 * Both KMS keys have to be usable now. The table stays ACTIVE throughout.
 *
 * @returns the table with the change under way
 * @throws AwsError LimitExceededException before any key is looked at, as DynamoDB does; what it answers when the KMS
 *   refuses either key
 */
export async function startKeyChange(
  core: StoreCore,
  table: TableRecord,
  sse: SseRequest,
  principal: Principal,
): Promise<TableRecord> {
  if (table.encryption.kind === 'none') {
    throw invalidParameter('A table made with the tag sealbench:encryption=none stays without encryption');
  }
  if (!sse.enabled && table.encryption.kind === 'aws-owned')
    throw invalidParameter('Table is already encrypted by default');
  refuseIfChanging(table);
  refuseArchived(table);
  countKeyChange(table, core.clock.wall_ms());
  await requireOldKey(core, table);
  const chosen = await chooseKey(core.tableKeys, sse, principal);
  if (isSameKey(table, sse, chosen)) {
    throw invalidParameter(
      'Table is already encrypted with given KMSMasterKeyId. Use KMSMasterKeyId parameter if you want to change Master Key',
    );
  }
  const grant = await core.grants.obtain(table.name, chosen, principal);
  const next = await core.grants.attempt(grant, () => core.tableKeys.generate(table.name, chosen.arn));
  next.plaintext.fill(0);
  return changeTable(core.grants.writer(grant), table, (current) => {
    refuseIfChanging(current);
    refuseArchived(current);
    const now_ms = core.clock.wall_ms();
    const keyChange: KeyChange = {
      kind: chosen.kind,
      kmsKeyArn: chosen.arn,
      grant,
      kmsCiphertext: next.kmsCiphertext,
      shown_ms: now_ms + core.keyChange_ms * SHOWS_OLD_KEY,
      due_ms: now_ms + core.keyChange_ms,
    };
    return { ...current, keyChange, keyChanges_ms: countKeyChange(current, now_ms) };
  });
}

function refuseIfChanging({ keyChange, name }: TableRecord): void {
  if (keyChange !== undefined) throw tableBeingUpdated(name);
}

/** As DynamoDB, a key named by its id or an alias is taken for another one, and re-encrypts. */
function isSameKey({ encryption }: TableRecord, { keyId }: SseRequest, chosen: ChosenKey): boolean {
  return chosen.arn === encryption.kmsKeyArn && (keyId === undefined || keyId === chosen.arn);
}

async function requireOldKey(core: StoreCore, table: TableRecord): Promise<void> {
  const keyring = readKeyring(core.engine, table.number);
  if (keyring === undefined) throw namedTableMissing(table.name);
  const plaintext = await core.tableKeys.decrypt(table.name, keyring.tableKey.kmsCiphertext);
  plaintext.fill(0);
}

/**
 * Ends changes of KMS keys: the table's data keys, its indexes' and its stream's are wrapped under the new table key,
 * and its items stay as they are, however many.
 *
 * Until then the old KMS key is needed. One that refuses itself meanwhile holds the change up (UPDATING) until it is
 * back; the table is meanwhile as inaccessible as without a change. A new key that refuses itself ends the change: the
 * table stays under the old one, as if nothing had been asked. (What DynamoDB does in either case is not documented
 * beyond "keep the old key enabled until the new one shows as ENABLED".)
 */
export class KeyChanges implements Chore {
  readonly #core: StoreCore;
  /** By table id, for those that could not be ended. */
  readonly #retryAt_ms = new Map<string, number>();

  constructor(core: StoreCore) {
    this.#core = core;
  }

  nextDue_ms(): number {
    let next_ms = Number.POSITIVE_INFINITY;
    for (const table of this.#core.catalog.all()) next_ms = Math.min(next_ms, this.#dueOf(table));
    return next_ms;
  }

  async run(quietUntil_ms: number): Promise<void> {
    const now_ms = this.#core.clock.wall_ms();
    for (const table of this.#core.catalog.all()) {
      if (this.#dueOf(table) > now_ms) continue;
      this.#retryAt_ms.delete(table.id);
      // A disk that is full, say: nothing of it is done, and the other tables have their turn.
      const outcome = await this.#end(table, table.keyChange!).catch(() => 'failed' as const);
      // A key that refuses itself goes on doing so as long as nobody enables it.
      if (outcome === 'refused') this.#retryAt_ms.set(table.id, Math.max(now_ms + RETRY_MS, quietUntil_ms));
      if (outcome === 'failed') this.#retryAt_ms.set(table.id, now_ms + RETRY_MS);
    }
  }

  #dueOf({ id, keyChange }: TableRecord): number {
    if (keyChange === undefined) return Number.POSITIVE_INFINITY;
    return Math.max(keyChange.due_ms, this.#retryAt_ms.get(id) ?? 0);
  }

  async #end(table: TableRecord, change: KeyChange): Promise<'ended' | 'refused' | 'failed'> {
    const core = this.#core;
    const keyring = readKeyring(core.engine, table.number);
    if (keyring === undefined) return 'ended';
    const old = await this.#opened(table, keyring.tableKey.kmsCiphertext);
    if (typeof old === 'string') return old;
    const next = await this.#opened(table, change.kmsCiphertext);
    try {
      if (next === 'failed') return 'failed';
      await changeTable(core.engine, table, (current, transaction) => {
        // Another process was quicker.
        if (current.keyChange?.kmsCiphertext !== change.kmsCiphertext) return current;
        const { keyChange: _ended, ...rest } = current;
        core.grants.drop(transaction, next === 'refused' ? change : current.encryption);
        if (next === 'refused') return rest;
        const ledger = keyLedger(transaction, current.number);
        const { kind, kmsKeyArn, kmsCiphertext, grant } = change;
        ledger.write(rewrap(ledger.read(), old, { plaintext: next, kmsCiphertext, kmsKeyArn }));
        return { ...rest, encryption: { kind, kmsKeyArn, grant } };
      });
    } finally {
      old.fill(0);
      if (typeof next !== 'string') next.fill(0);
    }
    core.forgetKeys(table);
    core.grants.start();
    return 'ended';
  }

  /** The table key, by the service's own leave. */
  async #opened(table: TableRecord, kmsCiphertext: string): Promise<Buffer | 'refused' | 'failed'> {
    try {
      return await this.#core.tableKeys.decryptAtOnce(table.name, kmsCiphertext);
    } catch (thrown) {
      return isRefusal(thrown) ? 'refused' : 'failed';
    }
  }
}
