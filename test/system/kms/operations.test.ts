import { describe, expect, it } from 'vitest';
import { ACCOUNT, base64, CONTEXT, InProcessKms, outcome, REGION } from './harness.ts';

const UNKNOWN_ID = '00000000-0000-4000-8000-000000000000';
const arnOf = (rest: string) => `arn:aws:kms:${REGION}:${ACCOUNT}:${rest}`;

describe('CreateKey', () => {
  it('answers the metadata that AWS answers by default', async () => {
    const kms = new InProcessKms();
    const { KeyMetadata } = await kms.call('CreateKey', { Description: 'of orders' });
    const { KeyId, CurrentKeyMaterialId, ...rest } = KeyMetadata as Record<string, string>;
    expect(KeyId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(CurrentKeyMaterialId).toMatch(/^[0-9a-f]{64}$/);
    expect(rest).toEqual({
      AWSAccountId: ACCOUNT,
      Arn: arnOf(`key/${KeyId}`),
      CreationDate: kms.clock.wall_ms() / 1000,
      CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT',
      Description: 'of orders',
      Enabled: true,
      EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
      KeyManager: 'CUSTOMER',
      KeySpec: 'SYMMETRIC_DEFAULT',
      KeyState: 'Enabled',
      KeyUsage: 'ENCRYPT_DECRYPT',
      MultiRegion: false,
      Origin: 'AWS_KMS',
    });
    expect(await kms.describe(KeyId!)).toEqual(KeyMetadata);
  });

  it.each([{ Origin: 'EXTERNAL' }, { MultiRegion: true }])(
    'refuses what it would not do: %j',
    async (body) => {
      const result = await outcome(new InProcessKms().call('CreateKey', body));
      expect(result).toMatch(/^UnsupportedOperationException: .*(Origin|MultiRegion)/);
    },
  );
});

describe('cryptographic operations', () => {
  it('round-trip data keys of every size under their context', async () => {
    const kms = new InProcessKms();
    const { id, arn } = await kms.createKey();
    const sizes = [{ KeySpec: 'AES_256' }, { KeySpec: 'AES_128' }, { NumberOfBytes: 1024 }];
    for (const [index, size] of sizes.entries()) {
      const made = await kms.call('GenerateDataKey', { KeyId: id, EncryptionContext: CONTEXT, ...size });
      expect(Buffer.from(made.Plaintext, 'base64').length).toBe([32, 16, 1024][index]);
      const opened = await kms.call('Decrypt', {
        CiphertextBlob: made.CiphertextBlob,
        EncryptionContext: CONTEXT,
      });
      expect(opened).toEqual({
        KeyId: arn,
        Plaintext: made.Plaintext,
        EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
        KeyMaterialId: made.KeyMaterialId,
      });
    }
  });

  it('keep the plaintext back when asked to', async () => {
    const kms = new InProcessKms();
    const { id, arn } = await kms.createKey();
    const made = await kms.call('GenerateDataKeyWithoutPlaintext', { KeyId: id, KeySpec: 'AES_256' });
    expect(Object.keys(made).sort()).toEqual(['CiphertextBlob', 'KeyId', 'KeyMaterialId']);
    const opened = await kms.call('Decrypt', { CiphertextBlob: made.CiphertextBlob, KeyId: arn });
    expect(Buffer.from(opened.Plaintext, 'base64').length).toBe(32);
  });

  it('encrypt up to 4096 bytes', async () => {
    const kms = new InProcessKms();
    const { id } = await kms.createKey();
    const sealed = await kms.call('Encrypt', { KeyId: id, Plaintext: base64('x'.repeat(4096)) });
    expect(Buffer.from(sealed.CiphertextBlob, 'base64').length).toBeLessThanOrEqual(6144);
    expect(await outcome(kms.call('Encrypt', { KeyId: id, Plaintext: base64('x'.repeat(4097)) }))).toBe(
      "ValidationException: 1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have length less than or equal to 4096",
    );
  });

  it('re-encrypt under another key and context', async () => {
    const kms = new InProcessKms();
    const [from, to] = [await kms.createKey(), await kms.createKey()];
    const sealed = await kms.call('Encrypt', {
      KeyId: from.id,
      Plaintext: base64('secret'),
      EncryptionContext: { a: '1' },
    });
    const moved = await kms.call('ReEncrypt', {
      CiphertextBlob: sealed.CiphertextBlob,
      SourceEncryptionContext: { a: '1' },
      SourceKeyId: from.arn,
      DestinationKeyId: to.id,
      DestinationEncryptionContext: { b: '2' },
    });
    expect([moved.SourceKeyId, moved.KeyId]).toEqual([from.arn, to.arn]);
    const opened = await kms.call('Decrypt', {
      CiphertextBlob: moved.CiphertextBlob,
      EncryptionContext: { b: '2' },
    });
    expect([opened.Plaintext, opened.KeyId]).toEqual([base64('secret'), to.arn]);
  });

  it('say nothing about why a ciphertext does not open', async () => {
    const kms = new InProcessKms();
    const { id } = await kms.createKey();
    const { CiphertextBlob: blob } = await kms.call('Encrypt', {
      KeyId: id,
      Plaintext: base64('secret'),
      EncryptionContext: CONTEXT,
    });
    const bytes = Buffer.from(blob, 'base64');
    const attempts = [{ CiphertextBlob: blob }, { CiphertextBlob: base64('no blob of ours') }];
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 0x10;
      attempts.push({ CiphertextBlob: changed.toString('base64'), EncryptionContext: CONTEXT } as never);
    }
    for (const body of attempts) {
      expect(await outcome(kms.call('Decrypt', body))).toBe('InvalidCiphertextException: ');
    }
  });

  it('refuse another key than the one that the ciphertext names', async () => {
    const kms = new InProcessKms();
    const [one, other] = [await kms.createKey(), await kms.createKey()];
    const { CiphertextBlob } = await kms.call('Encrypt', { KeyId: one.id, Plaintext: base64('secret') });
    expect(await outcome(kms.call('Decrypt', { CiphertextBlob, KeyId: other.arn }))).toBe(
      'IncorrectKeyException: The key ID in the request does not identify a CMK that can perform this operation.',
    );
  });

  it('only try, with DryRun', async () => {
    const kms = new InProcessKms();
    const { id, arn } = await kms.createKey();
    const dry = { KeyId: id, KeySpec: 'AES_256', DryRun: true };
    expect(await outcome(kms.call('GenerateDataKey', dry))).toBe(
      'DryRunOperationException: The request would have succeeded, but the DryRun option is set.',
    );
    await kms.call('DisableKey', { KeyId: id });
    expect(await outcome(kms.call('GenerateDataKey', dry))).toBe(`DisabledException: ${arn} is disabled.`);
  });

  it('draw random bytes', async () => {
    const kms = new InProcessKms();
    const { Plaintext } = await kms.call('GenerateRandom', { NumberOfBytes: 44 });
    expect(Buffer.from(Plaintext, 'base64').length).toBe(44);
  });
});

describe('a key', () => {
  it('goes by its id, its ARN, an alias and the ARN of an alias', async () => {
    const kms = new InProcessKms();
    const { id, arn } = await kms.createKey();
    await kms.call('CreateAlias', { AliasName: 'alias/orders/eu', TargetKeyId: id });
    for (const name of [id, arn, 'alias/orders/eu', arnOf('alias/orders/eu')]) {
      expect((await kms.call('GenerateDataKey', { KeyId: name, KeySpec: 'AES_256' })).KeyId).toBe(arn);
    }
  });

  it.each(['EnableKey', 'DisableKey', 'ScheduleKeyDeletion', 'CancelKeyDeletion'])(
    'is not known by its alias to %s',
    async (operation) => {
      const kms = new InProcessKms();
      const { id } = await kms.createKey();
      await kms.call('CreateAlias', { AliasName: 'alias/a', TargetKeyId: id });
      expect(await outcome(kms.call(operation, { KeyId: 'alias/a' }))).toBe(
        "NotFoundException: Invalid keyId 'alias/a'",
      );
      expect(await outcome(kms.call(operation, { KeyId: arnOf('alias/a') }))).toBe(
        `InvalidArnException: Invalid arn ${arnOf('alias/a')}`,
      );
      expect(await kms.describe(id)).toMatchObject({ KeyState: 'Enabled' });
    },
  );

  it.each([
    [UNKNOWN_ID, `NotFoundException: Key '${arnOf(`key/${UNKNOWN_ID}`)}' does not exist`],
    [arnOf(`key/${UNKNOWN_ID}`), `NotFoundException: Key '${arnOf(`key/${UNKNOWN_ID}`)}' does not exist`],
    ['orders', "NotFoundException: Invalid keyId 'orders'"],
    ['alias/orders', `NotFoundException: Alias ${arnOf('alias/orders')} is not found.`],
    ['arn:aws:kms:us-east-2:123456789012:alias/orders', 'NotFoundException: Invalid arn us-east-2'],
    ['arn:aws:s3:::bucket', 'InvalidArnException: Invalid arn arn:aws:s3:::bucket'],
    [
      `arn:aws:kms:${REGION}:999999999999:key/${UNKNOWN_ID}`,
      `AccessDeniedException: User: arn:aws:iam::${ACCOUNT}:user/alice is not authorized to perform: kms:DescribeKey on resource: arn:aws:kms:${REGION}:999999999999:key/${UNKNOWN_ID} because no resource-based policy allows the kms:DescribeKey action`,
    ],
  ])('that is not there is refused as AWS refuses it: %s', async (keyId, wanted) => {
    expect(await outcome(new InProcessKms().describe(keyId))).toBe(wanted);
  });
});

describe('aliases', () => {
  it('move, list by page and by key, and go', async () => {
    const kms = new InProcessKms();
    const [one, other] = [await kms.createKey(), await kms.createKey()];
    for (const name of ['a', 'b', 'c']) {
      await kms.call('CreateAlias', { AliasName: `alias/${name}`, TargetKeyId: one.id });
    }
    kms.clock.advance(5000);
    await kms.call('UpdateAlias', { AliasName: 'alias/b', TargetKeyId: other.arn });
    await kms.call('DeleteAlias', { AliasName: 'alias/c' });
    const first = await kms.call('ListAliases', { Limit: 1 });
    expect(first).toMatchObject({
      Aliases: [{ AliasName: 'alias/a', TargetKeyId: one.id }],
      Truncated: true,
    });
    const second = await kms.call('ListAliases', { Limit: 1, Marker: first.NextMarker });
    expect(second).toEqual({
      Aliases: [
        {
          AliasName: 'alias/b',
          AliasArn: arnOf('alias/b'),
          TargetKeyId: other.id,
          CreationDate: kms.clock.wall_ms() / 1000 - 5,
          LastUpdatedDate: kms.clock.wall_ms() / 1000,
        },
      ],
      Truncated: false,
    });
    expect(await kms.call('ListAliases', { KeyId: one.id })).toMatchObject({
      Aliases: [{ AliasName: 'alias/a' }],
    });
    expect(await outcome(kms.call('DeleteAlias', { AliasName: 'alias/c' }))).toBe(
      `NotFoundException: Alias ${arnOf('alias/c')} is not found.`,
    );
  });

  it('are made once, also when two ask at the same time', async () => {
    const kms = new InProcessKms();
    const { id } = await kms.createKey();
    const create = () => outcome(kms.call('CreateAlias', { AliasName: 'alias/a', TargetKeyId: id }));
    expect((await Promise.all([create(), create()])).sort()).toEqual([
      `AlreadyExistsException: An alias with the name ${arnOf('alias/a')} already exists`,
      'ok',
    ]);
  });

  it.each([
    [
      'orders',
      'ValidationException: Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html',
    ],
    ['alias/aws/mine', 'NotAuthorizedException: '],
    ['alias/sealbench/aws-owned/dynamodb', 'NotAuthorizedException: '],
    ['alias/a:b', 'ValidationException: alias/a:b contains invalid characters for an alias'],
    [
      'alias/a b',
      "ValidationException: 1 validation error detected: Value 'alias/a b' at 'aliasName' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$",
    ],
  ])('with such a name are refused: %s', async (AliasName, wanted) => {
    const kms = new InProcessKms();
    const { id } = await kms.createKey();
    expect(await outcome(kms.call('CreateAlias', { AliasName, TargetKeyId: id }))).toBe(wanted);
  });

  it('lead to keys only', async () => {
    const kms = new InProcessKms();
    expect(await outcome(kms.call('CreateAlias', { AliasName: 'alias/a', TargetKeyId: 'alias/b' }))).toBe(
      'ValidationException: Aliases must refer to keys. Not aliases',
    );
  });
});

describe('ListKeys', () => {
  it('pages through every key once', async () => {
    const kms = new InProcessKms();
    const made = new Set<string>();
    for (let i = 0; i < 25; i++) made.add((await kms.createKey()).id);
    const seen: string[] = [];
    let marker: unknown;
    do {
      const answer = (await kms.call('ListKeys', { Limit: 7, Marker: marker })) as unknown as {
        Keys: { KeyId: string }[];
        NextMarker?: string;
      };
      seen.push(...answer.Keys.map((key) => key.KeyId));
      marker = answer.NextMarker;
    } while (marker !== undefined);
    expect(seen.length).toBe(25);
    expect(new Set(seen)).toEqual(made);
    expect(await outcome(kms.call('ListKeys', { Marker: 'forged' }))).toMatch(/^InvalidMarkerException: /);
  });
});

describe('validation', () => {
  it.each([
    [
      'GenerateRandom',
      { NumberOfBytes: 0 },
      "ValidationException: 1 validation error detected: Value '0' at 'numberOfBytes' failed to satisfy constraint: Member must have value greater than or equal to 1",
    ],
    [
      'GenerateRandom',
      { NumberOfBytes: 1025 },
      "ValidationException: 1 validation error detected: Value '1025' at 'numberOfBytes' failed to satisfy constraint: Member must have value less than or equal to 1024",
    ],
    ['GenerateRandom', {}, 'ValidationException: NumberOfBytes is required.'],
    [
      'ScheduleKeyDeletion',
      { PendingWindowInDays: 6 },
      "ValidationException: 2 validation errors detected: Value null at 'keyId' failed to satisfy constraint: Member must not be null; Value '6' at 'pendingWindowInDays' failed to satisfy constraint: Member must have value greater than or equal to 7",
    ],
    [
      'GenerateDataKey',
      { KeyId: UNKNOWN_ID, KeySpec: 'AES_192' },
      "ValidationException: 1 validation error detected: Value 'AES_192' at 'keySpec' failed to satisfy constraint: Member must satisfy enum value set: [AES_256, AES_128]",
    ],
    [
      'GenerateDataKey',
      { KeyId: UNKNOWN_ID },
      'ValidationException: Please specify either number of bytes or key spec.',
    ],
    [
      'GenerateDataKey',
      { KeyId: UNKNOWN_ID, KeySpec: 'AES_256', NumberOfBytes: 32 },
      'ValidationException: Please specify either number of bytes or key spec.',
    ],
    [
      'Decrypt',
      { CiphertextBlob: '' },
      "ValidationException: 1 validation error detected: Value at 'ciphertextBlob' failed to satisfy constraint: Member must have length greater than or equal to 1",
    ],
    [
      'Encrypt',
      { KeyId: UNKNOWN_ID, Plaintext: 'not base64!' },
      'SerializationException: plaintext is not base64',
    ],
    ['DescribeKey', { KeyId: 7 }, 'SerializationException: NUMBER_VALUE cannot be converted to String'],
    [
      'Decrypt',
      { CiphertextBlob: 'AAAA', EncryptionContext: { a: null } },
      'SerializationException: NULL_VALUE cannot be converted to String',
    ],
    [
      'Decrypt',
      { CiphertextBlob: 'AAAA', EncryptionContext: { a: '\ud800' } },
      'SerializationException: encryptionContext holds text that is not Unicode',
    ],
    [
      'Encrypt',
      { KeyId: UNKNOWN_ID, Plaintext: 'AAAA', EncryptionAlgorithm: 'RSAES_OAEP_SHA_256' },
      'InvalidKeyUsageException: Algorithm RSAES_OAEP_SHA_256 is incompatible with key spec SYMMETRIC_DEFAULT.',
    ],
    [
      'Encrypt',
      { KeyId: UNKNOWN_ID, Plaintext: 'AAAA', GrantTokens: ['forged'] },
      'InvalidGrantTokenException: ',
    ],
  ])('%s of %j', async (operation, body, wanted) => {
    expect(await outcome(new InProcessKms().call(operation, body))).toBe(wanted);
  });
});
