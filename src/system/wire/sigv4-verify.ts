import { timingSafeEqual } from 'node:crypto';
import { AwsError } from './errors.ts';
import {
  ALGORITHM,
  amzDate,
  canonicalRequest,
  type HeaderValues,
  parseAmzDate,
  sha256Hex,
  signatureOf,
  TERMINATOR,
} from './sigv4.ts';
import type { Caller } from './types.ts';

/** How far a request's date may be from the server's. */
const SKEW_MAX_MS = 5 * 60_000;
const SIGNATURE = 'Signature=';
const CREDENTIAL = 'Credential=';
/** HMAC-SHA-256 in hexadecimal. */
const SIGNATURE_CHARACTERS = 64;

export interface SignedRequest {
  method: string;
  /** Path with its query, as in the request line. */
  path: string;
  headers: HeaderValues;
  body: Uint8Array;
}

export interface Verifier {
  region: string;
  service: string;
  callers: ReadonlyMap<string, Caller>;
  /** Headers that have to be signed wherever they are present, besides `host`. */
  mustBeSigned: readonly string[];
}

/** An Authorization header without its signature. */
interface Claim {
  accessKeyId: string;
  day: string;
  region: string;
  service: string;
  terminator: string;
  signedHeaders: readonly string[];
}

/**
 * Who signed the request. The checks come in the order in which DynamoDB makes them.
 * @param wall_ms real time: a clock that was moved ahead would refuse every honest client
 * @throws AwsError MissingAuthenticationTokenException, IncompleteSignatureException, InvalidSignatureException,
 * UnrecognizedClientException
 */
export function verifySignature(request: SignedRequest, verifier: Verifier, wall_ms: number): Caller {
  const text = authorizationText(request.headers);
  const signatureAt = text.lastIndexOf(SIGNATURE);
  const known = knownClaim(text, signatureAt);
  const claim = known ?? parseClaim(text);
  const date = checkDate(request.headers, wall_ms);
  checkSignedHeaders(claim, request.headers, verifier.mustBeSigned);
  checkScope(claim, date, verifier);
  const caller = verifier.callers.get(claim.accessKeyId);
  if (caller === undefined) {
    throw new AwsError(
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
    );
  }
  const canonical = canonicalRequest(
    request.method,
    request.path,
    request.headers,
    claim.signedHeaders,
    sha256Hex(request.body),
  );
  const { region, service } = verifier;
  // Header values arrive as Latin-1, a byte a character; what was signed are those bytes. ASCII is hashed as it is.
  const isAscii = Buffer.byteLength(canonical) === canonical.length;
  const signed = isAscii ? canonical : Buffer.from(canonical, 'latin1');
  const expected = signatureOf(caller.secretAccessKey, date, region, service, signed);
  if (!sameSignature(expected, signatureIn(text, signatureAt))) {
    throw invalid(
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
    );
  }
  if (known === undefined) keepClaim(text, signatureAt, claim);
  return caller;
}

/** The access key that a request's credential scope names, verified or not. */
export function claimedAccessKeyId(headers: HeaderValues): string | undefined {
  return scopeElement(headers, 0);
}

/** The Region that a request's credential scope names, verified or not. */
export function claimedRegion(headers: HeaderValues): string | undefined {
  return scopeElement(headers, 2);
}

/** One of the slash-delimited elements of `Credential=`, as long as another one follows. */
function scopeElement({ authorization: text }: HeaderValues, index: number): string | undefined {
  if (typeof text !== 'string') return undefined;
  const credential = text.indexOf(CREDENTIAL);
  if (credential < 0) return undefined;
  let start = credential + CREDENTIAL.length;
  let end = text.indexOf('/', start);
  for (let passed = 0; passed < index && end >= 0; passed++) {
    start = end + 1;
    end = text.indexOf('/', start);
  }
  return end < 0 ? undefined : text.slice(start, end);
}

function authorizationText(headers: HeaderValues): string {
  const text = headers.authorization;
  if (typeof text !== 'string' || !text.startsWith('AWS4-')) {
    throw new AwsError('MissingAuthenticationTokenException', 'Request is missing Authentication Token');
  }
  return text;
}

const claims = new Map<string, Claim>();
const CLAIMS_MAX = 1_000;
/** The one looked up last: of a text that long the map has to compute a hash first. */
let lastText = '';
let lastClaim: Claim | undefined;

/** A client repeats all but the signature, which comes last, for a day: what was parsed once is kept. */
function knownClaim(text: string, signatureAt: number): Claim | undefined {
  if (text.includes(',', signatureAt)) return undefined;
  const before = text.slice(0, signatureAt);
  if (before !== lastText) {
    lastText = before;
    lastClaim = claims.get(before);
  }
  return lastClaim;
}

function keepClaim(text: string, signatureAt: number, claim: Claim): void {
  if (text.includes(',', signatureAt)) return;
  if (claims.size >= CLAIMS_MAX) claims.clear();
  claims.set(text.slice(0, signatureAt), claim);
  lastText = '';
}

function signatureIn(text: string, signatureAt: number): string {
  const end = text.indexOf(',', signatureAt);
  return text.slice(signatureAt + SIGNATURE.length, end < 0 ? text.length : end).trim();
}

function parseClaim(text: string): Claim {
  const space = text.indexOf(' ');
  const algorithm = space < 0 ? text : text.slice(0, space);
  const fields = parseFields(space < 0 ? '' : text.slice(space + 1));
  const missing = ['Credential', 'Signature', 'SignedHeaders']
    .filter((name) => !fields.get(name))
    .map((name) => `Authorization header requires '${name}' parameter.`);
  if (missing.length > 0) throw incomplete(missing.join(' '));
  if (algorithm !== ALGORITHM) {
    throw incomplete(`Unsupported AWS 'algorithm': '${algorithm}' (only ${ALGORITHM} for now).`);
  }
  const credential = fields.get('Credential')!;
  const parts = credential.split('/');
  if (parts.length !== 5) {
    throw incomplete(
      `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${credential}'`,
    );
  }
  const [accessKeyId, day, region, service, terminator] = parts as [string, string, string, string, string];
  const signedHeaders = fields.get('SignedHeaders')!.toLowerCase().split(';').sort();
  return { accessKeyId, day, region, service, terminator, signedHeaders };
}

function parseFields(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const part of text.split(',')) {
    const equals = part.indexOf('=');
    if (equals > 0) fields.set(part.slice(0, equals).trim(), part.slice(equals + 1).trim());
  }
  return fields;
}

/** @returns the request's date in ISO 8601 basic */
function checkDate(headers: HeaderValues, wall_ms: number): string {
  const header = headers['x-amz-date'] ?? headers.date;
  if (header === undefined) {
    throw incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
  }
  const given = String(header);
  const date_ms = parseAmzDate(given) ?? (headers['x-amz-date'] ? undefined : parseHttpDate(given));
  if (date_ms === undefined) {
    throw incomplete(
      `Date must be in ISO-8601 'basic format'. Got '${given}'. See http://en.wikipedia.org/wiki/ISO_8601`,
    );
  }
  const date = amzDate(date_ms);
  if (date_ms < wall_ms - SKEW_MAX_MS) {
    const now = amzDate(wall_ms);
    const earliest = amzDate(wall_ms - SKEW_MAX_MS);
    throw invalid(`Signature expired: ${date} is now earlier than ${earliest} (${now} - 5 min.)`);
  }
  if (date_ms > wall_ms + SKEW_MAX_MS) {
    const now = amzDate(wall_ms);
    const latest = amzDate(wall_ms + SKEW_MAX_MS);
    throw invalid(`Signature not yet current: ${date} is still later than ${latest} (${now} + 5 min.)`);
  }
  return date;
}

/** RFC 9110 IMF-fixdate, and nothing else of what `Date.parse` would take. */
function parseHttpDate(text: string): number | undefined {
  if (!/^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/.test(text)) return undefined;
  const wall_ms = Date.parse(text);
  return Number.isNaN(wall_ms) ? undefined : wall_ms;
}

function checkSignedHeaders(
  { signedHeaders }: Claim,
  headers: HeaderValues,
  mustBeSigned: readonly string[],
): void {
  if (!signedHeaders.includes('host')) {
    throw invalid("'Host' must be a 'SignedHeader' in the AWS Authorization.");
  }
  for (const name of mustBeSigned) {
    if (headers[name] !== undefined && !signedHeaders.includes(name)) {
      throw invalid(`'${name}' must be a 'SignedHeader' in the AWS Authorization.`);
    }
  }
}

function checkScope(claim: Claim, date: string, verifier: Verifier): void {
  const wrong: string[] = [];
  if (claim.region !== verifier.region) {
    wrong.push('Credential should be scoped to a valid region.');
  }
  if (claim.service !== verifier.service) {
    wrong.push(`Credential should be scoped to correct service: '${verifier.service}'.`);
  }
  if (claim.terminator !== TERMINATOR) {
    wrong.push(
      `Credential should be scoped with a valid terminator: '${TERMINATOR}', not '${claim.terminator}'.`,
    );
  }
  const day = date.slice(0, 8);
  if (claim.day !== day) {
    wrong.push(
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${claim.day}' != '${day}', from '${date}'.`,
    );
  }
  if (wrong.length > 0) throw invalid(wrong.join(' '));
}

const expectedBytes = Buffer.alloc(SIGNATURE_CHARACTERS);
const givenBytes = Buffer.alloc(SIGNATURE_CHARACTERS);

function sameSignature(expected: string, given: string): boolean {
  if (given.length !== SIGNATURE_CHARACTERS) return false;
  expectedBytes.write(expected, 'latin1');
  givenBytes.write(given, 'latin1');
  return timingSafeEqual(expectedBytes, givenBytes);
}

function incomplete(message: string): AwsError {
  return new AwsError('IncompleteSignatureException', message);
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidSignatureException', message);
}
