import { randomBytes } from 'node:crypto';
import type { Principal } from '../wire/types.ts';
import type { EncryptionContext } from './types.ts';

export const GRANT_OPERATIONS = [
  ...['Decrypt', 'Encrypt', 'GenerateDataKey', 'GenerateDataKeyWithoutPlaintext', 'ReEncryptFrom'],
  ...['ReEncryptTo', 'Sign', 'Verify', 'GetPublicKey', 'CreateGrant', 'RetireGrant', 'DescribeKey'],
  ...['GenerateDataKeyPair', 'GenerateDataKeyPairWithoutPlaintext', 'GenerateMac', 'VerifyMac'],
  'DeriveSharedSecret',
] as const;

/** Those that a symmetric encryption key has; a grant on one may name no other. */
export const SYMMETRIC_GRANT_OPERATIONS: readonly string[] = [
  ...['Decrypt', 'Encrypt', 'GenerateDataKey', 'GenerateDataKeyWithoutPlaintext', 'ReEncryptFrom'],
  ...['ReEncryptTo', 'CreateGrant', 'RetireGrant', 'DescribeKey', 'GenerateDataKeyPair'],
  'GenerateDataKeyPairWithoutPlaintext',
];

/** What a grant is about, as CreateGrant asks for it and ListGrants shows it. */
export interface GrantTerms {
  readonly name?: string;
  /** An ARN of IAM, or a service principal such as `dynamodb.eu-west-1.amazonaws.com`. */
  readonly grantee: string;
  readonly retiring?: string;
  /** `GranteeServicePrincipal` and `RetiringServicePrincipal` were given, not the plain members. */
  readonly granteeIsService?: boolean;
  readonly retiringIsService?: boolean;
  readonly operations: readonly string[];
  readonly constraints?: GrantConstraints;
}

export interface GrantConstraints {
  readonly EncryptionContextSubset?: EncryptionContext;
  readonly EncryptionContextEquals?: EncryptionContext;
  readonly SourceArn?: string;
}

/** A grant. A record never changes. */
export interface GrantRecord extends GrantTerms {
  /** 64 hexadecimal digits. */
  readonly grantId: string;
  readonly keyId: string;
  readonly created_ms: number;
}

const TOKEN_MARK = Buffer.from('grant:1:');
const ID_BYTES = 32;
const TOKEN_BYTES = TOKEN_MARK.length + ID_BYTES + 16;

export function newGrantId(): string {
  return randomBytes(ID_BYTES).toString('hex');
}

/**
 * A token names a grant and is different each time. It is no secret and permits nothing by itself: whoever shows it
 * has to be the grant's principal.
 */
export function newGrantToken(grantId: string): string {
  return Buffer.concat([TOKEN_MARK, Buffer.from(grantId, 'hex'), randomBytes(16)]).toString('base64');
}

/** The grant that a token names; `undefined` for text that is no token. */
export function grantIdOf(token: string): string | undefined {
  const bytes = Buffer.from(token, 'base64');
  if (bytes.length !== TOKEN_BYTES || bytes.toString('base64') !== token) return undefined;
  if (!bytes.subarray(0, TOKEN_MARK.length).equals(TOKEN_MARK)) return undefined;
  return bytes.subarray(TOKEN_MARK.length, TOKEN_MARK.length + ID_BYTES).toString('hex');
}

/** Names under which a principal can be a grant's: its own, its account's, a service's in a Region. */
export function grantNames(principal: Principal, region: string): string[] {
  if (principal.kind === 'user') return [principal.arn, `arn:aws:iam::${principal.accountId}:root`];
  return [principal.name, regionalService(principal.name, region)];
}

/** `dynamodb.amazonaws.com` → `dynamodb.eu-west-1.amazonaws.com` */
export function regionalService(name: string, region: string): string {
  return name.replace('.', `.${region}.`);
}

/**
 * True when the grant permits the operation to its grantee. Constraints on the encryption context hold for operations
 * that have one. Requests of this KMS come on behalf of no resource, so that a grant with a `SourceArn` permits nothing.
 */
export function permits(
  grant: GrantRecord,
  operation: string,
  context: EncryptionContext | undefined,
): boolean {
  if (!grant.operations.includes(operation)) return false;
  const {
    SourceArn,
    EncryptionContextSubset: subset,
    EncryptionContextEquals: equals,
  } = grant.constraints ?? {};
  if (SourceArn !== undefined) return operation === 'RetireGrant';
  if (context === undefined) return true;
  if (subset !== undefined && !includes(context, subset)) return false;
  return equals === undefined || (includes(context, equals) && includes(equals, context));
}

/** True for terms that give no more than the grant does: who may create grants by a grant may create such ones. */
export function isNarrower(terms: GrantTerms, grant: GrantTerms): boolean {
  if (!terms.operations.every((operation) => grant.operations.includes(operation))) return false;
  const { EncryptionContextSubset: subset, EncryptionContextEquals: equals } = grant.constraints ?? {};
  const own = terms.constraints ?? {};
  if (equals !== undefined) {
    const ownEquals = own.EncryptionContextEquals;
    return ownEquals !== undefined && includes(ownEquals, equals) && includes(equals, ownEquals);
  }
  return (
    subset === undefined ||
    includes({ ...own.EncryptionContextSubset, ...own.EncryptionContextEquals }, subset)
  );
}

/** In a constraint, as KMS documents, the keys of pairs are not case-sensitive; their values are. */
function includes(context: EncryptionContext, pairs: EncryptionContext): boolean {
  const values = new Map(Object.entries(context).map(([key, value]) => [key.toLowerCase(), value]));
  return Object.entries(pairs).every(([key, value]) => values.get(key.toLowerCase()) === value);
}
