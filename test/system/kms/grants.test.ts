import { describe, expect, it } from 'vitest';
import {
  GRANT_OPERATIONS,
  type GrantRecord,
  grantIdOf,
  isNarrower,
  newGrantId,
  newGrantToken,
  permits,
} from '../../../src/system/kms/grants.ts';
import {
  ACCOUNT,
  type Answer,
  alice,
  bob,
  CONTEXT,
  dynamodb,
  InProcessKms,
  outcome,
  REGION,
} from './harness.ts';

const SERVICE = `dynamodb.${REGION}.amazonaws.com`;
const ROOT = `arn:aws:iam::${ACCOUNT}:root`;
/** Bob may do nothing by himself: what he can do he was granted. */
const nothing = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: 's3:*', Resource: '*' } };
const poorBob = { ...bob, policy: nothing };

interface Grant {
  GrantId: string;
  GrantToken: string;
}

function start(): InProcessKms {
  return new InProcessKms({ callers: [alice, poorBob, dynamodb] });
}

function grant(kms: InProcessKms, KeyId: string, terms: object = {}): Promise<Grant> {
  const usual = { KeyId, GranteePrincipal: bob.principal.arn, Operations: ['Encrypt', 'Decrypt'] };
  return kms.call('CreateGrant', { ...usual, ...terms }) as unknown as Promise<Grant>;
}

function encrypt(kms: InProcessKms, KeyId: string, more: object = {}, as = bob): Promise<Answer> {
  return kms.call('Encrypt', { KeyId, Plaintext: 'AAAA', ...more }, as);
}

async function grants(
  kms: InProcessKms,
  KeyId: string,
  more: object = {},
): Promise<Record<string, unknown>[]> {
  return (await kms.call('ListGrants', { KeyId, ...more })).Grants as never;
}

describe('a grant', () => {
  it('lets its grantee do what it says, and no more, until it is revoked', async () => {
    const kms = start();
    const { id, arn } = await kms.createKey();
    const denied = (action: string, on = `resource: ${arn}`) =>
      `AccessDeniedException: User: ${bob.principal.arn} is not authorized to perform: kms:${action} on ${on} because no identity-based policy allows the kms:${action} action`;
    expect(await outcome(encrypt(kms, id))).toBe(denied('Encrypt'));
    const { GrantId, GrantToken } = await grant(kms, id);
    expect(GrantId).toMatch(/^[0-9a-f]{64}$/);
    const { CiphertextBlob } = await encrypt(kms, id, { GrantTokens: [GrantToken] });
    expect((await kms.call('Decrypt', { CiphertextBlob }, bob)).Plaintext).toBe('AAAA');
    expect(await outcome(kms.call('DescribeKey', { KeyId: id }, bob))).toBe(denied('DescribeKey'));
    expect(await outcome(kms.call('GenerateDataKey', { KeyId: id, NumberOfBytes: 1 }, bob))).toBe(
      denied('GenerateDataKey'),
    );
    await kms.call('RevokeGrant', { KeyId: id, GrantId });
    const onCiphertext = 'the resource associated with this ciphertext';
    expect(await outcome(kms.call('Decrypt', { CiphertextBlob }, bob))).toBe(denied('Decrypt', onCiphertext));
    expect(await outcome(kms.call('Decrypt', { CiphertextBlob, KeyId: id }, bob))).toBe(denied('Decrypt'));
    expect(await outcome(encrypt(kms, id, { GrantTokens: [GrantToken] }))).toBe(
      'InvalidGrantTokenException: ',
    );
  });

  it('holds its constraints against the encryption context of what has one', async () => {
    const kms = start();
    const { id } = await kms.createKey();
    const { GrantId } = await grant(kms, id, {
      Operations: ['Encrypt', 'DescribeKey'],
      Constraints: { EncryptionContextSubset: { Dept: 'it' } },
    });
    const works = async (EncryptionContext?: object) =>
      (await outcome(encrypt(kms, id, { EncryptionContext }))) === 'ok';
    expect(await Promise.all([{ Dept: 'it' }, { dept: 'it', more: 'x' }].map(works))).toEqual([true, true]);
    expect(await Promise.all([undefined, {}, { Dept: 'IT' }, { more: 'it' }].map(works))).toEqual([
      ...[false, false, false, false],
    ]);
    expect(await outcome(kms.call('DescribeKey', { KeyId: id }, bob))).toBe('ok');
    await kms.call('RevokeGrant', { KeyId: id, GrantId });
    await grant(kms, id, { Constraints: { EncryptionContextEquals: { Dept: 'it' } } });
    expect(await Promise.all([{ Dept: 'it' }, { Dept: 'it', more: 'x' }, {}].map(works))).toEqual([
      ...[true, false, false],
    ]);
  });

  it('for both sides of a ReEncrypt names them apart', async () => {
    const kms = start();
    const [from, to] = [await kms.createKey(), await kms.createKey()];
    const { CiphertextBlob } = await encrypt(kms, from.id, {}, alice);
    const move = () => outcome(kms.call('ReEncrypt', { CiphertextBlob, DestinationKeyId: to.id }, bob));
    expect(await move()).toMatch(/kms:ReEncryptFrom on the resource associated with this ciphertext/);
    await grant(kms, from.id, { Operations: ['ReEncryptFrom'] });
    expect(await move()).toMatch(new RegExp(`kms:ReEncryptTo on resource: ${to.arn}`));
    await grant(kms, to.id, { Operations: ['ReEncryptTo'] });
    expect(await move()).toBe('ok');
  });

  it('to an account is for all of its users; one to another user is not', async () => {
    const kms = start();
    const { id } = await kms.createKey();
    await grant(kms, id, { GranteePrincipal: alice.principal.arn });
    await grant(kms, id, { GranteePrincipal: 'arn:aws:iam::444455556666:root' });
    expect(await outcome(encrypt(kms, id))).toMatch(/^AccessDenied/);
    await grant(kms, id, { GranteePrincipal: ROOT });
    expect(await outcome(encrypt(kms, id))).toBe('ok');
  });

  it('does not outweigh an explicit deny', async () => {
    const denying = {
      Version: '2012-10-17',
      Statement: { Effect: 'Deny', Action: 'kms:Encrypt', Resource: '*' },
    };
    const kms = new InProcessKms({ callers: [alice, { ...bob, policy: denying }, dynamodb] });
    const { id } = await kms.createKey();
    await grant(kms, id);
    expect(await outcome(encrypt(kms, id))).toMatch(/with an explicit deny in an identity-based policy$/);
  });

  it('with a name is found when asked for again, with another token', async () => {
    const kms = start();
    const { id } = await kms.createKey();
    const terms = { Name: 'mine', Constraints: { EncryptionContextSubset: { a: '1', b: '2' } } };
    const first = await grant(kms, id, terms);
    const reordered = { EncryptionContextSubset: { b: '2', a: '1' } };
    const again = await grant(kms, id, {
      ...terms,
      Constraints: reordered,
      Operations: ['Decrypt', 'Encrypt'],
    });
    expect(again.GrantId).toBe(first.GrantId);
    expect(again.GrantToken).not.toBe(first.GrantToken);
    expect((await grant(kms, id, { ...terms, Operations: ['Encrypt'] })).GrantId).not.toBe(first.GrantId);
    expect((await grant(kms, id)).GrantId).not.toBe((await grant(kms, id)).GrantId);
    expect(await grants(kms, id)).toHaveLength(4);
    expect(await outcome(kms.call('RetireGrant', { GrantToken: first.GrantToken }))).toBe('ok');
    expect(await outcome(kms.call('RetireGrant', { GrantToken: again.GrantToken }))).toBe(
      'InvalidGrantTokenException: ',
    );
  });

  it('that permits CreateGrant permits no more than itself', async () => {
    const kms = start();
    const { id } = await kms.createKey();
    await grant(kms, id, {
      Operations: ['Encrypt', 'CreateGrant'],
      Constraints: { EncryptionContextSubset: { a: '1' } },
    });
    const pass = (terms: object) =>
      outcome(kms.call('CreateGrant', { KeyId: id, GranteePrincipal: bob.principal.arn, ...terms }, bob));
    const narrow = { EncryptionContextEquals: { a: '1', b: '2' } };
    expect(await pass({ Operations: ['Encrypt'], Constraints: narrow })).toBe('ok');
    expect(await pass({ Operations: ['Encrypt'] })).toMatch(/^AccessDenied/);
    expect(await pass({ Operations: ['Encrypt', 'Decrypt'], Constraints: narrow })).toMatch(/^AccessDenied/);
  });

  it('is a dry run where asked', async () => {
    const kms = start();
    const { id } = await kms.createKey();
    const dry = 'DryRunOperationException: The request would have succeeded, but the DryRun option is set.';
    expect(await outcome(grant(kms, id, { DryRun: true }))).toBe(dry);
    expect(await grants(kms, id)).toEqual([]);
    const { GrantId } = await grant(kms, id);
    for (const operation of ['RevokeGrant', 'RetireGrant']) {
      expect(await outcome(kms.call(operation, { KeyId: id, GrantId, DryRun: true }))).toBe(dry);
    }
    expect(await outcome(encrypt(kms, id, { DryRun: true }))).toBe(dry);
    const ignoring = { KeyId: id, DryRun: true, DryRunModifiers: ['IGNORE_CIPHERTEXT'] };
    expect(await outcome(kms.call('Decrypt', ignoring, bob))).toBe(dry);
    expect(await outcome(kms.call('Decrypt', { ...ignoring, DryRun: false }, bob))).toMatch(
      /^ValidationException/,
    );
    const move = { ...ignoring, SourceKeyId: id, DestinationKeyId: id };
    expect(await outcome(kms.call('ReEncrypt', move))).toBe(dry);
    expect(await outcome(kms.call('ReEncrypt', move, bob))).toMatch(/kms:ReEncryptFrom on resource/);
    expect(await grants(kms, id)).toHaveLength(1);
  });

  it('waits for no disabled key, and is managed whatever state the key is in', async () => {
    const kms = start();
    const { id, arn } = await kms.createKey();
    const made = [await grant(kms, id), await grant(kms, id)];
    await kms.call('DisableKey', { KeyId: id });
    expect(await outcome(grant(kms, id))).toBe(`DisabledException: ${arn} is disabled.`);
    await kms.call('ScheduleKeyDeletion', { KeyId: id, PendingWindowInDays: 7 });
    expect(await outcome(grant(kms, id))).toBe(`KMSInvalidStateException: ${arn} is pending deletion.`);
    expect(await grants(kms, id)).toHaveLength(2);
    await kms.call('RevokeGrant', { KeyId: id, GrantId: made[0]!.GrantId });
    await kms.call('RetireGrant', { KeyId: id, GrantId: made[1]!.GrantId });
    expect(await grants(kms, id)).toEqual([]);
  });
});

describe('who retires', () => {
  it('the retiring principal, the grantee that may, and whom the account trusts', async () => {
    const kms = start();
    const { id } = await kms.createKey();
    const retire = async (terms: object, by = bob) => {
      const { GrantId } = await grant(kms, id, { GranteePrincipal: ROOT, ...terms });
      return outcome(kms.call('RetireGrant', { KeyId: id, GrantId }, by));
    };
    expect(await retire({ RetiringPrincipal: bob.principal.arn })).toBe('ok');
    expect(await retire({ GranteePrincipal: bob.principal.arn, Operations: ['RetireGrant'] })).toBe('ok');
    expect(await retire({}, alice)).toBe('ok');
    expect(await retire({})).toMatch(
      /^AccessDenied.*no identity-based policy allows the kms:RetireGrant action$/,
    );
    expect(await retire({ RetiringPrincipal: alice.principal.arn })).toMatch(/^AccessDenied/);
    expect(await retire({}, dynamodb)).toMatch(/^AccessDenied/);
  });

  it('is asked by token, or by key and id', async () => {
    const kms = start();
    const [one, other] = [await kms.createKey(), await kms.createKey()];
    const { GrantId, GrantToken } = await grant(kms, one.id);
    const retire = (body: object) => outcome(kms.call('RetireGrant', body));
    for (const body of [{}, { KeyId: one.id }, { GrantId }, { GrantToken, GrantId, KeyId: one.id }]) {
      expect(await retire(body)).toMatch(/^ValidationException: Specify either/);
    }
    expect(await retire({ GrantToken: 'forged' })).toBe('InvalidGrantTokenException: ');
    expect(await retire({ GrantToken: newGrantToken(newGrantId()) })).toBe('InvalidGrantTokenException: ');
    expect(await retire({ KeyId: one.id, GrantId: 'x' })).toBe('InvalidGrantIdException: ');
    expect(await retire({ KeyId: other.id, GrantId })).toBe(
      `NotFoundException: Grant ID ${GrantId} not found`,
    );
    expect(await retire({ KeyId: one.arn, GrantId })).toBe('ok');
    expect(await retire({ KeyId: one.arn, GrantId })).toMatch(/^NotFoundException: Grant ID/);
  });
});

describe('lists of grants', () => {
  it('show what was granted', async () => {
    const kms = start();
    const { id, arn } = await kms.createKey();
    const { GrantId } = await kms.grantToDynamodb(id);
    expect(await grants(kms, id)).toEqual([
      {
        KeyId: arn,
        GrantId,
        CreationDate: kms.clock.wall_ms() / 1000,
        GranteePrincipal: SERVICE,
        RetiringPrincipal: SERVICE,
        IssuingAccount: ROOT,
        Operations: [
          ...['Decrypt', 'DescribeKey', 'Encrypt', 'GenerateDataKey', 'ReEncryptFrom', 'ReEncryptTo'],
          'RetireGrant',
        ],
        Constraints: { EncryptionContextSubset: CONTEXT },
      },
    ]);
    const record = kms.service.trail.list().find(({ eventName }) => eventName === 'CreateGrant');
    expect(record).toMatchObject({
      userIdentity: { type: 'IAMUser', userName: 'alice', invokedBy: 'dynamodb.amazonaws.com' },
      requestParameters: {
        keyId: arn,
        granteePrincipal: SERVICE,
        retiringPrincipal: SERVICE,
        constraints: { encryptionContextSubset: CONTEXT },
      },
      responseElements: { grantId: GrantId },
      readOnly: false,
      resources: [{ ARN: arn }],
    });
  });

  it('come in pages, by key and by who may retire', async () => {
    const kms = start();
    const [one, other] = [await kms.createKey(), await kms.createKey()];
    const made = new Set<string>();
    for (let i = 0; i < 7; i++) {
      made.add((await grant(kms, one.id, { RetiringPrincipal: alice.principal.arn })).GrantId);
    }
    await grant(kms, other.id, { RetiringPrincipal: bob.principal.arn });
    for (const [operation, body] of [
      ['ListGrants', { KeyId: one.id }],
      ['ListRetirableGrants', { RetiringPrincipal: alice.principal.arn }],
    ] as const) {
      const seen: string[] = [];
      let Marker: unknown;
      for (let truncated = true; truncated; ) {
        const answer = await kms.call(operation, { ...body, Limit: 3, Marker });
        seen.push(...(answer.Grants as Grant[]).map(({ GrantId }) => GrantId));
        truncated = answer.Truncated as boolean;
        Marker = answer.NextMarker;
      }
      expect(seen).toHaveLength(7);
      expect(new Set(seen)).toEqual(made);
    }
    const [id] = made;
    expect(await grants(kms, one.id, { GrantId: id })).toHaveLength(1);
    expect(await grants(kms, one.id, { GranteePrincipal: alice.principal.arn })).toEqual([]);
    expect(await outcome(grants(kms, one.id, { GrantId: 'a'.repeat(64) }))).toMatch(/^NotFoundException/);
    expect(await outcome(grants(kms, one.id, { Marker: 'forged' }))).toMatch(/^InvalidMarkerException/);
    await kms.call('ScheduleKeyDeletion', { KeyId: one.id, PendingWindowInDays: 7 });
    kms.clock.advance(7 * 86_400_000);
    const left = await kms.call('ListRetirableGrants', { RetiringPrincipal: alice.principal.arn });
    expect(left).toEqual({ Grants: [], Truncated: false });
  });
});

describe('grants that say nothing clear', () => {
  const pairs = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`k${i}`, 'v']));
  it.each<[object, RegExp]>([
    [{ Operations: undefined }, /^ValidationException: .*null.*operations/],
    [{ Operations: [] }, /^ValidationException/],
    [{ Operations: 'Encrypt' }, /^SerializationException/],
    [{ Operations: [7] }, /^SerializationException/],
    [{ Operations: ['Fly'] }, /^ValidationException: .*operations.*enum value set: \[Decrypt/],
    [{ Operations: ['Sign'] }, /^ValidationException: Operation Sign/],
    [{ GranteePrincipal: undefined }, /^ValidationException: Specify either/],
    [{ GranteePrincipal: 'bob' }, /^InvalidArnException: ARN does not refer to a valid principal: bob/],
    [{ GranteePrincipal: `arn:aws:iam::${ACCOUNT}:user/nobody` }, /^InvalidArnException/],
    [{ GranteePrincipal: 'not an arn' }, /^ValidationException/],
    [{ GranteePrincipal: SERVICE }, /^InvalidArnException/],
    [{ RetiringPrincipal: 'bob' }, /^InvalidArnException/],
    [{ GranteeServicePrincipal: 's3.amazonaws.com' }, /^ValidationException: Specify either/],
    [
      { GranteePrincipal: undefined, GranteeServicePrincipal: 's3.amazonaws.com' },
      /^ValidationException: .*SourceArn/,
    ],
    [{ RetiringPrincipal: ROOT, RetiringServicePrincipal: 's3.amazonaws.com' }, /^ValidationException/],
    [{ Name: 'no spaces' }, /^ValidationException: .*name/],
    [{ Constraints: [] }, /^SerializationException/],
    [{ Constraints: { EncryptionContextSubset: { a: 1 } } }, /^SerializationException/],
    [{ Constraints: { EncryptionContextSubset: pairs } }, /^ValidationException: .*8 encryption context/],
    [{ Constraints: { EncryptionContextEquals: { a: 'x'.repeat(385) } } }, /^ValidationException: .*384/],
    [
      { Constraints: { EncryptionContextSubset: { a: 'b' }, EncryptionContextEquals: { a: 'b' } } },
      /^ValidationException: Specify either/,
    ],
    [{ Constraints: { SourceArn: 'short' } }, /^ValidationException: .*sourceArn/],
    [{ GrantTokens: ['forged'] }, /^InvalidGrantTokenException/],
    [{ GrantTokens: 'forged' }, /^SerializationException/],
    [{ GrantTokens: Array(11).fill('x') }, /^ValidationException: .*grantTokens/],
    [{ KeyId: 'alias/a' }, /^NotFoundException: Invalid keyId/],
    [{ KeyId: 'arn:aws:kms' }, /^InvalidArnException/],
  ])('%j', async (terms, message) => {
    const kms = start();
    const { id } = await kms.createKey();
    await kms.call('CreateAlias', { AliasName: 'alias/a', TargetKeyId: id });
    expect(await outcome(grant(kms, id, terms))).toMatch(message);
    expect(await grants(kms, id)).toEqual([]);
  });

  it('are as many as a key may have, and no more', async () => {
    const { GrantBook } = await import('../../../src/system/kms/grantbook.ts');
    const book = new GrantBook(undefined, 3);
    const terms = { grantee: ROOT, operations: ['Encrypt'] };
    for (let i = 0; i < 3; i++) await book.make('key', { ...terms, name: `n${i}` }, 0);
    expect(await outcome(book.make('key', terms, 0))).toMatch(/^LimitExceededException/);
    expect(await outcome(book.make('key', { ...terms, name: 'n1' }, 0))).toBe('ok');
    expect(await outcome(book.make('other', terms, 0))).toBe('ok');
    const [first] = book.ofKeyAfter('key', '');
    expect(await book.remove(first!.grantId)).toBe(true);
    expect(await book.remove(first!.grantId)).toBe(false);
    expect(await outcome(book.make('key', terms, 0))).toBe('ok');
  });
});

describe('tokens and terms', () => {
  it('a token names its grant, and nothing else is one', () => {
    const id = newGrantId();
    const token = newGrantToken(id);
    expect(grantIdOf(token)).toBe(id);
    for (const other of ['', token.slice(1), `${token}A`, ` ${token}`, token.replace(/^./, 'B')]) {
      expect(grantIdOf(other)).toBeUndefined();
    }
  });

  it('a grant on behalf of a resource permits nothing here but its own end', () => {
    const constraints = { SourceArn: `arn:aws:s3:${REGION}:${ACCOUNT}:bucket` };
    const record: GrantRecord = {
      ...{ grantId: newGrantId(), keyId: 'key', created_ms: 0, grantee: 'a.b.c' },
      operations: GRANT_OPERATIONS,
      constraints,
    };
    expect(GRANT_OPERATIONS.filter((operation) => permits(record, operation, {}))).toEqual(['RetireGrant']);
    expect(isNarrower(record, record)).toBe(true);
  });
});
