import { AwsError } from '../wire/errors.ts';
import type { Refusal } from './authorizer.ts';

/** Nothing allows it, and no policy but the key's was asked. */
const BY_RESOURCE: Refusal = { by: 'resource', explicit: false };

/** The errors of the KMS API, with its own texts. All are HTTP 400 but for the internal one. */
export const kmsErrors = {
  validation: (message: string) => new AwsError('ValidationException', message),
  serialization: (message: string) => new AwsError('SerializationException', message),
  tag: (message: string) => new AwsError('TagException', message),
  unsupported: (message: string) => new AwsError('UnsupportedOperationException', message),
  disabled: (arn: string) => new AwsError('DisabledException', `${arn} is disabled.`),
  pendingDeletion: (arn: string) => new AwsError('KMSInvalidStateException', `${arn} is pending deletion.`),
  notPendingDeletion: (arn: string) =>
    new AwsError('KMSInvalidStateException', `${arn} is not pending deletion.`),
  notRotatable: (arn: string, spec: string) =>
    new AwsError(
      'UnsupportedOperationException',
      `${arn} key spec is ${spec} which is not valid for this operation.`,
    ),
  rotationNear: () =>
    new AwsError(
      'ConflictException',
      'The request was rejected because an automatic rotation of this key is currently in progress or scheduled to begin within the next 20 minutes.',
    ),
  tooManyRotations: (arn: string) =>
    new AwsError(
      'LimitExceededException',
      `The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can be performed for this key: ${arn}`,
    ),
  tooManyKeys: () =>
    new AwsError(
      'LimitExceededException',
      'The request was rejected because a quota was exceeded: KMS keys per account.',
    ),
  tooManyAliases: () =>
    new AwsError(
      'LimitExceededException',
      'The request was rejected because a quota was exceeded: aliases per KMS key.',
    ),
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
  invalidGrantId: () => new AwsError('InvalidGrantIdException', ''),
  grantNotFound: (grantId: string) => new AwsError('NotFoundException', `Grant ID ${grantId} not found`),
  noPrincipal: (name: string) =>
    new AwsError('InvalidArnException', `ARN does not refer to a valid principal: ${name}`),
  tooManyGrants: () =>
    new AwsError(
      'LimitExceededException',
      'The request was rejected because a quota was exceeded: grants per KMS key.',
    ),
  policyNotFound: () => new AwsError('NotFoundException', 'No such policy exists'),
  policyTooLong: (characters: number) =>
    new AwsError(
      'LimitExceededException',
      `The request was rejected because a quota was exceeded: a key policy document has ${characters} bytes at most.`,
    ),
  malformedPolicy: (problem: string) =>
    new AwsError(
      'MalformedPolicyDocumentException',
      `The specified policy is not syntactically or semantically correct: ${problem}`,
    ),
  unknownPrincipals: () =>
    new AwsError(
      'MalformedPolicyDocumentException',
      'Policy contains a statement with one or more invalid principals.',
    ),
  policyLocksOut: () =>
    new AwsError(
      'MalformedPolicyDocumentException',
      'The new key policy will not allow you to update the key policy in the future.',
    ),
  dryRun: () =>
    new AwsError(
      'DryRunOperationException',
      'The request would have succeeded, but the DryRun option is set.',
    ),
  accessDenied: (principalArn: string, action: string, resourceArn: string, refusal = BY_RESOURCE) =>
    denied(principalArn, action, `resource: ${resourceArn}`, refusal),
  /** Whoever shows a ciphertext is not told its key. */
  ciphertextDenied: (principalArn: string, action: string, refusal: Refusal) =>
    denied(principalArn, action, 'the resource associated with this ciphertext', refusal),
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

function denied(principalArn: string, action: string, where: string, { by, explicit }: Refusal): AwsError {
  const why = explicit
    ? `with an explicit deny in ${by === 'resource' ? 'a resource' : 'an identity'}-based policy`
    : `because no ${by}-based policy allows the kms:${action} action`;
  return new AwsError(
    'AccessDeniedException',
    `User: ${principalArn} is not authorized to perform: kms:${action} on ${where} ${why}`,
  );
}
