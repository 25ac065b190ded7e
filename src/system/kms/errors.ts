import { AwsError } from '../wire/errors.ts';

/** The errors of the KMS API, with its own texts. All are HTTP 400 but for the internal one. */
export const kmsErrors = {
  validation: (message: string) => new AwsError('ValidationException', message),
  serialization: (message: string) => new AwsError('SerializationException', message),
  unsupported: (message: string) => new AwsError('UnsupportedOperationException', message),
  disabled: (arn: string) => new AwsError('DisabledException', `${arn} is disabled.`),
  pendingDeletion: (arn: string) => new AwsError('KMSInvalidStateException', `${arn} is pending deletion.`),
  notPendingDeletion: (arn: string) =>
    new AwsError('KMSInvalidStateException', `${arn} is not pending deletion.`),
  keyNotFound: (arn: string) => new AwsError('NotFoundException', `Key '${arn}' does not exist`),
  invalidKeyId: (keyId: string) => new AwsError('NotFoundException', `Invalid keyId '${keyId}'`),
  invalidArn: (arn: string) => new AwsError('InvalidArnException', `Invalid arn ${arn}`),
  otherRegion: (region: string) => new AwsError('NotFoundException', `Invalid arn ${region}`),
  aliasNotFound: (arn: string) => new AwsError('NotFoundException', `Alias ${arn} is not found.`),
  aliasExists: (arn: string) =>
    new AwsError('AlreadyExistsException', `An alias with the name ${arn} already exists`),
  reservedAlias: () => new AwsError('NotAuthorizedException', ''),
  invalidMarker: () =>
    new AwsError('InvalidMarkerException', 'The marker does not come from an earlier page.'),
  invalidCiphertext: () => new AwsError('InvalidCiphertextException', ''),
  incorrectKey: () =>
    new AwsError(
      'IncorrectKeyException',
      'The key ID in the request does not identify a CMK that can perform this operation.',
    ),
  invalidKeyUsage: (message: string) => new AwsError('InvalidKeyUsageException', message),
  invalidGrantToken: () => new AwsError('InvalidGrantTokenException', ''),
  dryRun: () =>
    new AwsError(
      'DryRunOperationException',
      'The request would have succeeded, but the DryRun option is set.',
    ),
  accessDenied: (principalArn: string, operation: string, resourceArn: string) =>
    new AwsError(
      'AccessDeniedException',
      `User: ${principalArn} is not authorized to perform: kms:${operation} on resource: ${resourceArn} because no resource-based policy allows the kms:${operation} action`,
    ),
  /** The key that a ciphertext names is deleted, or is not the caller's. */
  ciphertextKeyOutOfReach: () =>
    new AwsError(
      'AccessDeniedException',
      'The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.',
    ),
  throttled: () =>
    new AwsError(
      'ThrottlingException',
      'You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.',
    ),
  internal: () =>
    new AwsError(
      'KMSInternalException',
      'The request was rejected because an internal exception occurred. The request can be retried.',
      500,
    ),
} as const;
