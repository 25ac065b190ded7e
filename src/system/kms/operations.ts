import type { KeyAccess } from './access.ts';
import type { KmsCall } from './call.ts';
import { createAlias, deleteAlias, listAliases, updateAlias } from './operations/aliases.ts';
import {
  decrypt,
  encrypt,
  generateDataKey,
  generateDataKeyWithoutPlaintext,
  generateRandom,
  reEncrypt,
} from './operations/crypto.ts';
import {
  createGrant,
  listGrants,
  listRetirableGrants,
  retireGrant,
  revokeGrant,
} from './operations/grants.ts';
import {
  cancelKeyDeletion,
  createKey,
  describeKey,
  disableKey,
  enableKey,
  getKeyLastUsage,
  listKeys,
  scheduleKeyDeletion,
  updateKeyDescription,
} from './operations/lifecycle.ts';
import { getKeyPolicy, listKeyPolicies, putKeyPolicy } from './operations/policies.ts';
import {
  disableKeyRotation,
  enableKeyRotation,
  getKeyRotationStatus,
  listKeyRotations,
  rotateKeyOnDemand,
} from './operations/rotation.ts';
import { listResourceTags, tagResource, untagResource } from './operations/tags.ts';
import { makeServiceKey } from './servicekeys.ts';

export interface KmsOperation {
  perform(access: KeyAccess, call: KmsCall): object | Promise<object>;
  /** Cryptographic requests share a quota and take the simulated latency. */
  crypto: boolean;
  readOnly: boolean;
}

const crypto = { crypto: true, readOnly: true } as const;
const reading = { crypto: false, readOnly: true } as const;
const changing = { crypto: false, readOnly: false } as const;

export const kmsOperations: Readonly<Record<string, KmsOperation>> = {
  CancelKeyDeletion: { perform: cancelKeyDeletion, ...changing },
  CreateAlias: { perform: createAlias, ...changing },
  CreateGrant: { perform: createGrant, ...changing },
  CreateKey: { perform: createKey, ...changing },
  Decrypt: { perform: decrypt, ...crypto },
  DeleteAlias: { perform: deleteAlias, ...changing },
  DescribeKey: { perform: describeKey, ...reading },
  DisableKey: { perform: disableKey, ...changing },
  DisableKeyRotation: { perform: disableKeyRotation, ...changing },
  EnableKey: { perform: enableKey, ...changing },
  EnableKeyRotation: { perform: enableKeyRotation, ...changing },
  Encrypt: { perform: encrypt, ...crypto },
  GenerateDataKey: { perform: generateDataKey, ...crypto },
  GenerateDataKeyWithoutPlaintext: { perform: generateDataKeyWithoutPlaintext, ...crypto },
  GenerateRandom: { perform: generateRandom, ...crypto },
  GetKeyLastUsage: { perform: getKeyLastUsage, ...reading },
  GetKeyPolicy: { perform: getKeyPolicy, ...reading },
  GetKeyRotationStatus: { perform: getKeyRotationStatus, ...reading },
  ListAliases: { perform: listAliases, ...reading },
  ListGrants: { perform: listGrants, ...reading },
  ListKeyPolicies: { perform: listKeyPolicies, ...reading },
  ListKeyRotations: { perform: listKeyRotations, ...reading },
  ListKeys: { perform: listKeys, ...reading },
  ListResourceTags: { perform: listResourceTags, ...reading },
  ListRetirableGrants: { perform: listRetirableGrants, ...reading },
  PutKeyPolicy: { perform: putKeyPolicy, ...changing },
  ReEncrypt: { perform: reEncrypt, ...crypto },
  RetireGrant: { perform: retireGrant, ...changing },
  RevokeGrant: { perform: revokeGrant, ...changing },
  RotateKeyOnDemand: { perform: rotateKeyOnDemand, ...changing },
  ScheduleKeyDeletion: { perform: scheduleKeyDeletion, ...changing },
  TagResource: { perform: tagResource, ...changing },
  UntagResource: { perform: untagResource, ...changing },
  UpdateAlias: { perform: updateAlias, ...changing },
  UpdateKeyDescription: { perform: updateKeyDescription, ...changing },
};

/** Performs a call once what is due by the clock is done and the service's own key exists. */
export function perform(operation: KmsOperation, access: KeyAccess, call: KmsCall): object | Promise<object> {
  const first = access.keyring.settle() ?? makeServiceKey(call, access.keyring);
  if (first === undefined) return operation.perform(access, call);
  return first.then(() => perform(operation, access, call));
}
