import type { Caller, Principal } from '../wire/types.ts';
import type { TrailFiles } from './trail-files.ts';
import type { TrailRecord } from './types.ts';

const PARAMETERS_LENGTH_MAX = 8192;
const TEXT_LENGTH_MAX = 1024;

/** Members by what a trail calls them. */
type ShownNames = ReadonlyMap<string, string>;

function shownAs(...names: string[]): ShownNames {
  return new Map(names.map((name) => [name, name.charAt(0).toLowerCase() + name.slice(1)]));
}

/** Members of requests that a trail shows. Plaintexts and ciphertexts are not among them. */
const SHOWN_PARAMETERS = shownAs(
  ...['KeyId', 'TargetKeyId', 'SourceKeyId', 'DestinationKeyId', 'AliasName', 'PendingWindowInDays'],
  ...['EncryptionContext', 'SourceEncryptionContext', 'DestinationEncryptionContext', 'KeySpec'],
  ...['EncryptionAlgorithm', 'SourceEncryptionAlgorithm', 'DestinationEncryptionAlgorithm'],
  ...['NumberOfBytes', 'DryRun', 'Description', 'KeyUsage', 'CustomerMasterKeySpec', 'Origin'],
  ...['MultiRegion', 'BypassPolicyLockoutSafetyCheck', 'Limit', 'Marker', 'Tags', 'TagKeys'],
  ...['RotationPeriodInDays', 'IncludeKeyMaterial'],
  ...['PolicyName', 'Policy', 'Name', 'GrantId', 'GranteePrincipal', 'GranteeServicePrincipal'],
  ...['RetiringPrincipal', 'RetiringServicePrincipal', 'Operations', 'Constraints'],
);

const SHOWN_CONSTRAINTS = shownAs('EncryptionContextSubset', 'EncryptionContextEquals', 'SourceArn');

/** Members of answers to changes that a trail shows, by operation. */
const SHOWN_ANSWERS: Readonly<Record<string, ShownNames>> = {
  CreateGrant: shownAs('GrantId'),
  CreateKey: shownAs('KeyMetadata'),
  ScheduleKeyDeletion: shownAs('KeyId', 'DeletionDate', 'KeyState', 'PendingWindowInDays'),
  CancelKeyDeletion: shownAs('KeyId'),
};

/** The newest records, in bounded memory. */
export class Trail {
  readonly #capacity: number;
  readonly #records: TrailRecord[] = [];
  readonly #files: TrailFiles | undefined;
  #oldest = 0;
  #dropped = 0;

  constructor(capacity: number, files?: TrailFiles) {
    this.#capacity = capacity;
    this.#files = files;
  }

  /** Older records that made room. */
  get dropped(): number {
    return this.#dropped;
  }

  add(record: TrailRecord): void {
    this.#files?.add(record);
    if (this.#records.length === this.#capacity) this.#dropped++;
    if (this.#capacity === 0) return;
    if (this.#records.length < this.#capacity) {
      this.#records.push(record);
      return;
    }
    this.#records[this.#oldest] = record;
    this.#oldest = (this.#oldest + 1) % this.#capacity;
  }

  async close(): Promise<void> {
    await this.#files?.close();
  }

  /** Newest last. */
  list(): TrailRecord[] {
    return [...this.#records.slice(this.#oldest), ...this.#records.slice(0, this.#oldest)];
  }
}

/** Text that a caller chose, cut where CloudTrail cuts it. The copy lets go of the rest. */
export function trailText(text: string): string {
  return text.length <= TEXT_LENGTH_MAX ? text : Buffer.from(text.slice(0, TEXT_LENGTH_MAX)).toString();
}

/** What a trail shows of a request's body. */
export function trailParameters(body: Readonly<Record<string, unknown>>): Record<string, unknown> | null {
  const shown = pick(body, SHOWN_PARAMETERS);
  if (shown === null || JSON.stringify(shown).length <= PARAMETERS_LENGTH_MAX) return shown;
  return { omitted: true, reason: `longer than ${PARAMETERS_LENGTH_MAX} characters` };
}

export function trailAnswer(operation: string, answer: object): Record<string, unknown> | null {
  if (!Object.hasOwn(SHOWN_ANSWERS, operation)) return null;
  return pick(answer as Record<string, unknown>, SHOWN_ANSWERS[operation]!);
}

function pick(body: Readonly<Record<string, unknown>>, names: ShownNames) {
  let shown: Record<string, unknown> | null = null;
  for (const name in body) {
    const shownName = names.get(name);
    if (shownName === undefined) continue;
    shown ??= {};
    shown[shownName] = shownValue(name, body[name]);
  }
  return shown;
}

function shownValue(name: string, value: unknown): unknown {
  if (name !== 'Constraints' || typeof value !== 'object' || value === null) return value;
  return pick(value as Record<string, unknown>, SHOWN_CONSTRAINTS);
}

/** `userIdentity` as CloudTrail writes it for a user, for a service, and for a user through a service. */
export class Identities {
  readonly #accessKeyIds: ReadonlyMap<string, string>;

  constructor(callers: readonly Caller[]) {
    this.#accessKeyIds = new Map(callers.map((caller) => [caller.principal.arn, caller.accessKeyId]));
  }

  of(signer: Principal, principal: Principal): Record<string, unknown> {
    const through = signer.kind === 'service' ? { invokedBy: signer.name } : {};
    if (principal.kind === 'service') return { type: 'AWSService', ...through };
    return {
      type: 'IAMUser',
      arn: principal.arn,
      accountId: principal.accountId,
      accessKeyId: this.#accessKeyIds.get(principal.arn),
      userName: principal.name,
      ...through,
    };
  }
}
