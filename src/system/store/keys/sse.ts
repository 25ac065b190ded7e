import type { Principal } from '../../wire/types.ts';
import { invalidParameter } from '../errors.ts';
import type { RequestReader } from '../request.ts';
import type { EncryptionKind, Tag } from '../tables/catalog.ts';
import type { KmsKey, TableKeyService } from './table-key.ts';

/** The KMS keys that tables are under when none was chosen. */
const AWS_OWNED_KEY = 'alias/sealbench/aws-owned/dynamodb';
const AWS_MANAGED_KEY = 'alias/aws/dynamodb';

/**
 * A tag at creation that leaves the table's items unencrypted, to measure what encryption costs. DynamoDB has no such
 * tables: `DescribeTable` shows none of it, `ListTagsOfResource` shows the tag.
 */
const ENCRYPTION_TAG = 'sealbench:encryption';

export interface SseRequest {
  enabled: boolean;
  /** As the request names it; the AWS managed key without it. */
  keyId?: string;
}

/** @throws AwsError ValidationException for members that contradict each other: texts as observed on DynamoDB */
export function readSseRequest(
  request: RequestReader,
  member: 'SSESpecification' | 'SSESpecificationOverride' = 'SSESpecification',
): SseRequest | undefined {
  const specification = request.structure(member);
  if (specification === undefined) return undefined;
  const enabled = specification.boolean('Enabled') ?? false;
  const type = specification.choice('SSEType', ['AES256', 'KMS']);
  const keyId = specification.string('KMSMasterKeyId');
  request.done();
  if (!enabled && type !== undefined)
    throw invalidParameter('SSEType can not be specified if Enabled is false');
  if (!enabled && keyId !== undefined) {
    throw invalidParameter('KMSMasterKeyId can not be specified if Enabled is false');
  }
  if (keyId !== undefined && type === undefined) {
    throw invalidParameter('SSEType KMS is required if KMSMasterKeyId is specified');
  }
  if (type === 'AES256') throw invalidParameter('SSEType AES256 is not supported');
  return { enabled, keyId };
}

/** @throws AwsError ValidationException for a tag that asks for what there is not */
export function isUnencrypted(tags: readonly Tag[], sse: SseRequest | undefined): boolean {
  const tag = tags.find(({ Key }) => Key === ENCRYPTION_TAG);
  if (tag === undefined) return false;
  if (tag.Value !== 'none') throw invalidParameter(`The tag ${ENCRYPTION_TAG} can only have the value none`);
  if (sse?.enabled) throw invalidParameter(`The tag ${ENCRYPTION_TAG}=none excludes SSESpecification`);
  return true;
}

export interface ChosenKey extends KmsKey {
  kind: EncryptionKind;
}

/**
 * @param principal who chooses, and has to be allowed to see the key
 * @throws AwsError what DynamoDB answers when the KMS refuses the key
 */
export async function chooseKey(
  service: TableKeyService,
  sse: SseRequest | undefined,
  principal: Principal,
): Promise<ChosenKey> {
  if (!sse?.enabled) return { ...(await service.describe(AWS_OWNED_KEY)), kind: 'aws-owned' };
  const key = await service.describe(sse.keyId ?? AWS_MANAGED_KEY, principal);
  return { ...key, kind: key.manager === 'AWS' ? 'aws-managed' : 'customer-managed' };
}
