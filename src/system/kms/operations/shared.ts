import { kmsErrors } from '../errors.ts';
import type { Fields } from '../fields.ts';

export const KEY_ID = { min: 1, max: 2048 } as const;
export const ALGORITHM = 'SYMMETRIC_DEFAULT';
export const ALGORITHMS = [ALGORITHM, 'RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256', 'SM2PKE'] as const;

/** There are no grants, so that no token can be one's. */
export function refuseGrantTokens(fields: Fields): void {
  if (fields.listLength('GrantTokens') > 0) throw kmsErrors.invalidGrantToken();
}

/** One page of a sorted list; the marker is the last name of the page before. */
export function page<Entry>(
  entries: readonly Entry[],
  nameOf: (entry: Entry) => string,
  limit: number,
  marker: string | undefined,
): { entries: Entry[]; rest: { NextMarker?: string; Truncated: boolean } } {
  const after = marker === undefined ? '' : readMarker(marker);
  const left = entries.filter((entry) => nameOf(entry) > after);
  const shown = left.slice(0, limit);
  const last = shown.at(-1);
  if (last === undefined || shown.length === left.length)
    return { entries: shown, rest: { Truncated: false } };
  return { entries: shown, rest: { NextMarker: writeMarker(nameOf(last)), Truncated: true } };
}

function writeMarker(name: string): string {
  return Buffer.from(`after:${name}`).toString('base64url');
}

function readMarker(marker: string): string {
  const text = Buffer.from(marker, 'base64url').toString();
  if (!text.startsWith('after:')) throw kmsErrors.invalidMarker();
  return text.slice('after:'.length);
}
