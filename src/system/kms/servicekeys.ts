import type { KmsCall } from './call.ts';
import type { Keyring } from './keyring.ts';
import { type KeyOwner, newKey } from './keys.ts';

/** Keys that exist from the moment a service first asks for them, by alias. */
const SERVICE_KEYS: Readonly<Record<string, { owner: KeyOwner; description: string }>> = {
  'alias/aws/dynamodb': {
    owner: 'aws-managed',
    description: 'Default key that protects my DynamoDB data when no other key is defined',
  },
  'alias/sealbench/aws-owned/dynamodb': { owner: 'aws-owned', description: 'AWS owned key of DynamoDB' },
};

/** Names that users may neither take nor change. */
export function isReservedAlias(name: string): boolean {
  return name.startsWith('alias/aws/') || name.startsWith('alias/sealbench/');
}

/**
 * Makes the service's key if this call is the first to name it. A user's DescribeKey of an AWS managed key makes
 * it as well, as AWS documents for DescribeKey.
 * @returns `undefined` when there is nothing to make
 */
export function makeServiceKey(call: KmsCall, keyring: Keyring): Promise<void> | undefined {
  const name = aliasNamed(call.body.KeyId) ?? aliasNamed(call.body.DestinationKeyId);
  const wanted = name !== undefined && Object.hasOwn(SERVICE_KEYS, name) ? SERVICE_KEYS[name] : undefined;
  if (name === undefined || wanted === undefined || keyring.alias(name) !== undefined) return undefined;
  const describing = call.operation === 'DescribeKey' && wanted.owner === 'aws-managed';
  if (call.signer.kind !== 'service' && !describing) return undefined;
  return keyring.change(() => {
    if (keyring.alias(name) !== undefined) return {};
    const now_ms = keyring.now_ms();
    const key = newKey(wanted.owner, { description: wanted.description }, now_ms);
    return {
      keys: [key],
      aliases: [{ name, keyId: key.keyId, created_ms: now_ms, updated_ms: now_ms }],
    };
  });
}

function aliasNamed(keyId: unknown): string | undefined {
  if (typeof keyId !== 'string') return undefined;
  const name = keyId.startsWith('arn:') ? keyId.slice(keyId.lastIndexOf(':') + 1) : keyId;
  return name.startsWith('alias/') ? name : undefined;
}
