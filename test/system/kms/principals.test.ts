import { describe, expect, it } from 'vitest';
import { ACCOUNT, alice, bob, CONTEXT, dynamodb, InProcessKms, outcome, REGION } from './harness.ts';

const MANAGED = 'alias/aws/dynamodb';
const OWNED = 'alias/sealbench/aws-owned/dynamodb';

async function dataKey(kms: InProcessKms, KeyId: string) {
  if (KeyId !== OWNED) await kms.grantToDynamodb(KeyId);
  return kms.call('GenerateDataKey', { KeyId, KeySpec: 'AES_256', EncryptionContext: CONTEXT }, dynamodb);
}

async function listedKeys(kms: InProcessKms): Promise<string[]> {
  const { Keys } = (await kms.call('ListKeys')) as unknown as { Keys: { KeyArn: string }[] };
  return Keys.map((key) => key.KeyArn);
}

describe('an AWS managed key', () => {
  it('is made once, when the service first asks for it', async () => {
    const kms = new InProcessKms();
    const asked = { KeyId: MANAGED, KeySpec: 'AES_256', EncryptionContext: CONTEXT };
    const made = await Promise.all([1, 2, 3].map(() => kms.call('GenerateDataKey', asked, dynamodb, alice)));
    expect(new Set(made.map((key) => key.KeyId)).size).toBe(1);
    expect(await kms.describe(MANAGED)).toMatchObject({
      Arn: made[0]!.KeyId,
      AWSAccountId: ACCOUNT,
      KeyManager: 'AWS',
      KeyState: 'Enabled',
      Description: 'Default key that protects my DynamoDB data when no other key is defined',
    });
    expect(await listedKeys(kms)).toEqual([made[0]!.KeyId]);
    expect(await kms.call('ListAliases')).toMatchObject({ Aliases: [{ AliasName: MANAGED }] });
  });

  it('is not made by a user who would use it, and is by one who describes it', async () => {
    const kms = new InProcessKms();
    const use = kms.call('GenerateDataKey', { KeyId: MANAGED, KeySpec: 'AES_256' });
    expect(await outcome(use)).toMatch(/^NotFoundException: Alias .* is not found\.$/);
    expect((await kms.describe(MANAGED)).KeyManager).toBe('AWS');
  });

  it.each([
    ['DisableKey', {}],
    ['EnableKey', {}],
    ['ScheduleKeyDeletion', {}],
    ['CancelKeyDeletion', {}],
    ['GenerateDataKey', { KeySpec: 'AES_256' }],
    ['Encrypt', { Plaintext: 'AAAA' }],
  ])('refuses %s to users', async (operation, body) => {
    const kms = new InProcessKms();
    const { KeyId: arn } = await dataKey(kms, MANAGED);
    expect(await outcome(kms.call(operation, { KeyId: arn, ...body }))).toBe(
      `AccessDeniedException: User: ${alice.principal.arn} is not authorized to perform: kms:${operation} on resource: ${arn} because no resource-based policy allows the kms:${operation} action`,
    );
    expect((await kms.describe(arn)).KeyState).toBe('Enabled');
  });

  it('takes no alias of a user, and none is moved away from it', async () => {
    const kms = new InProcessKms();
    const { KeyId: arn } = await dataKey(kms, MANAGED);
    expect(await outcome(kms.call('CreateAlias', { AliasName: 'alias/a', TargetKeyId: arn }))).toMatch(
      /^AccessDenied/,
    );
    const { id } = await kms.createKey();
    expect(await outcome(kms.call('UpdateAlias', { AliasName: MANAGED, TargetKeyId: id }))).toBe(
      'NotAuthorizedException: ',
    );
    expect(await outcome(kms.call('DeleteAlias', { AliasName: MANAGED }))).toBe('NotAuthorizedException: ');
  });

  it('opens for a user through the service, never directly', async () => {
    const kms = new InProcessKms();
    const { CiphertextBlob, Plaintext } = await dataKey(kms, MANAGED);
    const body = { CiphertextBlob, EncryptionContext: CONTEXT };
    expect((await kms.call('Decrypt', body, dynamodb, alice)).Plaintext).toBe(Plaintext);
    expect(await outcome(kms.call('Decrypt', body))).toMatch(
      /^AccessDeniedException: User: .* kms:Decrypt on the resource associated with this ciphertext because no resource-based policy allows the kms:Decrypt action$/,
    );
  });
});

describe('an AWS owned key', () => {
  it('is out of the account: no user sees it by any name', async () => {
    const kms = new InProcessKms();
    const { KeyId: arn, CiphertextBlob } = await dataKey(kms, OWNED);
    const id = arn.slice(arn.lastIndexOf('/') + 1);
    expect(await listedKeys(kms)).toEqual([]);
    expect(await kms.call('ListAliases')).toMatchObject({ Aliases: [] });
    expect(await outcome(kms.describe(id))).toBe(
      `NotFoundException: Key 'arn:aws:kms:${REGION}:${ACCOUNT}:key/${id}' does not exist`,
    );
    expect(await outcome(kms.describe(OWNED))).toBe(
      `NotFoundException: Alias arn:aws:kms:${REGION}:${ACCOUNT}:${OWNED} is not found.`,
    );
    expect(await outcome(kms.describe(arn))).toMatch(/^AccessDeniedException: /);
    expect(await outcome(kms.call('Decrypt', { CiphertextBlob, EncryptionContext: CONTEXT }))).toMatch(
      /^AccessDeniedException: The ciphertext refers/,
    );
    expect((await kms.describe(arn, dynamodb)).KeyManager).toBe('AWS');
  });

  it('is counted, and leaves no trail', async () => {
    const kms = new InProcessKms();
    const { CiphertextBlob } = await dataKey(kms, OWNED);
    const body = { CiphertextBlob, EncryptionContext: CONTEXT };
    await kms.call('Decrypt', body, dynamodb, alice);
    await outcome(kms.call('Decrypt', { CiphertextBlob }, dynamodb, alice));
    expect(kms.service.requests.counters()).toEqual({
      calls: { GenerateDataKey: 1, Decrypt: 2 },
      throttled: 0,
      failed: 1,
    });
    expect(kms.service.trail.list()).toEqual([]);
  });

  it('is not charged to the account', async () => {
    const kms = new InProcessKms({ quota_per_s: 1 });
    for (let i = 0; i < 5; i++) expect(await outcome(dataKey(kms, OWNED))).toBe('ok');
    expect(await outcome(dataKey(kms, MANAGED))).toBe('ok');
    expect(await outcome(dataKey(kms, MANAGED))).toMatch(/^ThrottlingException/);
    expect(await outcome(dataKey(kms, OWNED))).toBe('ok');
  });
});

describe('a customer key', () => {
  it('is shared by the users of the account, and by the service that has a grant', async () => {
    const kms = new InProcessKms();
    const { id } = await kms.createKey();
    const { CiphertextBlob, Plaintext } = await dataKey(kms, id);
    const body = { CiphertextBlob, EncryptionContext: CONTEXT };
    for (const [signer, principal] of [
      [bob, bob],
      [dynamodb, dynamodb],
      [dynamodb, bob],
    ] as const) {
      expect((await kms.call('Decrypt', body, signer, principal)).Plaintext).toBe(Plaintext);
    }
  });
});
