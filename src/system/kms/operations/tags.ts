import type { KeyAccess } from '../access.ts';
import type { KmsCall } from '../call.ts';
import { kmsErrors } from '../errors.ts';
import { Fields } from '../fields.ts';
import type { KeyTag } from '../keys.ts';
import { after, changeKey, KEY_ID, MARKER, page } from './shared.ts';

/** Source: KMS resource quotas. */
const TAGS_MAX = 50;
const TAG_KEY = { min: 1, max: 128 } as const;
const TAG_VALUE = { min: 0, max: 256 } as const;
const TAG_KEYS = { items: 1000, max: TAG_KEY.max } as const;
const TAGS_PAGE = { usual: 50, max: 1000 } as const;

export async function tagResource(access: KeyAccess, call: KmsCall): Promise<object> {
  const fields = new Fields(call.body);
  const keyId = fields.requiredText('KeyId', KEY_ID);
  const tags = readTags(fields);
  if (!fields.has('Tags')) fields.missing('Tags');
  fields.check();
  requireGoodTags(tags);
  await changeKey(
    access,
    call,
    keyId,
    (key) => {
      const merged = sortedTags([
        ...key.tags.filter((tag) => !tags.some(({ key }) => key === tag.key)),
        ...tags,
      ]);
      if (merged.length > TAGS_MAX) throw kmsErrors.tag('Too many tags');
      return { ...key, tags: merged };
    },
    tagFacts(call, tags),
  );
  return {};
}

export async function untagResource(access: KeyAccess, call: KmsCall): Promise<object> {
  const fields = new Fields(call.body);
  const keyId = fields.requiredText('KeyId', KEY_ID);
  const names = fields.requiredTexts('TagKeys', TAG_KEYS);
  fields.check();
  const asked = { action: call.operation, values: { 'aws:tagkeys': names } };
  await changeKey(
    access,
    call,
    keyId,
    (key) => ({ ...key, tags: key.tags.filter((tag) => !names.includes(tag.key)) }),
    asked,
  );
  return {};
}

export function listResourceTags(access: KeyAccess, call: KmsCall): object {
  const fields = new Fields(call.body);
  const keyId = fields.requiredText('KeyId', KEY_ID);
  const limit = fields.integer('Limit', { min: 1, max: TAGS_PAGE.max }) ?? TAGS_PAGE.usual;
  const marker = fields.text('Marker', MARKER);
  fields.check();
  const { tags } = access.findById(call, keyId);
  const nameOf = (tag: KeyTag) => tag.key;
  const { entries, rest } = page(after(tags, nameOf), nameOf, limit, marker);
  return { Tags: entries.map(({ key, value }) => ({ TagKey: key, TagValue: value })), ...rest };
}

/** The tags of a request; `fields.check()` refuses what is wrong with their members. */
export function readTags(fields: Fields): KeyTag[] {
  return fields.structures('Tags').map((tag) => ({
    key: tag.requiredText('TagKey', TAG_KEY),
    value: tag.requiredText('TagValue', TAG_VALUE),
  }));
}

/** @throws AwsError TagException */
export function requireGoodTags(tags: readonly KeyTag[]): void {
  if (new Set(tags.map(({ key }) => key)).size < tags.length) throw kmsErrors.tag('Duplicate tag keys');
  if (tags.length > TAGS_MAX) throw kmsErrors.tag('Too many tags');
  if (tags.some(({ key }) => key.toLowerCase().startsWith('aws:'))) {
    throw kmsErrors.tag('Tags beginning with aws: are reserved');
  }
}

export function sortedTags(tags: readonly KeyTag[]): KeyTag[] {
  return [...tags].sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** What policies may ask of a request that sets tags. */
export function tagFacts(call: KmsCall, tags: readonly KeyTag[]) {
  const values: Record<string, readonly string[]> = { 'aws:tagkeys': tags.map(({ key }) => key) };
  for (const { key, value } of tags) values[`aws:requesttag/${key.toLowerCase()}`] = [value];
  return { action: call.operation, values };
}
