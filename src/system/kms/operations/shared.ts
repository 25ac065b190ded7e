import type { KeyAccess } from '../access.ts';
import type { KmsCall } from '../call.ts';
import { kmsErrors } from '../errors.ts';
import { Fields } from '../fields.ts';
import { type GrantRecord, grantIdOf } from '../grants.ts';
import type { KeyRecord } from '../keys.ts';
import type { Asked } from '../request-facts.ts';

export const KEY_ID = { min: 1, max: 2048 } as const;
export const MARKER = { min: 1, max: 1024 } as const;
const GRANT_TOKENS = { items: 10, max: 8192 } as const;
export const ALGORITHM = 'SYMMETRIC_DEFAULT';
export const ALGORITHMS = [ALGORITHM, 'RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256', 'SM2PKE'] as const;

/** Reads the tokens of grants that the caller counts on. Each has to be a grant's; the grants are known without them. */
export function readGrantTokens(fields: Fields): { check(access: KeyAccess): void } {
  const tokens = fields.texts('GrantTokens', GRANT_TOKENS);
  return {
    check: (access) => {
      for (const token of tokens) grantOfToken(access, token);
    },
  };
}

/** @throws AwsError InvalidGrantTokenException */
export function grantOfToken(access: KeyAccess, token: string): GrantRecord {
  const grant = access.grants.grant(grantIdOf(token) ?? '');
  if (grant === undefined) throw kmsErrors.invalidGrantToken();
  return grant;
}

export function requiredKeyId(call: KmsCall): string {
  const fields = new Fields(call.body);
  const keyId = fields.requiredText('KeyId', KEY_ID);
  fields.check();
  return keyId;
}

/** Changes a key that the request may change, in a state that allows it. */
export async function changeKey(
  access: KeyAccess,
  call: KmsCall,
  keyId: string,
  changed: (key: KeyRecord) => KeyRecord,
  asked?: Asked,
): Promise<KeyRecord> {
  let after: KeyRecord | undefined;
  await access.keyring.change(() => {
    const key = access.findToChange(call, keyId, asked);
    access.requireState(call, key);
    after = changed(key);
    return { keys: [after] };
  });
  return after!;
}

/** One page of what comes after a name, in order; the marker is the last name of the page before. */
export function page<Entry>(
  entriesAfter: (name: string) => Iterable<Entry>,
  nameOf: (entry: Entry) => string,
  limit: number,
  marker: string | undefined,
): { entries: Entry[]; rest: { NextMarker?: string; Truncated: boolean } } {
  const entries: Entry[] = [];
  for (const entry of entriesAfter(marker === undefined ? '' : readMarker(marker))) {
    if (entries.length === limit) {
      return { entries, rest: { NextMarker: writeMarker(nameOf(entries.at(-1)!)), Truncated: true } };
    }
    entries.push(entry);
  }
  return { entries, rest: { Truncated: false } };
}

/** For `page`: a short list that is sorted by name. */
export function after<Entry>(entries: readonly Entry[], nameOf: (entry: Entry) => string) {
  return (name: string): Iterable<Entry> => entries.filter((entry) => nameOf(entry) > name);
}

function writeMarker(name: string): string {
  return Buffer.from(`after:${name}`).toString('base64url');
}

function readMarker(marker: string): string {
  const text = Buffer.from(marker, 'base64url').toString();
  if (!text.startsWith('after:')) throw kmsErrors.invalidMarker();
  return text.slice('after:'.length);
}
