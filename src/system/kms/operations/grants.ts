import type { KeyAccess } from '../access.ts';
import type { KmsCall } from '../call.ts';
import { kmsErrors } from '../errors.ts';
import { Fields } from '../fields.ts';
import {
  GRANT_OPERATIONS,
  type GrantRecord,
  type GrantTerms,
  newGrantToken,
  SYMMETRIC_GRANT_OPERATIONS,
} from '../grants.ts';
import type { KeyRecord } from '../keys.ts';
import { SYMMETRIC } from '../keyspecs.ts';
import { readTerms } from './grant-terms.ts';
import { after, grantOfToken, KEY_ID, MARKER, page, readGrantTokens } from './shared.ts';

const GRANT_ID = { min: 1, max: 128 } as const;
const GRANT_TOKEN = { min: 1, max: 8192 } as const;
const PRINCIPAL = { min: 1, max: 256, pattern: '^[\\w+=,.@:/-]+$' } as const;
const GRANTS_PAGE = { usual: 50, max: 100 } as const;

export async function createGrant(access: KeyAccess, call: KmsCall): Promise<object> {
  const fields = new Fields(call.body);
  const keyId = fields.requiredText('KeyId', KEY_ID);
  const terms = readTerms(fields);
  const dryRun = fields.flag('DryRun') ?? false;
  const tokens = readGrantTokens(fields);
  fields.check();
  tokens.check(access);
  const wanted = terms.checked(access, call);
  const key = access.findToChange(call, keyId, { action: call.operation, terms: wanted });
  access.requireState(call, key);
  refuseForeignContext(key, wanted.constraints);
  refuseForeignOperations(key, wanted.operations);
  if (dryRun) throw kmsErrors.dryRun();
  const grant = await access.grants.make(key.keyId, wanted, access.keyring.now_ms());
  return { GrantToken: newGrantToken(grant.grantId), GrantId: grant.grantId };
}

export async function revokeGrant(access: KeyAccess, call: KmsCall): Promise<object> {
  const fields = new Fields(call.body);
  const keyId = fields.requiredText('KeyId', KEY_ID);
  const grantId = fields.requiredText('GrantId', GRANT_ID);
  const dryRun = fields.flag('DryRun') ?? false;
  fields.check();
  const key = access.findToChange(call, keyId);
  const grant = grantOf(access, key, grantId);
  if (dryRun) throw kmsErrors.dryRun();
  if (!(await access.grants.remove(grant.grantId))) throw kmsErrors.grantNotFound(grantId);
  return {};
}

export async function retireGrant(access: KeyAccess, call: KmsCall): Promise<object> {
  const fields = new Fields(call.body);
  const token = fields.text('GrantToken', GRANT_TOKEN);
  const keyId = fields.text('KeyId', KEY_ID);
  const grantId = fields.text('GrantId', GRANT_ID);
  const dryRun = fields.flag('DryRun') ?? false;
  fields.check();
  const { key, grant } = grantToRetire(access, call, { token, keyId, grantId });
  const refusal = access.authorizer.refusalToRetire(call, key, grant);
  if (refusal !== undefined) {
    throw kmsErrors.accessDenied(call.principal.arn, call.operation, access.keyArn(key), refusal);
  }
  if (dryRun) throw kmsErrors.dryRun();
  if (!(await access.grants.remove(grant.grantId))) throw kmsErrors.grantNotFound(grant.grantId);
  return {};
}

export function listGrants(access: KeyAccess, call: KmsCall): object {
  const fields = new Fields(call.body);
  const keyId = fields.requiredText('KeyId', KEY_ID);
  const grantId = fields.text('GrantId', GRANT_ID);
  const grantee = fields.text('GranteePrincipal', PRINCIPAL);
  const granteeService = fields.text('GranteeServicePrincipal', PRINCIPAL);
  const { limit, marker } = readPage(fields);
  fields.check();
  if (grantee !== undefined && granteeService !== undefined) {
    throw kmsErrors.validation('Specify either GranteePrincipal or GranteeServicePrincipal, not both.');
  }
  const key = access.findToChange(call, keyId);
  const isWanted = (grant: GrantRecord) =>
    (grantee === undefined || (grant.grantee === grantee && !grant.granteeIsService)) &&
    (granteeService === undefined || (grant.grantee === granteeService && grant.granteeIsService === true));
  const grants =
    grantId === undefined
      ? (id: string) => wanted(access.grants.ofKeyAfter(key.keyId, id), isWanted)
      : after([grantOf(access, key, grantId)].filter(isWanted), idOf);
  return listed(access, page(grants, idOf, limit, marker));
}

export function listRetirableGrants(access: KeyAccess, call: KmsCall): object {
  const fields = new Fields(call.body);
  const retiring = fields.text('RetiringPrincipal', PRINCIPAL);
  const retiringService = fields.text('RetiringServicePrincipal', PRINCIPAL);
  const { limit, marker } = readPage(fields);
  fields.check();
  if ((retiring === undefined) === (retiringService === undefined)) {
    throw kmsErrors.validation('Specify either RetiringPrincipal or RetiringServicePrincipal.');
  }
  access.authorizeCaller(call);
  // Grants of deleted keys are gone with them.
  const isWanted = (grant: GrantRecord) =>
    (grant.retiringIsService ?? false) === (retiringService !== undefined) &&
    access.keyring.key(grant.keyId) !== undefined;
  const principal = retiring ?? retiringService!;
  return listed(
    access,
    page((id) => wanted(access.grants.retirableAfter(principal, id), isWanted), idOf, limit, marker),
  );
}

function* wanted(grants: Iterable<GrantRecord>, isWanted: (grant: GrantRecord) => boolean) {
  for (const grant of grants) if (isWanted(grant)) yield grant;
}

function readPage(fields: Fields): { limit: number; marker: string | undefined } {
  const limit = fields.integer('Limit', { min: 1, max: GRANTS_PAGE.max }) ?? GRANTS_PAGE.usual;
  return { limit, marker: fields.text('Marker', MARKER) };
}

function listed(access: KeyAccess, { entries, rest }: { entries: GrantRecord[]; rest: object }): object {
  return { Grants: entries.map((grant) => describeGrant(access, grant)), ...rest };
}

function describeGrant(access: KeyAccess, grant: GrantRecord): object {
  const key = access.keyring.key(grant.keyId)!;
  return {
    KeyId: access.keyArn(key),
    GrantId: grant.grantId,
    Name: grant.name,
    CreationDate: grant.created_ms / 1000,
    [grant.granteeIsService ? 'GranteeServicePrincipal' : 'GranteePrincipal']: grant.grantee,
    [grant.retiringIsService ? 'RetiringServicePrincipal' : 'RetiringPrincipal']: grant.retiring,
    IssuingAccount: `arn:aws:iam::${access.accountId}:root`,
    Operations: grant.operations,
    Constraints: grant.constraints,
  };
}

function idOf(grant: GrantRecord): string {
  return grant.grantId;
}

/** @throws AwsError InvalidGrantIdException for what is no id, NotFoundException for no grant of this key */
function grantOf(access: KeyAccess, key: KeyRecord, grantId: string): GrantRecord {
  if (!/^[0-9a-f]{64}$/.test(grantId)) throw kmsErrors.invalidGrantId();
  const grant = access.grants.grant(grantId);
  if (grant?.keyId !== key.keyId) throw kmsErrors.grantNotFound(grantId);
  return grant;
}

function grantToRetire(
  access: KeyAccess,
  call: KmsCall,
  { token, keyId, grantId }: Record<'token' | 'keyId' | 'grantId', string | undefined>,
): { key: KeyRecord; grant: GrantRecord } {
  if (token === undefined && keyId !== undefined && grantId !== undefined) {
    if (keyId.startsWith('alias/') || keyId.includes(':alias/')) throw kmsErrors.invalidKeyId(keyId);
    const key = access.locate(call, keyId);
    return { key, grant: grantOf(access, key, grantId) };
  }
  if (token === undefined || keyId !== undefined || grantId !== undefined) {
    throw kmsErrors.validation('Specify either a grant token, or both a grant ID and a key ID.');
  }
  const grant = grantOfToken(access, token);
  return { key: access.locate(call, grant.keyId), grant };
}

/** Only symmetric encryption has a context. */
function refuseForeignContext(key: KeyRecord, constraints: GrantTerms['constraints']): void {
  if (key.spec === SYMMETRIC || constraints === undefined) return;
  if (Object.keys(constraints).some((name) => name.startsWith('EncryptionContext'))) {
    throw kmsErrors.validation(
      'EncryptionContext is supported only when creating a grant for a symmetric encryption KMS key.',
    );
  }
}

function refuseForeignOperations(key: KeyRecord, operations: readonly string[]): void {
  const known: readonly string[] = key.spec === SYMMETRIC ? SYMMETRIC_GRANT_OPERATIONS : GRANT_OPERATIONS;
  const foreign = operations.find((operation) => !known.includes(operation));
  if (foreign === undefined) return;
  throw kmsErrors.validation(`Operation ${foreign} is not supported for grants on ${key.spec} keys.`);
}
