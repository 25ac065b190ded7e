import { describe, expect, it } from 'vitest';
import { base64, InProcessKms, outcome } from './harness.ts';

interface Metadata {
  KeyId: string;
  Arn: string;
  [member: string]: unknown;
}

async function create(kms: InProcessKms, body: object): Promise<Metadata> {
  return (await kms.call('CreateKey', body)).KeyMetadata as Metadata;
}

const tag = (TagKey: string, TagValue = '') => ({ TagKey, TagValue });
const many = (count: number) =>
  Array.from({ length: count }, (_, i) => tag(`t${String(i).padStart(2, '0')}`));

describe('tags', () => {
  it('are set, replaced, listed by page and removed', async () => {
    const kms = new InProcessKms();
    const { KeyId } = await create(kms, { Tags: [tag('b', '1'), tag('a', '2')] });
    await kms.call('TagResource', { KeyId, Tags: [tag('b', '3'), tag('c', '')] });
    const first = await kms.call('ListResourceTags', { KeyId, Limit: 2 });
    expect(first).toMatchObject({ Tags: [tag('a', '2'), tag('b', '3')], Truncated: true });
    const rest = await kms.call('ListResourceTags', { KeyId, Marker: first.NextMarker });
    expect(rest).toEqual({ Tags: [tag('c')], Truncated: false });
    expect(await kms.call('UntagResource', { KeyId, TagKeys: ['b', 'not there'] })).toEqual({});
    expect((await kms.call('ListResourceTags', { KeyId })).Tags).toEqual([tag('a', '2'), tag('c')]);
  });

  it.each([
    [[tag('a'), tag('a')], 'TagException: Duplicate tag keys'],
    [many(51), 'TagException: Too many tags'],
    [[tag('aws:mine')], 'TagException: Tags beginning with aws: are reserved'],
    [[tag('AWS:mine')], 'TagException: Tags beginning with aws: are reserved'],
    [
      [tag('a'), tag('')],
      "ValidationException: 1 validation error detected: Value '' at 'tags.2.member.tagKey' failed to satisfy constraint: Member must have length greater than or equal to 1",
    ],
    [
      [{ TagKey: 'a' }],
      "ValidationException: 1 validation error detected: Value null at 'tags.1.member.tagValue' failed to satisfy constraint: Member must not be null",
    ],
    [['a'], 'SerializationException: STRING_VALUE cannot be converted to Structure'],
    [{ a: 'b' }, 'SerializationException: MAP_VALUE cannot be converted to List'],
  ])('that are not good are refused, at CreateKey too: %j', async (Tags, wanted) => {
    const kms = new InProcessKms();
    const { KeyId } = await create(kms, {});
    expect(await outcome(kms.call('TagResource', { KeyId, Tags }))).toBe(wanted);
    expect(await outcome(kms.call('CreateKey', { Tags }))).toBe(wanted);
    expect((await kms.call('ListResourceTags', { KeyId })).Tags).toEqual([]);
    expect((await kms.call('ListKeys')).Keys).toHaveLength(1);
  });

  it('are 50 to a key at most, those it has counted in', async () => {
    const kms = new InProcessKms();
    const { KeyId } = await create(kms, { Tags: many(50) });
    expect(await outcome(kms.call('TagResource', { KeyId, Tags: [tag('more')] }))).toBe(
      'TagException: Too many tags',
    );
    expect(await outcome(kms.call('TagResource', { KeyId, Tags: [tag('t00', 'new')] }))).toBe('ok');
    expect(await outcome(kms.call('TagResource', { KeyId }))).toMatch(/Value null at 'tags'/);
  });
});

describe('a description', () => {
  it('is what it was last updated to', async () => {
    const kms = new InProcessKms();
    const { KeyId } = await create(kms, { Description: 'old' });
    await kms.call('UpdateKeyDescription', { KeyId, Description: 'new' });
    expect((await kms.describe(KeyId)).Description).toBe('new');
    expect(await outcome(kms.call('UpdateKeyDescription', { KeyId }))).toMatch(/Value null at 'description'/);
  });
});

describe('the last use', () => {
  it('is that of the last cryptographic operation that succeeded', async () => {
    const kms = new InProcessKms();
    const { KeyId } = await create(kms, {});
    const created = kms.clock.wall_ms() / 1000;
    const times = { KeyCreationDate: created, TrackingStartDate: created };
    expect(await kms.call('GetKeyLastUsage', { KeyId })).toEqual({ KeyId, ...times, KeyLastUsage: {} });
    kms.clock.advance(5000);
    await kms.call('Encrypt', { KeyId, Plaintext: base64('secret') });
    const used = kms.service.trail.list().at(-1)!;
    kms.clock.advance(5000);
    await outcome(kms.call('Encrypt', { KeyId, Plaintext: base64('secret'), DryRun: true }));
    expect((await kms.call('GetKeyLastUsage', { KeyId })).KeyLastUsage).toEqual({
      Operation: 'Encrypt',
      Timestamp: created + 5,
      CloudTrailEventId: used.eventID,
      KmsRequestId: used.requestID,
    });
  });

  it('is noted for both keys of a ReEncrypt', async () => {
    const kms = new InProcessKms();
    const [source, destination] = [await create(kms, {}), await create(kms, {})];
    const { CiphertextBlob } = await kms.call('Encrypt', { KeyId: source.KeyId, Plaintext: 'AAAA' });
    await kms.call('ReEncrypt', { CiphertextBlob, DestinationKeyId: destination.KeyId });
    for (const { KeyId } of [source, destination]) {
      expect((await kms.call('GetKeyLastUsage', { KeyId })).KeyLastUsage).toMatchObject({
        Operation: 'ReEncrypt',
      });
    }
  });
});

describe('a key that is not for symmetric encryption', () => {
  it.each([
    ['RSA_2048', 'ENCRYPT_DECRYPT', { EncryptionAlgorithms: ['RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256'] }],
    ['ECC_NIST_P256', 'SIGN_VERIFY', { SigningAlgorithms: ['ECDSA_SHA_256'] }],
    ['HMAC_256', 'GENERATE_VERIFY_MAC', { MacAlgorithms: ['HMAC_SHA_256'] }],
    ['ECC_NIST_P384', 'KEY_AGREEMENT', { KeyAgreementAlgorithms: ['ECDH'] }],
  ])('describes itself: %s, %s', async (KeySpec, KeyUsage, algorithms) => {
    const kms = new InProcessKms();
    const metadata = await create(kms, { KeySpec, KeyUsage });
    expect(metadata).toMatchObject({ KeySpec, CustomerMasterKeySpec: KeySpec, KeyUsage, ...algorithms });
    expect(metadata).not.toHaveProperty('CurrentKeyMaterialId');
    expect(await kms.describe(metadata.KeyId)).toEqual(metadata);
  });

  it('does no symmetric cryptography, and says so once its state allows the question', async () => {
    const kms = new InProcessKms();
    const rsa = await create(kms, { KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' });
    const mac = await create(kms, { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' });
    const dataKey = (KeyId: string) => outcome(kms.call('GenerateDataKey', { KeyId, KeySpec: 'AES_256' }));
    expect(await dataKey(rsa.KeyId)).toBe(
      `InvalidKeyUsageException: ${rsa.Arn} key spec is RSA_2048 which is not valid for GenerateDataKey.`,
    );
    expect(await dataKey(mac.KeyId)).toBe(
      `InvalidKeyUsageException: ${mac.Arn} key usage is GENERATE_VERIFY_MAC which is not valid for GenerateDataKey.`,
    );
    await kms.call('DisableKey', { KeyId: rsa.KeyId });
    expect(await dataKey(rsa.KeyId)).toBe(`DisabledException: ${rsa.Arn} is disabled.`);
  });

  it('takes no grant with an encryption context', async () => {
    const kms = new InProcessKms();
    const { KeyId } = await create(kms, { KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' });
    expect(await outcome(kms.grantToDynamodb(KeyId))).toBe(
      'ValidationException: EncryptionContext is supported only when creating a grant for a symmetric encryption KMS key.',
    );
  });

  it.each([
    [
      { KeySpec: 'RSA_2048' },
      'You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.',
    ],
    [{ KeyUsage: 'SIGN_VERIFY' }, 'KeyUsage SIGN_VERIFY is not compatible with KeySpec SYMMETRIC_DEFAULT'],
    [
      { KeySpec: 'HMAC_256', KeyUsage: 'ENCRYPT_DECRYPT' },
      'KeyUsage ENCRYPT_DECRYPT is not compatible with KeySpec HMAC_256',
    ],
  ])('is not made of what does not go together: %j', async (body, message) => {
    expect(await outcome(new InProcessKms().call('CreateKey', body))).toBe(`ValidationException: ${message}`);
  });
});

it('a key has 50 aliases at most', async () => {
  const kms = new InProcessKms();
  const [one, other] = [await create(kms, {}), await create(kms, {})];
  for (let i = 0; i < 50; i++) {
    await kms.call('CreateAlias', { AliasName: `alias/a${i}`, TargetKeyId: one.KeyId });
  }
  await kms.call('CreateAlias', { AliasName: 'alias/other', TargetKeyId: other.KeyId });
  const full = /^LimitExceededException: /;
  expect(await outcome(kms.call('CreateAlias', { AliasName: 'alias/b', TargetKeyId: one.KeyId }))).toMatch(
    full,
  );
  expect(
    await outcome(kms.call('UpdateAlias', { AliasName: 'alias/other', TargetKeyId: one.KeyId })),
  ).toMatch(full);
  expect(await outcome(kms.call('UpdateAlias', { AliasName: 'alias/a0', TargetKeyId: one.KeyId }))).toBe(
    'ok',
  );
});
