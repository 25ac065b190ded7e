import { randomUUID } from 'node:crypto';
import { AwsError } from '../../wire/errors.ts';

interface Reading {
  code: string;
  /** 400 without it. */
  status?: number;
  prefix: string;
  /** Class name within the KMS client of DynamoDB's own servers, as its texts show it. */
  kmsClass: string;
}

const READINGS: Readonly<Record<string, Reading>> = {
  DisabledException: {
    code: 'ValidationException',
    prefix: 'KMS key disabled error',
    kmsClass: 'DisabledException',
  },
  KMSInvalidStateException: {
    code: 'ValidationException',
    prefix: 'KMS validation error',
    kmsClass: 'KMSInvalidStateException',
  },
  NotFoundException: {
    code: 'ValidationException',
    prefix: 'KMS validation error',
    kmsClass: 'NotFoundException',
  },
  InvalidArnException: {
    code: 'ValidationException',
    prefix: 'KMS validation error',
    kmsClass: 'InvalidArnException',
  },
  AccessDeniedException: {
    code: 'AccessDeniedException',
    prefix: 'KMS key access denied error',
    kmsClass: 'AWSKMSException',
  },
  LimitExceededException: {
    code: 'LimitExceededException',
    prefix: 'KMS limit exceeded error',
    kmsClass: 'LimitExceededException',
  },
  // What DynamoDB does not expect of the KMS: keys that are not for symmetric encryption.
  ValidationException: {
    code: 'InternalServerError',
    status: 500,
    prefix: 'KMS internal error',
    kmsClass: 'AWSKMSException',
  },
};

/** Where a key is only looked for: a name that no key can have. */
const NO_NAME: Reading = {
  code: 'ValidationException',
  prefix: 'KMS validation error',
  kmsClass: 'AWSKMSException',
};

/** The KMS said no, as opposed to nothing, or to wait. @param thrown what `asStoreError` made of it */
export function isRefusal(thrown: unknown): thrown is AwsError {
  return (
    thrown instanceof AwsError &&
    (thrown.code === 'ValidationException' || thrown.code === 'AccessDeniedException')
  );
}

/**
 * A failure of the KMS as a client of DynamoDB sees it: texts as observed on DynamoDB.
 * @param operation what the KMS was asked for
 * @returns what was thrown, where it does not come from the KMS
 */
export function asStoreError(thrown: unknown, operation: string): unknown {
  if (!(thrown instanceof AwsError)) return thrown;
  if (thrown.code === 'ThrottlingException') {
    return new AwsError(
      'ThrottlingException',
      'KMS throttled the request for the table key. Slow down and retry.',
    );
  }
  const isName = operation === 'DescribeKey' && thrown.code === 'ValidationException';
  const reading = isName ? NO_NAME : READINGS[thrown.code];
  if (reading === undefined) {
    return new AwsError('InternalServerError', 'The request processing has failed because of the KMS.', 500);
  }
  const details = `Service: AWSKMS; Status Code: 400; Error Code: ${thrown.code}; Request ID: ${randomUUID()}; Proxy: null`;
  const text = `${reading.prefix}: com.amazonaws.services.kms.model.${reading.kmsClass}: ${thrown.message} (${details})`;
  return new AwsError(reading.code, text, reading.status ?? 400);
}
