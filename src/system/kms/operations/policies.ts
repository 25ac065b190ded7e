import type { KeyAccess } from '../access.ts';
import type { KmsCall } from '../call.ts';
import { kmsErrors } from '../errors.ts';
import { Fields } from '../fields.ts';
import type { KeyRecord } from '../keys.ts';
import { after, KEY_ID, MARKER, page } from './shared.ts';

/** The one name that a key's policy can have. */
const POLICY_NAME = 'default';
const NAME = { min: 1, max: 128, pattern: '^[\\w]+$' } as const;
export const POLICY = { min: 1, max: 131_072, pattern: '^[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+$' } as const;
const POLICIES_PAGE = { usual: 100, max: 1000 } as const;

export function getKeyPolicy(access: KeyAccess, call: KmsCall): object {
  const fields = new Fields(call.body);
  const keyId = fields.requiredText('KeyId', KEY_ID);
  const name = fields.text('PolicyName', NAME) ?? POLICY_NAME;
  fields.check();
  const key = access.findToChange(call, keyId);
  requireName(name);
  return { Policy: access.authorizer.policyText(key), PolicyName: POLICY_NAME };
}

export async function putKeyPolicy(access: KeyAccess, call: KmsCall): Promise<object> {
  const fields = new Fields(call.body);
  const keyId = fields.requiredText('KeyId', KEY_ID);
  const name = fields.text('PolicyName', NAME) ?? POLICY_NAME;
  const policy = fields.requiredText('Policy', POLICY);
  const bypass = fields.flag('BypassPolicyLockoutSafetyCheck') ?? false;
  fields.check();
  await access.keyring.change(() => {
    const values = { 'kms:bypasspolicylockoutsafetycheck': [String(bypass)] };
    const key: KeyRecord = access.findToChange(call, keyId, { action: call.operation, values });
    requireName(name);
    const changed = { ...key, policy };
    access.authorizer.acceptPolicy(call, changed, bypass);
    return { keys: [changed] };
  });
  return {};
}

export function listKeyPolicies(access: KeyAccess, call: KmsCall): object {
  const fields = new Fields(call.body);
  const keyId = fields.requiredText('KeyId', KEY_ID);
  const limit = fields.integer('Limit', { min: 1, max: POLICIES_PAGE.max }) ?? POLICIES_PAGE.usual;
  const marker = fields.text('Marker', MARKER);
  fields.check();
  access.findToChange(call, keyId);
  const { entries, rest } = page(
    after([POLICY_NAME], (name) => name),
    (name) => name,
    limit,
    marker,
  );
  return { PolicyNames: entries, ...rest };
}

function requireName(name: string): void {
  if (name !== POLICY_NAME) throw kmsErrors.policyNotFound();
}
