import type { KeyAccess } from '../access.ts';
import type { KmsCall } from '../call.ts';
import { kmsErrors } from '../errors.ts';
import { Fields } from '../fields.ts';
import { keyMetadata, keyState, newKey } from '../keys.ts';
import { isUsable, KEY_SPECS, KEY_USAGES, type KeySpec, type KeyUsage, SYMMETRIC } from '../keyspecs.ts';
import { resumed } from '../rotation.ts';
import { POLICY } from './policies.ts';
import { changeKey, KEY_ID, MARKER, page, readGrantTokens, requiredKeyId } from './shared.ts';
import { readTags, requireGoodTags, sortedTags, tagFacts } from './tags.ts';

const DAY_MS = 86_400_000;
const WINDOW_DAYS = { min: 7, max: 30 } as const;
const ORIGINS = ['AWS_KMS', 'EXTERNAL', 'AWS_CLOUDHSM', 'EXTERNAL_KEY_STORE'] as const;
/** Source: KMS resource quotas. */
const KEYS_MAX = 100_000;
const DESCRIPTION = { min: 0, max: 8192 } as const;
const KEYS_PAGE = { usual: 100, max: 1000 } as const;

export async function createKey(access: KeyAccess, call: KmsCall): Promise<object> {
  const fields = new Fields(call.body);
  const description = fields.text('Description', DESCRIPTION) ?? '';
  const usage = fields.oneOf('KeyUsage', KEY_USAGES);
  const spec = fields.oneOf('KeySpec', KEY_SPECS);
  const formerSpec = fields.oneOf('CustomerMasterKeySpec', KEY_SPECS);
  const origin = fields.oneOf('Origin', ORIGINS) ?? 'AWS_KMS';
  const multiRegion = fields.flag('MultiRegion') ?? false;
  const policy = fields.text('Policy', POLICY);
  const bypass = fields.flag('BypassPolicyLockoutSafetyCheck') ?? false;
  const tags = readTags(fields);
  fields.check();
  requireGoodTags(tags);
  if (spec !== undefined && formerSpec !== undefined) {
    throw kmsErrors.validation('You cannot specify KeySpec and CustomerMasterKeySpec in the same request.');
  }
  const kind = keyKind(spec ?? formerSpec ?? SYMMETRIC, usage);
  refuseOtherKinds({
    Origin: origin !== 'AWS_KMS',
    MultiRegion: multiRegion,
    CustomKeyStoreId: fields.has('CustomKeyStoreId'),
    XksKeyId: fields.has('XksKeyId'),
  });
  access.authorizeCaller(call, '*', tagFacts(call, tags));
  if (access.keyring.size >= KEYS_MAX) throw kmsErrors.tooManyKeys();
  const choices = { description, policy, tags: sortedTags(tags), ...kind };
  const key = newKey('customer', choices, access.keyring.now_ms());
  if (policy !== undefined) access.authorizer.acceptPolicy(call, key, bypass);
  await access.keyring.change(() => ({ keys: [key] }));
  call.keys.push(key);
  return { KeyMetadata: keyMetadata(key, access.keyArn(key), access.accountId) };
}

/** @throws AwsError ValidationException for a spec and a usage that do not go together */
function keyKind(spec: KeySpec, usage: KeyUsage | undefined): { spec: KeySpec; usage: KeyUsage } {
  if (usage === undefined && spec !== SYMMETRIC) {
    throw kmsErrors.validation(
      'You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.',
    );
  }
  const chosen = usage ?? 'ENCRYPT_DECRYPT';
  if (!isUsable(spec, chosen)) {
    throw kmsErrors.validation(`KeyUsage ${chosen} is not compatible with KeySpec ${spec}`);
  }
  return { spec, usage: chosen };
}

function refuseOtherKinds(parameters: Readonly<Record<string, boolean>>): void {
  const refused = Object.keys(parameters).filter((name) => parameters[name]);
  if (refused.length === 0) return;
  throw kmsErrors.unsupported(
    `Only single-Region keys with material from KMS are supported; remove or change: ${refused.join(', ')}.`,
  );
}

export function describeKey(access: KeyAccess, call: KmsCall): object {
  const fields = new Fields(call.body);
  const keyId = fields.requiredText('KeyId', KEY_ID);
  const tokens = readGrantTokens(fields);
  fields.check();
  tokens.check(access);
  const key = access.find(call, keyId);
  return { KeyMetadata: keyMetadata(key, access.keyArn(key), access.accountOf(key)) };
}

export async function enableKey(access: KeyAccess, call: KmsCall): Promise<object> {
  await changeKey(access, call, requiredKeyId(call), (key) =>
    resumed({ ...key, enabled: true }, access.keyring.now_ms()),
  );
  return {};
}

export async function disableKey(access: KeyAccess, call: KmsCall): Promise<object> {
  await changeKey(access, call, requiredKeyId(call), (key) => ({ ...key, enabled: false }));
  return {};
}

export async function updateKeyDescription(access: KeyAccess, call: KmsCall): Promise<object> {
  const fields = new Fields(call.body);
  const keyId = fields.requiredText('KeyId', KEY_ID);
  const description = fields.requiredText('Description', DESCRIPTION);
  fields.check();
  await changeKey(access, call, keyId, (key) => ({ ...key, description }));
  return {};
}

export function getKeyLastUsage(access: KeyAccess, call: KmsCall): object {
  const { keyId, created_ms } = access.findById(call, requiredKeyId(call));
  const use = access.uses.last(keyId);
  return {
    KeyId: keyId,
    KeyCreationDate: created_ms / 1000,
    TrackingStartDate: Math.max(created_ms, access.uses.since_ms) / 1000,
    KeyLastUsage:
      use === undefined
        ? {}
        : {
            Operation: use.operation,
            Timestamp: use.at_ms / 1000,
            CloudTrailEventId: use.eventId,
            KmsRequestId: use.requestId,
          },
  };
}

export async function scheduleKeyDeletion(access: KeyAccess, call: KmsCall): Promise<object> {
  const fields = new Fields(call.body);
  const keyId = fields.requiredText('KeyId', KEY_ID);
  const window_days = fields.integer('PendingWindowInDays', WINDOW_DAYS) ?? WINDOW_DAYS.max;
  fields.check();
  const deletion_ms = access.keyring.now_ms() + window_days * DAY_MS;
  const key = await changeKey(access, call, keyId, (found) => ({ ...found, enabled: false, deletion_ms }));
  return {
    KeyId: access.keyArn(key),
    DeletionDate: deletion_ms / 1000,
    KeyState: keyState(key),
    PendingWindowInDays: window_days,
  };
}

export async function cancelKeyDeletion(access: KeyAccess, call: KmsCall): Promise<object> {
  const keyId = requiredKeyId(call);
  const key = await changeKey(access, call, keyId, ({ deletion_ms, ...kept }) => kept);
  return { KeyId: access.keyArn(key) };
}

export function listKeys(access: KeyAccess, call: KmsCall): object {
  const fields = new Fields(call.body);
  const limit = fields.integer('Limit', { min: 1, max: KEYS_PAGE.max }) ?? KEYS_PAGE.usual;
  const marker = fields.text('Marker', MARKER);
  fields.check();
  access.authorizeCaller(call);
  const { entries, rest } = page(
    (id) => access.keyring.keysAfter(id),
    (key) => key.keyId,
    limit,
    marker,
  );
  return { Keys: entries.map((key) => ({ KeyId: key.keyId, KeyArn: access.keyArn(key) })), ...rest };
}
