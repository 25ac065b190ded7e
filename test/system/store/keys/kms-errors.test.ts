import { describe, expect, it } from 'vitest';
import type { KmsClient } from '../../../../src/system/kms/kms.ts';
import { asStoreError } from '../../../../src/system/store/keys/kms-errors.ts';
import { createStore } from '../../../../src/system/store/store.ts';
import { AwsError } from '../../../../src/system/wire/wire.ts';
import { ACCOUNT, alice, hashTable, REGION } from '../harness.ts';

const ARN = 'arn:aws:kms:us-east-1:123456789012:key/1';

describe('failures of the KMS, to a client of the store', () => {
  it.each<[string, string, string, number, RegExp]>([
    [
      'DisabledException',
      `${ARN} is disabled.`,
      'ValidationException',
      400,
      /^KMS key disabled error: .*DisabledException: \S+ is disabled\. \(Service: AWSKMS; /,
    ],
    [
      'KMSInvalidStateException',
      `${ARN} is pending deletion.`,
      'ValidationException',
      400,
      /^KMS validation error: .*KMSInvalidStateException: /,
    ],
    [
      'NotFoundException',
      `Key '${ARN}' does not exist`,
      'ValidationException',
      400,
      /^KMS validation error: .*NotFoundException: Key /,
    ],
    [
      'AccessDeniedException',
      'no',
      'AccessDeniedException',
      400,
      /^KMS key access denied error: .*AWSKMSException: no \(/,
    ],
    [
      'LimitExceededException',
      'grants per KMS key',
      'LimitExceededException',
      400,
      /^KMS limit exceeded error: .*LimitExceededException: grants per KMS key \(/,
    ],
    ['ThrottlingException', 'You have …', 'ThrottlingException', 400, /KMS/],
    ['KmsUnavailable', 'connect ECONNREFUSED', 'InternalServerError', 500, /KMS/],
    ['KMSInternalException', '', 'InternalServerError', 500, /KMS/],
    ['InvalidCiphertextException', '', 'InternalServerError', 500, /KMS/],
  ])('%s', (code, message, expected, status, text) => {
    const mapped = asStoreError(new AwsError(code, message), 'Decrypt') as AwsError;
    expect(mapped).toMatchObject({ code: expected, status });
    expect(mapped.message).toMatch(text);
  });

  it.each([
    ['CreateGrant', 'InternalServerError', 500, /^KMS internal error: /],
    ['DescribeKey', 'ValidationException', 400, /^KMS validation error: .*'keyId'/],
  ])('ValidationException of %s', (operation, code, status, text) => {
    const refusal = new AwsError('ValidationException', "Value '' at 'keyId' failed to satisfy constraint");
    const mapped = asStoreError(refusal, operation) as AwsError;
    expect(mapped).toMatchObject({ code, status });
    expect(mapped.message).toMatch(text);
  });

  it('leaves other errors alone', () => {
    const error = new TypeError('a bug');
    expect(asStoreError(error, 'Decrypt')).toBe(error);
  });
});

/** A KMS that fails from the moment it is told to. */
function fakeKms() {
  let failure: AwsError | undefined;
  const answers: Record<string, object> = {
    DescribeKey: { KeyMetadata: { Arn: ARN, KeyManager: 'CUSTOMER' } },
    GenerateDataKey: {
      KeyId: ARN,
      Plaintext: Buffer.alloc(32, 7).toString('base64'),
      CiphertextBlob: 'AAAA',
    },
    Decrypt: { KeyId: ARN, Plaintext: Buffer.alloc(32, 7).toString('base64') },
  };
  const kms = {
    call: async (operation: string) => {
      if (failure !== undefined) throw failure;
      return answers[operation];
    },
    counters: () => ({}),
    reset: () => {},
    close: async () => {},
  } as unknown as KmsClient;
  const fail = (code: string | undefined): void => {
    failure = code === undefined ? undefined : new AwsError(code, '');
  };
  return { kms, fail };
}

describe('a KMS that throttles or is down', () => {
  it.each([
    ['ThrottlingException', 'ThrottlingException'],
    ['KmsUnavailable', 'InternalServerError'],
  ])('%s fails what misses the cache, and nothing else', async (code, expected) => {
    const { kms, fail } = fakeKms();
    const store = await createStore({
      region: REGION,
      accountId: ACCOUNT,
      storage: 'memory',
      kms,
      keyCache: { scope: 'connection', ttl_ms: 300_000, expiry: 'absolute' },
    });
    const execute = (operation: string, body: Record<string, unknown>, connectionId = 1) =>
      store.execute(operation, body, { principal: alice.principal, connectionId });
    const get = { TableName: 'users', Key: { pk: { S: 'a' } } };
    await execute('CreateTable', { ...hashTable });
    await execute('PutItem', { TableName: 'users', Item: { pk: { S: 'a' } } });
    fail(code);
    expect(String(execute('GetItem', get))).toBe('{"Item":{"pk":{"S":"a"}}}');
    await expect(execute('GetItem', get, 2)).rejects.toMatchObject({ code: expected });
    await expect(
      execute('PutItem', { TableName: 'users', Item: { pk: { S: 'b' } } }, 2),
    ).rejects.toMatchObject({
      code: expected,
    });
    const failedCreate = Promise.resolve(execute('CreateTable', { ...hashTable, TableName: 'more' }));
    await expect(failedCreate).rejects.toMatchObject({ code: expected });
    fail(undefined);
    expect(String(await execute('GetItem', get, 2))).toBe('{"Item":{"pk":{"S":"a"}}}');
    await store.close();
  });
});
