import { createSecretKey, type KeyObject, randomBytes, randomUUID } from 'node:crypto';

/**
 * Whose key it is: made by the account's users; made by AWS in the account (`alias/aws/dynamodb`); or AWS's own,
 * which the account neither sees nor pays for.
 */
export type KeyOwner = 'customer' | 'aws-managed' | 'aws-owned';

/** One version of a key's material; ciphertexts name the one that opens them. */
export interface KeyMaterial {
  /** 64 hexadecimal digits. */
  readonly id: string;
  readonly created_ms: number;
  /** 32 bytes; a KeyObject, so that no log or serialiser can print it. */
  readonly secret: KeyObject;
}

/** A KMS key. A record never changes: a change makes a new one. */
export interface KeyRecord {
  readonly keyId: string;
  readonly owner: KeyOwner;
  readonly description: string;
  readonly created_ms: number;
  readonly enabled: boolean;
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

export function newKey(owner: KeyOwner, description: string, now_ms: number): KeyRecord {
  const secret = createSecretKey(randomBytes(32));
  return {
    keyId: randomUUID(),
    owner,
    description,
    created_ms: now_ms,
    enabled: true,
    materials: [{ id: randomBytes(32).toString('hex'), created_ms: now_ms, secret }],
  };
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
    CurrentKeyMaterialId: currentMaterial(key).id,
    CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT',
    ...(key.deletion_ms === undefined ? {} : { DeletionDate: key.deletion_ms / 1000 }),
    Description: key.description,
    Enabled: state === 'Enabled',
    EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
    KeyId: key.keyId,
    KeyManager: key.owner === 'customer' ? 'CUSTOMER' : 'AWS',
    KeySpec: 'SYMMETRIC_DEFAULT',
    KeyState: state,
    KeyUsage: 'ENCRYPT_DECRYPT',
    MultiRegion: false,
    Origin: 'AWS_KMS',
  };
}
