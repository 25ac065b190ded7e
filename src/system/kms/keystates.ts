import { kmsErrors } from './errors.ts';
import { type KeyRecord, type KeyState, keyState } from './keys.ts';

type States = readonly KeyState[];

const ANY: States = ['Enabled', 'Disabled', 'PendingDeletion'];
const KEPT: States = ['Enabled', 'Disabled'];
const ENABLED: States = ['Enabled'];
const DOOMED: States = ['PendingDeletion'];

/**
 * The states in which a key lets an operation be done to it. Source: AWS KMS Developer Guide, "Key states of AWS KMS
 * keys". UpdateAlias asks about the key that the alias is to lead to.
 */
export const KEY_STATES: Readonly<Record<string, States>> = {
  CancelKeyDeletion: DOOMED,
  CreateAlias: KEPT,
  CreateGrant: ENABLED,
  Decrypt: ENABLED,
  DeleteAlias: ANY,
  DescribeKey: ANY,
  DisableKey: KEPT,
  DisableKeyRotation: ENABLED,
  EnableKey: KEPT,
  EnableKeyRotation: ENABLED,
  Encrypt: ENABLED,
  GenerateDataKey: ENABLED,
  GenerateDataKeyWithoutPlaintext: ENABLED,
  GetKeyLastUsage: ANY,
  GetKeyPolicy: ANY,
  GetKeyRotationStatus: ANY,
  ListAliases: ANY,
  ListGrants: ANY,
  ListKeyPolicies: ANY,
  ListKeyRotations: ANY,
  ListResourceTags: ANY,
  PutKeyPolicy: ANY,
  ReEncrypt: ENABLED,
  RetireGrant: ANY,
  RevokeGrant: ANY,
  RotateKeyOnDemand: ENABLED,
  ScheduleKeyDeletion: KEPT,
  TagResource: KEPT,
  UntagResource: KEPT,
  UpdateAlias: KEPT,
  UpdateKeyDescription: KEPT,
};

/** @throws AwsError DisabledException, KMSInvalidStateException */
export function requireState(operation: string, key: KeyRecord, arn: string): void {
  const state = keyState(key);
  if (KEY_STATES[operation]!.includes(state)) return;
  if (state === 'PendingDeletion') throw kmsErrors.pendingDeletion(arn);
  throw KEY_STATES[operation] === DOOMED ? kmsErrors.notPendingDeletion(arn) : kmsErrors.disabled(arn);
}
