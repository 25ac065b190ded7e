import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openKeystore } from '../../../src/system/kms/keystore.ts';
import { kmsOperations } from '../../../src/system/kms/operations.ts';
import { ACCOUNT, alice, bob, CONTEXT, dynamodb, InProcessKms, outcome, REGION } from './harness.ts';

const ROOT = `arn:aws:iam::${ACCOUNT}:root`;
const BOB = bob.principal.arn;
const administrators = { Effect: 'Allow', Principal: { AWS: ROOT }, Action: 'kms:*', Resource: '*' };
const LOCKED_OUT =
  'MalformedPolicyDocumentException: The new key policy will not allow you to update the key policy in the future.';

function policy(...Statement: object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Id: 'test', Statement });
}

function identity(...Statement: object[]) {
  return { Version: '2012-10-17', Statement };
}

async function startWith(text?: string, callers = [alice, bob, dynamodb]) {
  const kms = new InProcessKms({ callers });
  const { id, arn } = await kms.createKey();
  if (text !== undefined) await kms.call('PutKeyPolicy', { KeyId: id, Policy: text });
  return { kms, id, arn };
}

function encrypt(kms: InProcessKms, KeyId: string, EncryptionContext = {}, by = bob, through = by) {
  return outcome(kms.call('Encrypt', { KeyId, Plaintext: 'AAAA', EncryptionContext }, through, by));
}

describe('the policy of a key', () => {
  it('is AWS’s default until it is put, and is read as it was written', async () => {
    const { kms, id } = await startWith();
    const { Policy, PolicyName } = await kms.call('GetKeyPolicy', { KeyId: id });
    expect(PolicyName).toBe('default');
    expect(JSON.parse(Policy as string)).toMatchObject({
      Id: 'key-default-1',
      Statement: [{ Action: 'kms:*' }],
    });
    expect(await kms.call('ListKeyPolicies', { KeyId: id })).toEqual({
      PolicyNames: ['default'],
      Truncated: false,
    });
    const text = `${policy(administrators)}\n`;
    await kms.call('PutKeyPolicy', { KeyId: id, PolicyName: 'default', Policy: text });
    expect((await kms.call('GetKeyPolicy', { KeyId: id })).Policy).toBe(text);
    expect(await outcome(kms.call('GetKeyPolicy', { KeyId: id, PolicyName: 'other' }))).toBe(
      'NotFoundException: No such policy exists',
    );
    expect(await outcome(kms.call('PutKeyPolicy', { KeyId: id, PolicyName: 'other', Policy: text }))).toMatch(
      /^NotFoundException/,
    );
  });

  it('can be given with the key', async () => {
    const kms = new InProcessKms();
    const Policy = policy(administrators);
    const { KeyMetadata } = await kms.call('CreateKey', { Policy });
    const { KeyId } = KeyMetadata as { KeyId: string };
    expect((await kms.call('GetKeyPolicy', { KeyId })).Policy).toBe(Policy);
    const locking = policy({ ...administrators, Principal: { AWS: BOB } });
    expect(await outcome(kms.call('CreateKey', { Policy: locking }))).toBe(LOCKED_OUT);
    const bypass = { Policy: locking, BypassPolicyLockoutSafetyCheck: true };
    expect(await outcome(kms.call('CreateKey', bypass))).toBe('ok');
    expect((await kms.call('ListKeys')).Keys).toHaveLength(2);
  });

  it('must leave its writer the right to put another, unless that is bypassed', async () => {
    const { kms, id } = await startWith();
    const put = (text: string, more: object = {}) =>
      outcome(kms.call('PutKeyPolicy', { KeyId: id, Policy: text, ...more }));
    const readOnly = { ...administrators, Action: ['kms:Get*', 'kms:Encrypt'] };
    const never = { ...administrators, Effect: 'Deny', Action: 'kms:PutKeyPolicy' };
    for (const text of [policy(readOnly), policy(administrators, never)])
      expect(await put(text)).toBe(LOCKED_OUT);
    expect(await put(policy(readOnly), { BypassPolicyLockoutSafetyCheck: true })).toBe('ok');
    expect(await put(policy(administrators))).toMatch(
      /no resource-based policy allows the kms:PutKeyPolicy action$/,
    );
    expect(JSON.parse((await kms.call('GetKeyPolicy', { KeyId: id })).Policy as string).Statement).toEqual([
      readOnly,
    ]);
  });

  it.each<[string, RegExp]>([
    ['{', /^MalformedPolicyDocumentException: .*not JSON/],
    ['{}', /^MalformedPolicyDocumentException: .*no Statement/],
    [policy({ ...administrators, Effect: 'Perhaps' }), /^MalformedPolicyDocumentException: .*statement 1/],
    [
      policy(administrators, { ...administrators, Principal: { AWS: `${BOB}by` } }),
      /^MalformedPolicyDocumentException: Policy contains a statement with one or more invalid principals\.$/,
    ],
    [policy({ ...administrators, Sid: 'x'.repeat(33_000) }), /^LimitExceededException/],
    ['', /^ValidationException: .*length greater than or equal to 1/],
    ['☃', /^ValidationException: .*regular expression/],
    ['x'.repeat(131_073), /^ValidationException: .*131072/],
  ])('says something clear: %.80s', async (text, message) => {
    const { kms, id } = await startWith();
    const before = await kms.call('GetKeyPolicy', { KeyId: id });
    expect(await outcome(kms.call('PutKeyPolicy', { KeyId: id, Policy: text }))).toMatch(message);
    expect(await outcome(kms.call('CreateKey', { Policy: text }))).toMatch(message);
    expect(await kms.call('GetKeyPolicy', { KeyId: id })).toEqual(before);
    expect((await kms.call('ListKeys')).Keys).toHaveLength(1);
  });

  it('survives a restart, as grants do', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'kms-policies-'));
    const open = () => new InProcessKms({}, openKeystore({ directory, region: REGION, accountId: ACCOUNT }));
    const before = open();
    const { id } = await before.createKey();
    await before.call('PutKeyPolicy', { KeyId: id, Policy: policy(administrators) });
    const kept = await before.grantToDynamodb(id);
    const gone = await before.grantToDynamodb(id);
    await before.call('RevokeGrant', { KeyId: id, GrantId: gone.GrantId });
    const listed = await before.call('ListGrants', { KeyId: id });
    await before.service.close();
    const after = open();
    expect((await after.call('GetKeyPolicy', { KeyId: id })).Policy).toBe(policy(administrators));
    expect(await after.call('ListGrants', { KeyId: id })).toEqual(listed);
    const asked = { KeyId: id, KeySpec: 'AES_256', EncryptionContext: CONTEXT };
    expect(await outcome(after.call('GenerateDataKey', asked, dynamodb))).toBe('ok');
    expect(await outcome(after.call('RetireGrant', { GrantToken: kept.GrantToken }, dynamodb))).toBe('ok');
    expect(await outcome(after.call('GenerateDataKey', asked, dynamodb))).toMatch(/^AccessDenied/);
    await after.service.close();
    rmSync(directory, { recursive: true });
  });
});

describe('who may use a key', () => {
  it('is who the key policy names, whatever the policies of the account say', async () => {
    const use = { Effect: 'Allow', Principal: { AWS: BOB }, Action: 'kms:Encrypt', Resource: '*' };
    const poor = { ...bob, policy: identity({ Effect: 'Allow', Action: 's3:*', Resource: '*' }) };
    const { kms, id, arn } = await startWith(policy(administrators, use), [alice, poor, dynamodb]);
    expect(await encrypt(kms, id)).toBe('ok');
    expect(await outcome(kms.describe(id, bob))).toBe(
      `AccessDeniedException: User: ${BOB} is not authorized to perform: kms:DescribeKey on resource: ${arn} because no identity-based policy allows the kms:DescribeKey action`,
    );
    const alone = policy({ ...administrators, Principal: { AWS: alice.principal.arn } });
    await kms.call('PutKeyPolicy', { KeyId: id, Policy: alone });
    expect(await encrypt(kms, id)).toBe(
      `AccessDeniedException: User: ${BOB} is not authorized to perform: kms:Encrypt on resource: ${arn} because no resource-based policy allows the kms:Encrypt action`,
    );
  });

  it('is never who is denied', async () => {
    const never = { Effect: 'Deny', Principal: '*', Action: 'kms:Encrypt', Resource: '*' };
    const { kms, id } = await startWith(policy(administrators, never));
    expect(await encrypt(kms, id)).toMatch(/with an explicit deny in a resource-based policy$/);
    const denied = { ...bob, policy: identity({ Effect: 'Deny', Action: 'kms:*', Resource: '*' }) };
    const other = await startWith(undefined, [alice, denied, dynamodb]);
    expect(await encrypt(other.kms, other.id)).toMatch(/with an explicit deny in an identity-based policy$/);
    expect(await encrypt(other.kms, other.id, {}, alice)).toBe('ok');
  });

  it('can hang on the encryption context, each time anew', async () => {
    const text = policy(administrators, {
      Effect: 'Deny',
      Principal: { AWS: BOB },
      Action: 'kms:Encrypt',
      Resource: '*',
      Condition: { StringNotEquals: { 'kms:EncryptionContext:Dept': 'it' } },
    });
    const { kms, id } = await startWith(text);
    for (let i = 0; i < 2; i++) {
      expect(await encrypt(kms, id, { Dept: 'it' })).toBe('ok');
      expect(await encrypt(kms, id, { Dept: 'hr' })).toMatch(/explicit deny/);
      expect(await encrypt(kms, id)).toMatch(/explicit deny/);
    }
    const keys = { 'kms:EncryptionContextKeys': ['Dept', 'Team'] };
    const only = {
      ...administrators,
      Action: 'kms:Encrypt',
      Principal: { AWS: BOB },
      Condition: { 'ForAllValues:StringEquals': keys },
    };
    const admins = { ...administrators, Principal: { AWS: alice.principal.arn } };
    await kms.call('PutKeyPolicy', { KeyId: id, Policy: policy(admins, only) });
    expect(await encrypt(kms, id, { Dept: 'x', Team: 'y' })).toBe('ok');
    expect(await encrypt(kms, id, { Dept: 'x', Other: 'y' })).toMatch(/^AccessDenied/);
  });

  it('can be whom a service works for, and nobody directly', async () => {
    const through = {
      ...administrators,
      Principal: { AWS: BOB },
      Action: ['kms:Encrypt', 'kms:Decrypt', 'kms:CreateGrant'],
      Condition: { StringLike: { 'kms:ViaService': 'dynamodb.*.amazonaws.com' } },
    };
    const admins = { ...administrators, Principal: { AWS: alice.principal.arn } };
    const { kms, id } = await startWith(policy(admins, through));
    for (let i = 0; i < 2; i++) {
      expect(await encrypt(kms, id, CONTEXT, bob, dynamodb)).toBe('ok');
      expect(await encrypt(kms, id, CONTEXT)).toMatch(/^AccessDenied/);
      expect(await encrypt(kms, id, CONTEXT, dynamodb)).toMatch(
        /^AccessDeniedException: User: dynamodb\.amazonaws\.com/,
      );
    }
  });

  it('may create grants as far as conditions on them allow', async () => {
    const forServices = {
      ...administrators,
      Principal: { AWS: BOB },
      Action: 'kms:CreateGrant',
      Condition: {
        Bool: { 'kms:GrantIsForAWSResource': 'true' },
        'ForAllValues:StringEquals': { 'kms:GrantOperations': ['Encrypt', 'Decrypt'] },
        StringEquals: { 'kms:EncryptionContext:a': '1' },
      },
    };
    const admins = { ...administrators, Principal: { AWS: alice.principal.arn } };
    const { kms, id } = await startWith(policy(admins, forServices));
    const make = (Operations: string[], Constraints: object, signer = dynamodb) =>
      outcome(
        kms.call('CreateGrant', { KeyId: id, GranteePrincipal: ROOT, Operations, Constraints }, signer, bob),
      );
    const subset = { EncryptionContextSubset: { a: '1' } };
    expect(await make(['Encrypt'], subset)).toBe('ok');
    expect(await make(['Encrypt', 'CreateGrant'], subset)).toMatch(/^AccessDenied/);
    expect(await make(['Encrypt'], {})).toMatch(/^AccessDenied/);
    expect(await make(['Encrypt'], subset, bob)).toMatch(/^AccessDenied/);
  });

  it('is asked anew when the policy, the alias or the tag has changed', async () => {
    const byAlias = { StringEquals: { 'kms:RequestAlias': 'alias/good' } };
    const text = policy(administrators, {
      ...{ Effect: 'Deny', Principal: { AWS: BOB }, Action: 'kms:Encrypt', Resource: '*' },
      Condition: byAlias,
    });
    const { kms, id } = await startWith(text);
    for (const name of ['alias/good', 'alias/better']) {
      await kms.call('CreateAlias', { AliasName: name, TargetKeyId: id });
    }
    expect(await encrypt(kms, 'alias/better')).toBe('ok');
    expect(await encrypt(kms, 'alias/good')).toMatch(/explicit deny/);
    await kms.call('PutKeyPolicy', { KeyId: id, Policy: policy(administrators) });
    expect(await encrypt(kms, 'alias/good')).toBe('ok');
  });
});

describe('what is done to no key', () => {
  it.each([
    ['CreateKey', {}, '*'],
    ['ListKeys', {}, '*'],
    ['ListAliases', {}, '*'],
    ['GenerateRandom', { NumberOfBytes: 1 }, '*'],
    ['ListRetirableGrants', { RetiringPrincipal: ROOT }, '*'],
    ['CreateAlias', { AliasName: 'alias/a', TargetKeyId: 'x' }, `arn:aws:kms:${REGION}:${ACCOUNT}:alias/a`],
    ['UpdateAlias', { AliasName: 'alias/a', TargetKeyId: 'x' }, `arn:aws:kms:${REGION}:${ACCOUNT}:alias/a`],
    ['DeleteAlias', { AliasName: 'alias/a' }, `arn:aws:kms:${REGION}:${ACCOUNT}:alias/a`],
  ])('%s hangs on the caller’s policy', async (operation, body, resource) => {
    const poor = { ...bob, policy: identity({ Effect: 'Allow', Action: 'kms:Decrypt', Resource: '*' }) };
    const { kms } = await startWith(undefined, [alice, poor, dynamodb]);
    expect(await outcome(kms.call(operation, body, bob))).toBe(
      `AccessDeniedException: User: ${BOB} is not authorized to perform: kms:${operation} on resource: ${resource} because no identity-based policy allows the kms:${operation} action`,
    );
  });
});

describe('what is done to a key', () => {
  const denied = { ...bob, policy: identity({ Effect: 'Allow', Action: 's3:*', Resource: '*' }) };
  /** On no key, on several, or on one that no member names: elsewhere in these tests. */
  const others = [
    ...['CreateAlias', 'CreateKey', 'Decrypt', 'DeleteAlias', 'GenerateRandom', 'ListAliases', 'ListKeys'],
    ...['ListRetirableGrants', 'ReEncrypt', 'RetireGrant', 'UpdateAlias'],
  ];
  const bodies: Record<string, object> = {
    CreateGrant: { GranteePrincipal: ROOT, Operations: ['Encrypt'] },
    Encrypt: { Plaintext: 'AAAA' },
    GenerateDataKey: { KeySpec: 'AES_256' },
    GenerateDataKeyWithoutPlaintext: { KeySpec: 'AES_256' },
    PutKeyPolicy: { Policy: '{}' },
    RevokeGrant: { GrantId: 'a'.repeat(64) },
    TagResource: { Tags: [{ TagKey: 'a', TagValue: 'b' }] },
    UntagResource: { TagKeys: ['a'] },
    UpdateKeyDescription: { Description: 'x' },
  };
  it.each(Object.keys(kmsOperations).filter((name) => !others.includes(name)))(
    '%s is not, without permission',
    async (operation) => {
      const { kms, id, arn } = await startWith(undefined, [alice, denied, dynamodb]);
      expect(await outcome(kms.call(operation, { KeyId: id, ...bodies[operation] }, bob))).toBe(
        `AccessDeniedException: User: ${BOB} is not authorized to perform: kms:${operation} on resource: ${arn} because no identity-based policy allows the kms:${operation} action`,
      );
    },
  );
});

describe('the policy of the AWS managed key', () => {
  it('is read by the account, and changed by nobody', async () => {
    const kms = new InProcessKms();
    const KeyId = (await kms.describe('alias/aws/dynamodb')).Arn as string;
    const { Policy } = await kms.call('GetKeyPolicy', { KeyId });
    expect(JSON.parse(Policy as string)).toMatchObject({
      Id: 'auto-dynamodb-1',
      Statement: [
        {
          Condition: {
            StringEquals: {
              'kms:CallerAccount': ACCOUNT,
              'kms:ViaService': `dynamodb.${REGION}.amazonaws.com`,
            },
          },
        },
        { Action: ['kms:Describe*', 'kms:Get*', 'kms:List*', 'kms:RevokeGrant'] },
        { Principal: { Service: 'dynamodb.amazonaws.com' } },
      ],
    });
    expect(await outcome(kms.call('PutKeyPolicy', { KeyId, Policy: policy(administrators) }))).toMatch(
      /no resource-based policy allows the kms:PutKeyPolicy action$/,
    );
    const { GrantId } = await kms.grantToDynamodb(KeyId);
    expect(await outcome(kms.call('RevokeGrant', { KeyId, GrantId }))).toBe('ok');
    const asked = { KeyId, GranteePrincipal: BOB, Operations: ['Decrypt'] };
    expect(await outcome(kms.call('CreateGrant', asked))).toMatch(
      /no resource-based policy allows the kms:CreateGrant/,
    );
  });
});
