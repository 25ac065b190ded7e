import { describe, expect, it } from 'vitest';
import { ACCOUNT, alice, base64, CONTEXT, dynamodb, InProcessKms, outcome, REGION } from './harness.ts';

describe('the trail', () => {
  it('shows a user by name, with what was asked and of which key', async () => {
    const kms = new InProcessKms();
    const { id, arn } = await kms.createKey();
    await kms.call('DescribeKey', { KeyId: id });
    expect(kms.service.trail.list().at(-1)).toEqual({
      eventVersion: '1.05',
      userIdentity: {
        type: 'IAMUser',
        arn: alice.principal.arn,
        accountId: ACCOUNT,
        accessKeyId: alice.accessKeyId,
        userName: 'alice',
      },
      eventTime: '2026-01-01T00:00:00Z',
      eventSource: 'kms.amazonaws.com',
      eventName: 'DescribeKey',
      awsRegion: REGION,
      sourceIPAddress: '192.0.2.1',
      userAgent: 'test',
      requestParameters: { keyId: id },
      responseElements: null,
      requestID: 'request-1',
      eventID: expect.stringMatching(/^[0-9a-f-]{36}$/),
      readOnly: true,
      resources: [{ ARN: arn, accountId: ACCOUNT, type: 'AWS::KMS::Key' }],
      eventType: 'AwsApiCall',
      managementEvent: true,
      recipientAccountId: ACCOUNT,
      eventCategory: 'Management',
    });
  });

  it('names the key of a change that answers nothing, and tells no two events by one id', async () => {
    const kms = new InProcessKms();
    const { id, arn } = await kms.createKey();
    await kms.call('EnableKeyRotation', { KeyId: id, RotationPeriodInDays: 180 });
    await kms.call('TagResource', { KeyId: id, Tags: [{ TagKey: 'a', TagValue: 'b' }] });
    const events = kms.service.trail.list();
    expect(events[1]).toMatchObject({
      requestParameters: { keyId: id, rotationPeriodInDays: 180 },
      responseElements: { keyId: arn },
      readOnly: false,
    });
    expect(new Set(events.map(({ eventID }) => eventID)).size).toBe(3);
  });

  it('shows the service, and the user that the service acts for', async () => {
    const kms = new InProcessKms();
    const { arn } = await kms.createKey();
    await kms.grantToDynamodb(arn);
    const asked = { KeyId: arn, KeySpec: 'AES_256', EncryptionContext: CONTEXT };
    const { CiphertextBlob } = await kms.call('GenerateDataKey', asked, dynamodb);
    await kms.call('Decrypt', { CiphertextBlob, EncryptionContext: CONTEXT }, dynamodb, alice);
    const [made, opened] = kms.service.trail.list().slice(-2);
    expect(made).toMatchObject({
      userIdentity: { type: 'AWSService', invokedBy: 'dynamodb.amazonaws.com' },
      sourceIPAddress: 'dynamodb.amazonaws.com',
      userAgent: 'dynamodb.amazonaws.com',
      requestParameters: { encryptionContext: CONTEXT, keySpec: 'AES_256', keyId: arn },
      responseElements: null,
      sharedEventID: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(opened).toMatchObject({
      userIdentity: {
        type: 'IAMUser',
        userName: 'alice',
        arn: alice.principal.arn,
        invokedBy: 'dynamodb.amazonaws.com',
      },
      sourceIPAddress: 'dynamodb.amazonaws.com',
      resources: [{ ARN: arn }],
    });
    expect(opened).not.toHaveProperty('sharedEventID');
    expect(opened?.requestParameters).toEqual({ encryptionContext: CONTEXT });
  });

  it('shows failures, and changes with their outcome', async () => {
    const kms = new InProcessKms();
    const { id, arn } = await kms.createKey();
    await kms.call('ScheduleKeyDeletion', { KeyId: id, PendingWindowInDays: 7 });
    await outcome(kms.call('EnableKey', { KeyId: id }));
    const [created, scheduled, refused] = kms.service.trail.list();
    expect(created).toMatchObject({ readOnly: false, responseElements: { keyMetadata: { Arn: arn } } });
    expect(scheduled).toMatchObject({
      requestParameters: { keyId: id, pendingWindowInDays: 7 },
      responseElements: { keyId: arn, keyState: 'PendingDeletion', pendingWindowInDays: 7 },
    });
    expect(refused).toMatchObject({
      errorCode: 'KMSInvalidStateException',
      errorMessage: `${arn} is pending deletion.`,
      responseElements: null,
      resources: [{ ARN: arn }],
    });
  });

  it('holds no plaintext, whatever was asked', async () => {
    const kms = new InProcessKms();
    const { id } = await kms.createKey();
    const secret = base64('a plaintext that nobody else may see');
    const { CiphertextBlob } = await kms.call('Encrypt', { KeyId: id, Plaintext: secret });
    await kms.call('Decrypt', { CiphertextBlob });
    await kms.call('ReEncrypt', { CiphertextBlob, DestinationKeyId: id });
    const { Plaintext } = await kms.call('GenerateDataKey', { KeyId: id, KeySpec: 'AES_256' });
    await outcome(kms.call('Encrypt', { KeyId: { mistaken: secret }, Plaintext: secret }));
    await outcome(kms.call('Encrypt', { Plaintext: secret, EncryptionContext: [secret] }));
    await outcome(kms.call('GenerateDataKey', { KeyId: id, KeySpec: { mistaken: secret } }));
    const text = JSON.stringify(kms.service.trail.list());
    expect(kms.service.trail.list().length).toBe(8);
    for (const hidden of [secret, Plaintext, CiphertextBlob]) expect(text).not.toContain(hidden);
  });

  it('keeps the newest in bounded memory, and counts all', async () => {
    const kms = new InProcessKms({ trailCapacity: 5 });
    const { id } = await kms.createKey();
    for (let i = 1; i <= 12; i++) {
      await kms.call('GenerateDataKey', { KeyId: id, NumberOfBytes: i });
    }
    const sizes = kms.service.trail.list().map((record) => record.requestParameters?.numberOfBytes);
    expect(sizes).toEqual([8, 9, 10, 11, 12]);
    expect(kms.service.requests.counters().calls).toEqual({ CreateKey: 1, GenerateDataKey: 12 });
    const EncryptionContext = { long: 'x'.repeat(9000) };
    await kms.call('GenerateDataKey', { KeyId: id, NumberOfBytes: 1, EncryptionContext });
    expect(kms.service.trail.list().at(-1)?.requestParameters).toMatchObject({ omitted: true });
    await outcome(kms.call('DescribeKey', { KeyId: 'x'.repeat(100_000) }));
    expect(kms.service.trail.list().at(-1)?.errorMessage?.length).toBe(1024);
  });
});
