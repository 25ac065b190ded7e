import { createSecretKey, type KeyObject, randomBytes, randomUUID } from 'node:crypto';
import { algorithmMember, type KeySpec, type KeyUsage, SYMMETRIC } from './keyspecs.ts';

/**
 * Whose key it is: made by the account's users; made by AWS in the account (`alias/aws/dynamodb`); or AWS's own,
 * which the account neither sees nor pays for.
 */
export type KeyOwner = 'customer' | 'aws-managed' | 'aws-owned';

const DAY_MS = 86_400_000;
/** AWS owned and AWS managed keys rotate every year; customers' keys too unless they ask for another period. */
export const YEAR_DAYS = 365;

export type RotationType = 'AUTOMATIC' | 'ON_DEMAND';

/** When a key rotates by itself. */
export interface RotationSchedule {
  readonly period_days: number;
  readonly next_ms: number;
}

export interface KeyTag {
  readonly key: string;
  readonly value: string;
}

/** One version of a key's material; ciphertexts name the one that opens them. */
export interface KeyMaterial {
  /** 64 hexadecimal digits. */
  readonly id: string;
  /** When the key was rotated to it. */
  readonly created_ms: number;
  /** How the key was rotated to it; absent from the first. */
  readonly rotation?: RotationType;
  /** 32 bytes; a KeyObject, so that no log or serialiser can print it. */
  readonly secret: KeyObject;
}

/** A KMS key. A record never changes: a change makes a new one. */
export interface KeyRecord {
  readonly keyId: string;
  readonly owner: KeyOwner;
  readonly spec: KeySpec;
  readonly usage: KeyUsage;
  readonly description: string;
  /** JSON; AWS's default without it. */
  readonly policy?: string;
  /** By key; no two have the same. */
  readonly tags: readonly KeyTag[];
  readonly created_ms: number;
  readonly enabled: boolean;
  /** While it rotates by itself. */
  readonly rotation?: RotationSchedule;
  /** When the on-demand rotation began that is in progress. */
  readonly onDemandRotation_ms?: number;
  /** When the key is deleted, once that is scheduled. From then on the record only remembers the id. */
  readonly deletion_ms?: number;
  /** Oldest first; none once the key is deleted. */
  readonly materials: readonly KeyMaterial[];
}

export interface AliasRecord {
  /** `alias/…` */
  readonly name: string;
  readonly keyId: string;
  readonly created_ms: number;
  readonly updated_ms: number;
}

export type KeyState = 'Enabled' | 'Disabled' | 'PendingDeletion';

/** What a key's maker chooses. */
export type KeyChoices = Pick<KeyRecord, 'description'> &
  Partial<Pick<KeyRecord, 'spec' | 'usage' | 'tags' | 'policy'>>;

/** AWS's own keys rotate from their first day; customers' once they are told to. */
export function newKey(owner: KeyOwner, choices: KeyChoices, now_ms: number): KeyRecord {
  return {
    keyId: randomUUID(),
    owner,
    spec: SYMMETRIC,
    usage: 'ENCRYPT_DECRYPT',
    tags: [],
    ...choices,
    created_ms: now_ms,
    enabled: true,
    ...(owner === 'customer' ? {} : { rotation: rotationSchedule(YEAR_DAYS, now_ms) }),
    materials: [newMaterial(now_ms)],
  };
}

export function rotationSchedule(period_days: number, from_ms: number): RotationSchedule {
  return { period_days, next_ms: from_ms + period_days * DAY_MS };
}

export function newMaterial(now_ms: number): KeyMaterial {
  const secret = createSecretKey(randomBytes(32));
  return { id: randomBytes(32).toString('hex'), created_ms: now_ms, secret };
}

/**
 * Deletion needs no timer: a key whose window has ended is gone for whoever asks. One whose material is erased
 * stays so, whatever a clock that was moved ahead says after a restart.
 */
export function isDeleted(key: KeyRecord, now_ms: number): boolean {
  return key.materials.length === 0 || (key.deletion_ms !== undefined && now_ms >= key.deletion_ms);
}

export function keyState(key: KeyRecord): KeyState {
  if (key.deletion_ms !== undefined) return 'PendingDeletion';
  return key.enabled ? 'Enabled' : 'Disabled';
}

/** The version that encrypts. */
export function currentMaterial(key: KeyRecord): KeyMaterial {
  const material = key.materials.at(-1);
  if (material === undefined) throw new Error(`key ${key.keyId} is deleted and has no material`);
  return material;
}

/** `KeyMetadata` as CreateKey and DescribeKey answer it; times are epoch seconds. */
export function keyMetadata(key: KeyRecord, arn: string, accountId: string): Record<string, unknown> {
  const state = keyState(key);
  return {
    AWSAccountId: accountId,
    Arn: arn,
    CreationDate: key.created_ms / 1000,
    ...(key.spec === SYMMETRIC ? { CurrentKeyMaterialId: currentMaterial(key).id } : {}),
    CustomerMasterKeySpec: key.spec,
    ...(key.deletion_ms === undefined ? {} : { DeletionDate: key.deletion_ms / 1000 }),
    Description: key.description,
    Enabled: state === 'Enabled',
    ...algorithmMember(key.spec, key.usage),
    KeyId: key.keyId,
    KeyManager: key.owner === 'customer' ? 'CUSTOMER' : 'AWS',
    KeySpec: key.spec,
    KeyState: state,
    KeyUsage: key.usage,
    MultiRegion: false,
    Origin: 'AWS_KMS',
  };
}
