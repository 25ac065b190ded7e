/**
 * AWS Signature Version 4: canonical form, signing key, signature.
 * Source: "AWS Signature Version 4 for API requests", IAM User Guide. Paths and queries follow the rule for every
 * service but S3: normalised, then encoded once more.
 */
import { createHmac, hash } from 'node:crypto';
import { HmacSha256 } from './hmac.ts';
import type { Credentials } from './types.ts';

export const ALGORITHM = 'AWS4-HMAC-SHA256';
export const TERMINATOR = 'aws4_request';

/** Names are lower-case; values are as sent. */
export type HeaderValues = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface RequestToSign {
  method: string;
  /** Path with its query, as in the request line. */
  path: string;
  /** All of them are signed; `host` has to be among them, `x-amz-date` is added. */
  headers: Readonly<Record<string, string>>;
  body: string | Uint8Array;
  credentials: Credentials;
  region: string;
  service: string;
  wall_ms: number;
}

/** Headers to add to the request. */
export interface SignatureHeaders {
  'x-amz-date': string;
  authorization: string;
}

export function signRequest(request: RequestToSign): SignatureHeaders {
  const date = amzDate(request.wall_ms);
  const headers: Record<string, string> = { ...request.headers, 'x-amz-date': date };
  const signedHeaders = Object.keys(headers).sort();
  const canonical = canonicalRequest(
    request.method,
    request.path,
    headers,
    signedHeaders,
    sha256Hex(request.body),
  );
  const { accessKeyId, secretAccessKey } = request.credentials;
  const scope = `${date.slice(0, 8)}/${request.region}/${request.service}/${TERMINATOR}`;
  const signature = signatureOf(secretAccessKey, date, request.region, request.service, canonical);
  return {
    'x-amz-date': date,
    authorization: `${ALGORITHM} Credential=${accessKeyId}/${scope}, SignedHeaders=${signedHeaders.join(';')}, Signature=${signature}`,
  };
}

/** @returns lower-case hexadecimal */
export function signatureOf(
  secretAccessKey: string,
  date: string,
  region: string,
  service: string,
  canonical: string | Uint8Array,
): string {
  const day = date.slice(0, 8);
  const text = `${ALGORITHM}\n${date}\n${day}/${region}/${service}/${TERMINATOR}\n${sha256Hex(canonical)}`;
  return signingKey(secretAccessKey, day, region, service).hex(text);
}

export function sha256Hex(data: string | Uint8Array): string {
  return hash('sha256', data, 'hex');
}

/** @param signedHeaders lower-case and sorted */
export function canonicalRequest(
  method: string,
  path: string,
  headers: HeaderValues,
  signedHeaders: readonly string[],
  bodyHash: string,
): string {
  const queryAt = path.indexOf('?');
  const uri = canonicalPath(queryAt < 0 ? path : path.slice(0, queryAt));
  const query = queryAt < 0 ? '' : canonicalQuery(path.slice(queryAt + 1));
  let lines = '';
  for (const name of signedHeaders) lines += `${name}:${canonicalValue(headers[name])}\n`;
  return `${method}\n${uri}\n${query}\n${lines}\n${signedHeaders.join(';')}\n${bodyHash}`;
}

function canonicalValue(value: string | readonly string[] | undefined): string {
  if (typeof value !== 'string') return value === undefined ? '' : value.map(canonicalValue).join(',');
  return / {2}|[^\S ]|^ | $/.test(value) ? value.trim().replace(/\s+/g, ' ') : value;
}

function canonicalPath(path: string): string {
  if (path === '/' || path === '') return '/';
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '' && segment !== '.') kept.push(encode(segment));
  }
  const trailing = kept.length > 0 && path.endsWith('/') ? '/' : '';
  return `/${kept.join('/')}${trailing}`;
}

function canonicalQuery(query: string): string {
  return query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const equals = pair.indexOf('=');
      const name = equals < 0 ? pair : pair.slice(0, equals);
      return [encode(decode(name)), equals < 0 ? '' : encode(decode(pair.slice(equals + 1)))] as const;
    })
    .sort(([nameA, valueA], [nameB, valueB]) => compare(nameA, nameB) || compare(valueA, valueB))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** RFC 3986: all but the unreserved characters. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

interface SigningKey {
  secretAccessKey: string;
  day: string;
  region: string;
  service: string;
  key: HmacSha256;
}

const signingKeys = new Map<string, SigningKey>();
const SIGNING_KEYS_MAX = 10_000;
let lastKey: SigningKey | undefined;

/** Good for a day, so kept: deriving it would otherwise be most of a signature's cost. */
function signingKey(secretAccessKey: string, day: string, region: string, service: string): HmacSha256 {
  if (
    lastKey?.secretAccessKey !== secretAccessKey ||
    lastKey.day !== day ||
    lastKey.region !== region ||
    lastKey.service !== service
  ) {
    lastKey = keptSigningKey(secretAccessKey, day, region, service);
  }
  return lastKey.key;
}

function keptSigningKey(secretAccessKey: string, day: string, region: string, service: string): SigningKey {
  const id = `${day}/${region}/${service}/${secretAccessKey}`;
  const known = signingKeys.get(id);
  if (known !== undefined) return known;
  let bytes = hmac(`AWS4${secretAccessKey}`, day);
  for (const part of [region, service, TERMINATOR]) bytes = hmac(bytes, part);
  const made = { secretAccessKey, day, region, service, key: new HmacSha256(bytes) };
  if (signingKeys.size >= SIGNING_KEYS_MAX) signingKeys.clear();
  signingKeys.set(id, made);
  return made;
}

function hmac(key: string | Buffer, data: string): Buffer {
  return createHmac('sha256', key).update(data).digest();
}

let lastSecond = Number.NaN;
let lastDate = '';

/** ISO 8601 basic: `20260101T000000Z`. */
export function amzDate(wall_ms: number): string {
  const second = Math.floor(wall_ms / 1000);
  if (second !== lastSecond) {
    lastSecond = second;
    lastDate = new Date(second * 1000).toISOString().replace(/[-:]|\.\d+/g, '');
  }
  return lastDate;
}

/** @returns milliseconds since the epoch; `undefined` for anything but ISO 8601 basic */
export function parseAmzDate(text: string): number | undefined {
  if (text === lastDate) return lastSecond * 1000;
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  const wall_ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(wall_ms) ? undefined : wall_ms;
}
