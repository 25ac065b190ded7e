import type { KeyAccess } from '../access.ts';
import type { KmsCall } from '../call.ts';
import { kmsErrors } from '../errors.ts';
import { Fields } from '../fields.ts';
import { type KeyRecord, keyMetadata, keyState, newKey } from '../keys.ts';
import { POLICY } from './policies.ts';
import { ALGORITHM, KEY_ID, MARKER, page, readGrantTokens } from './shared.ts';

const DAY_MS = 86_400_000;
const WINDOW_DAYS = { min: 7, max: 30 } as const;
const KEY_USAGES = ['SIGN_VERIFY', 'ENCRYPT_DECRYPT', 'GENERATE_VERIFY_MAC', 'KEY_AGREEMENT'] as const;
const ORIGINS = ['AWS_KMS', 'EXTERNAL', 'AWS_CLOUDHSM', 'EXTERNAL_KEY_STORE'] as const;
const KEY_SPECS = [
  ...['RSA_2048', 'RSA_3072', 'RSA_4096', 'ECC_NIST_P256', 'ECC_NIST_P384', 'ECC_NIST_P521'],
  ...['ECC_SECG_P256K1', ALGORITHM, 'HMAC_224', 'HMAC_256', 'HMAC_384', 'HMAC_512', 'SM2'],
  ...['ML_DSA_44', 'ML_DSA_65', 'ML_DSA_87', 'ECC_NIST_EDWARDS25519'],
];
const KEYS_PAGE = { usual: 100, max: 1000 } as const;

export async function createKey(access: KeyAccess, call: KmsCall): Promise<object> {
  const fields = new Fields(call.body);
  const description = fields.text('Description', { max: 8192 }) ?? '';
  const usage = fields.oneOf('KeyUsage', KEY_USAGES) ?? 'ENCRYPT_DECRYPT';
  const spec = fields.oneOf('KeySpec', KEY_SPECS);
  const formerSpec = fields.oneOf('CustomerMasterKeySpec', KEY_SPECS);
  const origin = fields.oneOf('Origin', ORIGINS) ?? 'AWS_KMS';
  const multiRegion = fields.flag('MultiRegion') ?? false;
  const policy = fields.text('Policy', POLICY);
  const bypass = fields.flag('BypassPolicyLockoutSafetyCheck') ?? false;
  fields.check();
  if (spec !== undefined && formerSpec !== undefined) {
    throw kmsErrors.validation('You cannot specify KeySpec and CustomerMasterKeySpec in the same request.');
  }
  refuseOtherKinds({
    KeySpec: (spec ?? formerSpec ?? ALGORITHM) !== ALGORITHM,
    KeyUsage: usage !== 'ENCRYPT_DECRYPT',
    Origin: origin !== 'AWS_KMS',
    MultiRegion: multiRegion,
    CustomKeyStoreId: fields.has('CustomKeyStoreId'),
    XksKeyId: fields.has('XksKeyId'),
    Tags: fields.listLength('Tags') > 0,
  });
  access.authorizeCaller(call);
  const key = newKey('customer', { description, policy }, access.keyring.now_ms());
  if (policy !== undefined) access.authorizer.acceptPolicy(call, key, bypass);
  await access.keyring.change(() => ({ keys: [key] }));
  call.keys.push(key);
  return { KeyMetadata: keyMetadata(key, access.keyArn(key), access.accountId) };
}

function refuseOtherKinds(parameters: Readonly<Record<string, boolean>>): void {
  const refused = Object.keys(parameters).filter((name) => parameters[name]);
  if (refused.length === 0) return;
  throw kmsErrors.unsupported(
    `Only single-Region symmetric encryption keys are supported; remove or change: ${refused.join(', ')}.`,
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
  await changeKey(access, call, requiredKeyId(call), (key) => ({ ...key, enabled: true }));
  return {};
}

export async function disableKey(access: KeyAccess, call: KmsCall): Promise<object> {
  await changeKey(access, call, requiredKeyId(call), (key) => ({ ...key, enabled: false }));
  return {};
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
  let arn = '';
  await access.keyring.change(() => {
    const { deletion_ms, ...key } = access.findToChange(call, keyId);
    arn = access.keyArn(key);
    if (deletion_ms === undefined) throw kmsErrors.notPendingDeletion(arn);
    return { keys: [key] };
  });
  return { KeyId: arn };
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

function requiredKeyId(call: KmsCall): string {
  const fields = new Fields(call.body);
  const keyId = fields.requiredText('KeyId', KEY_ID);
  fields.check();
  return keyId;
}

/** Changes a key that is not waiting for its deletion. */
async function changeKey(
  access: KeyAccess,
  call: KmsCall,
  keyId: string,
  changed: (key: KeyRecord) => KeyRecord,
): Promise<KeyRecord> {
  let after: KeyRecord | undefined;
  await access.keyring.change(() => {
    const key = access.findToChange(call, keyId);
    if (keyState(key) === 'PendingDeletion') throw kmsErrors.pendingDeletion(access.keyArn(key));
    after = changed(key);
    return { keys: [after] };
  });
  return after!;
}
