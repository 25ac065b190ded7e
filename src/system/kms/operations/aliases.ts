import type { KeyAccess } from '../access.ts';
import type { KmsCall } from '../call.ts';
import { kmsErrors } from '../errors.ts';
import { Fields } from '../fields.ts';
import type { AliasRecord, KeyRecord } from '../keys.ts';
import { isReservedAlias } from '../servicekeys.ts';
import { after, KEY_ID, MARKER, page } from './shared.ts';

const ALIAS_NAME = { min: 1, max: 256, pattern: '^[a-zA-Z0-9:/_-]+$' } as const;
/** Source: KMS resource quotas. */
const ALIASES_MAX = 50;
const ALIASES_PAGE = { usual: 50, max: 100 } as const;

export async function createAlias(access: KeyAccess, call: KmsCall): Promise<object> {
  const { name, targetKeyId } = aliasAndTarget(call);
  access.authorizeCaller(call, access.aliasArn(name));
  await access.keyring.change(() => {
    const key = findTarget(access, call, targetKeyId);
    if (access.keyring.alias(name) !== undefined) throw kmsErrors.aliasExists(access.aliasArn(name));
    requireRoom(access, key);
    const now_ms = access.keyring.now_ms();
    return { aliases: [{ name, keyId: key.keyId, created_ms: now_ms, updated_ms: now_ms }] };
  });
  return {};
}

export async function updateAlias(access: KeyAccess, call: KmsCall): Promise<object> {
  const { name, targetKeyId } = aliasAndTarget(call);
  access.authorizeCaller(call, access.aliasArn(name));
  await access.keyring.change(() => {
    const alias = access.keyring.alias(name);
    if (alias === undefined) throw kmsErrors.aliasNotFound(access.aliasArn(name));
    access.authorize(call, access.keyring.key(alias.keyId)!, { action: call.operation });
    const key = findTarget(access, call, targetKeyId);
    if (key.keyId !== alias.keyId) requireRoom(access, key);
    return { aliases: [{ ...alias, keyId: key.keyId, updated_ms: access.keyring.now_ms() }] };
  });
  return {};
}

export async function deleteAlias(access: KeyAccess, call: KmsCall): Promise<object> {
  const fields = new Fields(call.body);
  const name = fields.requiredText('AliasName', ALIAS_NAME);
  fields.check();
  requireOwnAlias(name);
  access.authorizeCaller(call, access.aliasArn(name));
  await access.keyring.change(() => {
    const alias = access.keyring.alias(name);
    const key = alias && access.keyring.key(alias.keyId);
    if (key === undefined) throw kmsErrors.aliasNotFound(access.aliasArn(name));
    call.keys.push(key);
    access.authorize(call, key, { action: call.operation });
    return { removedAliases: [name] };
  });
  return {};
}

export function listAliases(access: KeyAccess, call: KmsCall): object {
  const fields = new Fields(call.body);
  const keyId = fields.text('KeyId', KEY_ID);
  const limit = fields.integer('Limit', { min: 1, max: ALIASES_PAGE.max }) ?? ALIASES_PAGE.usual;
  const marker = fields.text('Marker', MARKER);
  fields.check();
  access.authorizeCaller(call);
  const key = keyId === undefined ? undefined : access.locate(call, keyId);
  const { entries, rest } = page(aliasesShown(access, key), nameOf, limit, marker);
  const list = entries.map((alias) => ({
    AliasName: alias.name,
    AliasArn: access.aliasArn(alias.name),
    TargetKeyId: alias.keyId,
    CreationDate: alias.created_ms / 1000,
    LastUpdatedDate: alias.updated_ms / 1000,
  }));
  return { Aliases: list, ...rest };
}

function aliasesShown(access: KeyAccess, key: KeyRecord | undefined) {
  if (key !== undefined) return after(access.keyring.aliasesOf(key.keyId), nameOf);
  return (name: string) => access.keyring.aliasesAfter(name);
}

function nameOf(alias: AliasRecord): string {
  return alias.name;
}

function aliasAndTarget(call: KmsCall): { name: string; targetKeyId: string } {
  const fields = new Fields(call.body);
  const name = fields.requiredText('AliasName', ALIAS_NAME);
  const targetKeyId = fields.requiredText('TargetKeyId', KEY_ID);
  fields.check();
  requireOwnAlias(name);
  if (targetKeyId.startsWith('alias/') || targetKeyId.includes(':alias/')) {
    throw kmsErrors.validation('Aliases must refer to keys. Not aliases');
  }
  return { name, targetKeyId };
}

function requireRoom(access: KeyAccess, key: KeyRecord): void {
  if (access.keyring.aliasesOf(key.keyId).length >= ALIASES_MAX) throw kmsErrors.tooManyAliases();
}

function requireOwnAlias(name: string): void {
  if (!name.startsWith('alias/')) {
    throw kmsErrors.validation(
      'Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html',
    );
  }
  if (isReservedAlias(name)) throw kmsErrors.reservedAlias();
  if (name.includes(':') || name === 'alias/') {
    throw kmsErrors.validation(`${name} contains invalid characters for an alias`);
  }
}

function findTarget(access: KeyAccess, call: KmsCall, targetKeyId: string): KeyRecord {
  const key = access.findToChange(call, targetKeyId);
  access.requireState(call, key);
  return key;
}
