import { describe, expect, it } from 'vitest';
import { KEY_STATES } from '../../../src/system/kms/keystates.ts';
import { kmsOperations } from '../../../src/system/kms/operations.ts';
import { base64, InProcessKms, outcome } from './harness.ts';

/** AWS KMS Developer Guide, "Key states of AWS KMS keys", for keys with material from KMS: what is refused, and how. */
const DISABLED = 'DisabledException: <arn> is disabled.';
const PENDING = 'KMSInvalidStateException: <arn> is pending deletion.';
const NOT_PENDING = 'KMSInvalidStateException: <arn> is not pending deletion.';
type Row = [enabled: string, disabled: string, pendingDeletion: string];
const ANY: Row = ['ok', 'ok', 'ok'];
const KEPT: Row = ['ok', 'ok', PENDING];
const ENABLED: Row = ['ok', DISABLED, PENDING];

const KEY_POLICY = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: '*', Action: 'kms:*', Resource: '*' }],
});

const TABLE: Record<string, Row> = {
  CancelKeyDeletion: [NOT_PENDING, NOT_PENDING, 'ok'],
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
/** They are about no one key. */
const KEYLESS = ['CreateKey', 'GenerateRandom', 'ListKeys', 'ListRetirableGrants'];

interface Made {
  KeyId: string;
  blob: string;
  GrantId: string;
  other: string;
}

/** What each operation needs beside the key's id. */
function bodyOf(operation: string, { KeyId, blob, GrantId, other }: Made): object {
  const bodies: Record<string, object> = {
    CreateAlias: { AliasName: 'alias/new', TargetKeyId: KeyId },
    CreateGrant: { KeyId, GranteePrincipal: 'arn:aws:iam::123456789012:user/bob', Operations: ['Decrypt'] },
    Decrypt: { CiphertextBlob: blob },
    DeleteAlias: { AliasName: 'alias/there' },
    Encrypt: { KeyId, Plaintext: 'AAAA' },
    GenerateDataKey: { KeyId, KeySpec: 'AES_256' },
    GenerateDataKeyWithoutPlaintext: { KeyId, KeySpec: 'AES_256' },
    PutKeyPolicy: { KeyId, Policy: KEY_POLICY },
    ReEncrypt: { CiphertextBlob: blob, DestinationKeyId: other },
    RetireGrant: { KeyId, GrantId },
    RevokeGrant: { KeyId, GrantId },
    TagResource: { KeyId, Tags: [{ TagKey: 'a', TagValue: 'b' }] },
    UntagResource: { KeyId, TagKeys: ['a'] },
    UpdateAlias: { AliasName: 'alias/of-other', TargetKeyId: KeyId },
    UpdateKeyDescription: { KeyId, Description: 'new' },
  };
  return bodies[operation] ?? { KeyId };
}

async function make(kms: InProcessKms): Promise<{ arn: string; made: Made }> {
  const { arn } = await kms.createKey();
  const other = (await kms.createKey()).arn;
  await kms.call('CreateAlias', { AliasName: 'alias/there', TargetKeyId: arn });
  await kms.call('CreateAlias', { AliasName: 'alias/of-other', TargetKeyId: other });
  const { CiphertextBlob: blob } = await kms.call('Encrypt', { KeyId: arn, Plaintext: base64('secret') });
  const bob = 'arn:aws:iam::123456789012:user/bob';
  const alice = 'arn:aws:iam::123456789012:user/alice';
  const terms = { GranteePrincipal: bob, RetiringPrincipal: alice, Operations: ['Decrypt'] };
  const { GrantId } = await kms.call('CreateGrant', { KeyId: arn, ...terms });
  return { arn, made: { KeyId: arn, blob, GrantId: GrantId as string, other } };
}

describe('the key states', () => {
  it('are asked by every operation that is about a key', () => {
    const operations = Object.keys(kmsOperations).filter((name) => !KEYLESS.includes(name));
    expect(Object.keys(TABLE).sort()).toEqual(operations.sort());
    expect(Object.keys(KEY_STATES).sort()).toEqual(operations);
  });

  const cases = Object.entries(TABLE).flatMap(([operation, row]) =>
    row.map(
      (wanted, index) => [operation, ['Enabled', 'Disabled', 'PendingDeletion'][index]!, wanted] as const,
    ),
  );
  it.each(cases)('%s of a key that is %s: %s', async (operation, state, wanted) => {
    const kms = new InProcessKms();
    const { arn, made } = await make(kms);
    if (state === 'Disabled') await kms.call('DisableKey', { KeyId: arn });
    if (state === 'PendingDeletion') await kms.call('ScheduleKeyDeletion', { KeyId: arn });
    const before = await kms.describe(arn);
    expect(before.KeyState).toBe(state);
    expect(await outcome(kms.call(operation, bodyOf(operation, made)))).toBe(wanted.replace('<arn>', arn));
    if (wanted !== 'ok') expect(await kms.describe(arn)).toEqual(before);
  });

  it('of both keys count for ReEncrypt, and for UpdateAlias that of the new target alone', async () => {
    const kms = new InProcessKms();
    const { arn, made } = await make(kms);
    await kms.call('ScheduleKeyDeletion', { KeyId: made.other });
    const body = { CiphertextBlob: made.blob, DestinationKeyId: made.other };
    expect(await outcome(kms.call('ReEncrypt', body))).toBe(PENDING.replace('<arn>', made.other));
    const move = { AliasName: 'alias/of-other', TargetKeyId: arn };
    expect(await outcome(kms.call('UpdateAlias', move))).toBe('ok');
  });
});
