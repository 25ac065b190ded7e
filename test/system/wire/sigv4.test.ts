import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { SourceData } from '@smithy/types';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HmacSha256 } from '../../../src/system/wire/hmac.ts';
import {
  AwsRequestTemplate,
  type Credentials,
  type SignedRequest,
  signRequest,
  verifySignature,
} from '../../../src/system/wire/wire.ts';
import { alice, bob, REGION } from './fixtures.ts';

const NOW_MS = Date.UTC(2026, 0, 1, 0, 15);
const VERIFIER = {
  region: REGION,
  service: 'dynamodb',
  callers: new Map([alice, bob].map((caller) => [caller.accessKeyId, caller])),
  mustBeSigned: ['x-amz-target'],
};

/** Published in AWS's Signature Version 4 test suite; the name says the case. */
describe('AWS’s test suite', () => {
  test.each([
    ['get-vanilla', 'GET', '/', {}, '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
    ['post-vanilla', 'POST', '/', {}, '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b'],
    [
      'get-vanilla-query-order-key-case',
      'GET',
      '/?Param2=value2&Param1=value1',
      {},
      'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
    ],
    [
      'get-header-value-trim',
      'GET',
      '/',
      { 'my-header1': ' value1', 'my-header2': ' "a   b   c"' },
      'acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736',
    ],
    [
      'get-relative',
      'GET',
      '/example/..',
      {},
      '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
    ],
    ['get-utf8', 'GET', '/\u1234', {}, '8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85'],
    [
      'get-space',
      'GET',
      '/example space/',
      {},
      '652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741',
    ],
    [
      'get-unreserved',
      'GET',
      '/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz',
      {},
      '07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f',
    ],
  ])('%s', (_, method, path, headers, signature) => {
    const { authorization } = signRequest({
      method,
      path,
      headers: { host: 'example.amazonaws.com', ...headers },
      body: '',
      credentials: {
        accessKeyId: 'AKIDEXAMPLE',
        secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
      },
      region: 'us-east-1',
      service: 'service',
      wall_ms: Date.UTC(2015, 7, 30, 12, 36),
    });
    expect(authorization).toMatch(new RegExp(`Signature=${signature}$`));
  });
});

class Sha256 {
  #hash: Hash | Hmac;
  readonly #secret: SourceData | undefined;
  constructor(secret?: SourceData) {
    this.#secret = secret;
    this.#hash = this.#fresh();
  }
  reset(): void {
    this.#hash = this.#fresh();
  }
  update(data: Uint8Array): void {
    this.#hash.update(data);
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
  #fresh(): Hash | Hmac {
    return this.#secret === undefined
      ? createHash('sha256')
      : createHmac('sha256', this.#secret as string | Uint8Array);
  }
}

/** The AWS SDK's own signer. */
async function signBySdk(
  request: Omit<SignedRequest, 'headers'> & { headers: Record<string, string> },
): Promise<Record<string, string>> {
  const signer = new SignatureV4({ service: 'dynamodb', region: REGION, credentials: alice, sha256: Sha256 });
  const [path, search] = request.path.split('?') as [string, string?];
  const query = Object.fromEntries(new URLSearchParams(search));
  const { headers } = await signer.sign(
    { protocol: 'http:', hostname: 'localhost', ...request, path, query },
    { signingDate: new Date(NOW_MS) },
  );
  return headers;
}

const headerName = fc.stringMatching(/^x-[a-z]{1,8}$/);
const headerValue = fc.stringMatching(/^[ -~]{0,20}$/);
const word = fc.stringMatching(/^[A-Za-z0-9 ~*'()!_.:@-]{1,8}$/);

test('any request that the SDK signs verifies, and no longer does with a byte changed', async () => {
  const requests = fc.record({
    headers: fc.dictionary(headerName, headerValue, { maxKeys: 4 }),
    segments: fc.array(word, { maxLength: 3 }),
    query: fc.dictionary(word, word, { maxKeys: 3 }),
    body: fc.uint8Array({ minLength: 1, maxLength: 50 }),
    change: fc.nat(),
  });
  await fc.assert(
    fc.asyncProperty(requests, async ({ headers, segments, query, body, change }) => {
      const search = Object.entries(query).map((pair) => pair.map(encodeURIComponent).join('='));
      const path = `/${segments.map(encodeURIComponent).join('/')}${search.length > 0 ? `?${search.join('&')}` : ''}`;
      const unsigned = { method: 'POST', path, headers: { host: 'localhost', ...headers }, body };
      const signed = { ...unsigned, headers: await signBySdk(unsigned) };
      expect(verifySignature(signed, VERIFIER, NOW_MS)).toBe(alice);

      const changed = Uint8Array.from(body);
      changed[change % body.length]! ^= 1;
      expect(() => verifySignature({ ...signed, body: changed }, VERIFIER, NOW_MS)).toThrow('does not match');
    }),
    { seed: 1, numRuns: 200 },
  );
});

test('our signature is the SDK’s', async () => {
  const headers = {
    host: 'localhost:8000',
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': 'T.Op',
  };
  const ours = signRequest({ ...SIGNED, headers });
  const theirs = await signBySdk({ method: 'POST', path: '/', headers, body: Buffer.from(SIGNED.body) });
  const signature = (authorization: string) => authorization.split('Signature=')[1];
  // The SDK adds and signs x-amz-content-sha256; with it among our headers the two are the same.
  const withHash = signRequest({
    ...SIGNED,
    headers: { ...headers, 'x-amz-content-sha256': theirs['x-amz-content-sha256']! },
  });
  expect(signature(withHash.authorization)).toBe(signature(theirs.authorization!));
  expect(signature(ours.authorization)).not.toBe(signature(theirs.authorization!));
});

test('header values of other bytes than ASCII are verified as the bytes they came as', () => {
  const sent = Buffer.from('é', 'utf8').toString('latin1');
  const headers = { host: 'localhost', 'x-note': 'é' };
  const signature = signRequest({ ...SIGNED, headers });
  const received = { ...request(), headers: { ...headers, ...signature, 'x-note': sent } };
  expect(verifySignature(received, VERIFIER, NOW_MS)).toBe(alice);
});

test('HMAC-SHA-256 is node’s', () => {
  const texts = fc.string({ unit: 'binary-ascii', maxLength: 600 });
  const keys = fc.uint8Array({ maxLength: 130 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(keys, fc.array(texts, { minLength: 1, maxLength: 4 }), (key, several) => {
      const hmac = new HmacSha256(key);
      const expected = several.map((text) => createHmac('sha256', key).update(text).digest('hex'));
      expect(several.map((text) => hmac.hex(text))).toEqual(expected);
    }),
    { seed: 2 },
  );
});

test('a template’s request carries the signature that signRequest gives', () => {
  const template = new AwsRequestTemplate({
    host: 'localhost:8000',
    target: 'DynamoDB_20120810.GetItem',
    jsonVersion: '1.0',
    service: 'dynamodb',
    region: REGION,
    credentials: alice,
    sign: true,
    onBehalfOf: bob.principal.arn,
    close: true,
  });
  const body = '{"Key":{"pk":{"S":"ключ"}}}';
  const [head, sent] = template.text(body, NOW_MS).split('\r\n\r\n') as [string, string];
  const [line, ...lines] = head.split('\r\n');
  const headers = Object.fromEntries(lines.map((text) => text.split(': ') as [string, string]));
  expect(line).toBe('POST / HTTP/1.1');
  expect(sent).toBe(body);
  expect(headers).toMatchObject({ 'content-length': String(Buffer.byteLength(body)), connection: 'close' });
  const { 'content-length': _, connection: __, authorization, 'x-amz-date': ___, ...signed } = headers;
  expect(authorization).toBe(signRequest({ ...SIGNED, headers: signed, body }).authorization);
});

const SIGNED = {
  method: 'POST',
  path: '/',
  headers: { host: 'localhost' } as Record<string, string>,
  body: '{}',
  credentials: alice as Credentials,
  region: REGION,
  service: 'dynamodb',
  wall_ms: NOW_MS,
};

function request(change: Partial<typeof SIGNED> = {}): SignedRequest & { headers: Record<string, string> } {
  const all = { ...SIGNED, ...change };
  return {
    method: all.method,
    path: all.path,
    headers: { ...all.headers, ...signRequest(all) },
    body: Buffer.from(all.body),
  };
}

function failure(signed: SignedRequest): { code?: string; message?: string } {
  try {
    verifySignature(signed, VERIFIER, NOW_MS);
    return {};
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return { code, message };
  }
}

describe('refused with AWS’s own words', () => {
  const cases: [name: string, SignedRequest, code: string, message: string | RegExp][] = [
    [
      'no Authorization',
      { ...request(), headers: { host: 'localhost' } },
      'MissingAuthenticationTokenException',
      'Request is missing Authentication Token',
    ],
    [
      'another scheme',
      { ...request(), headers: { ...request().headers, authorization: 'Bearer x' } },
      'MissingAuthenticationTokenException',
      'Request is missing Authentication Token',
    ],
    [
      'fields left out',
      { ...request(), headers: { ...request().headers, authorization: 'AWS4-HMAC-SHA256 Signature=a' } },
      'IncompleteSignatureException',
      "Authorization header requires 'Credential' parameter. Authorization header requires 'SignedHeaders' parameter.",
    ],
    [
      'no date',
      { ...request(), headers: { ...request().headers, 'x-amz-date': undefined } },
      'IncompleteSignatureException',
      "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
    ],
    [
      'a date in another format',
      { ...request(), headers: { ...request().headers, 'x-amz-date': '2026-01-01' } },
      'IncompleteSignatureException',
      "Date must be in ISO-8601 'basic format'. Got '2026-01-01'. See http://en.wikipedia.org/wiki/ISO_8601",
    ],
    [
      'a day that is none',
      { ...request(), headers: { ...request().headers, 'x-amz-date': '20260140T000000Z' } },
      'IncompleteSignatureException',
      /^Date must be in ISO-8601/,
    ],
    [
      'expired',
      request({ wall_ms: NOW_MS - 15 * 60_000 }),
      'InvalidSignatureException',
      'Signature expired: 20260101T000000Z is now earlier than 20260101T001000Z (20260101T001500Z - 5 min.)',
    ],
    [
      'not yet current',
      request({ wall_ms: NOW_MS + 5 * 60_000 + 1000 }),
      'InvalidSignatureException',
      'Signature not yet current: 20260101T002001Z is still later than 20260101T002000Z (20260101T001500Z + 5 min.)',
    ],
    [
      'another region',
      request({ region: 'eu-west-1' }),
      'InvalidSignatureException',
      'Credential should be scoped to a valid region.',
    ],
    [
      'another service',
      request({ service: 'kms' }),
      'InvalidSignatureException',
      "Credential should be scoped to correct service: 'dynamodb'.",
    ],
    [
      'an unknown key',
      request({ credentials: { accessKeyId: 'AKIDX', secretAccessKey: 's' } }),
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
    ],
    [
      'another caller’s secret',
      request({ credentials: { ...alice, secretAccessKey: bob.secretAccessKey } }),
      'InvalidSignatureException',
      /^The request signature we calculated does not match the signature you provided\./,
    ],
    [
      'another algorithm',
      edited('AWS4-HMAC-SHA256', 'AWS4-HMAC-SHA1'),
      'IncompleteSignatureException',
      "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA1' (only AWS4-HMAC-SHA256 for now).",
    ],
    [
      'a short credential',
      edited('/aws4_request', ''),
      'IncompleteSignatureException',
      /^Credential must have exactly 5 slash-delimited elements/,
    ],
    [
      'another terminator',
      edited('aws4_request', 'aws5_request'),
      'InvalidSignatureException',
      "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'.",
    ],
    [
      'another day in the scope',
      edited('/20260101/', '/20251231/'),
      'InvalidSignatureException',
      "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20251231' != '20260101', from '20260101T001500Z'.",
    ],
    [
      'host not signed',
      edited('host;', ''),
      'InvalidSignatureException',
      "'Host' must be a 'SignedHeader' in the AWS Authorization.",
    ],
    [
      'an operation slipped in',
      { ...request(), headers: { ...request().headers, 'x-amz-target': 'DynamoDB_20120810.DeleteTable' } },
      'InvalidSignatureException',
      "'x-amz-target' must be a 'SignedHeader' in the AWS Authorization.",
    ],
    ['a shorter signature', edited(/.$/, ''), 'InvalidSignatureException', /does not match/],
  ];
  test.each(cases)('%s', (_, signed, code, message) => {
    const got = failure(signed);
    expect(got.code).toBe(code);
    if (typeof message === 'string') expect(got.message).toBe(message);
    else expect(got.message).toMatch(message);
  });

  function edited(from: string | RegExp, to: string): SignedRequest {
    const signed = request();
    return {
      ...signed,
      headers: { ...signed.headers, authorization: signed.headers.authorization!.replace(from, to) },
    };
  }
});

test('dates within five minutes pass, either way', () => {
  for (const skew_ms of [-5 * 60_000, -1000, 0, 1000, 5 * 60_000]) {
    expect(failure(request({ wall_ms: NOW_MS + skew_ms }))).toEqual({});
  }
});

test('a claim that was verified once is not taken for another request’s signature', () => {
  const signed = request();
  expect(failure(signed)).toEqual({});
  const forged = signed.headers.authorization!.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
  expect(failure({ ...signed, headers: { ...signed.headers, authorization: forged } }).message).toMatch(
    /does not match/,
  );
  expect(failure(signed)).toEqual({});
});

test('a Date header stands in for x-amz-date, and fields may come in any order', async () => {
  const { headers, ...rest } = request({
    headers: { host: 'localhost', date: 'Thu, 01 Jan 2026 00:15:00 GMT' },
  });
  const [algorithm, credential, signedHeaders, signature] = headers.authorization!.split(/,? /);
  const authorization = `${algorithm} ${signature},${signedHeaders},${credential}`;
  expect(failure({ ...rest, headers: { ...headers, authorization } })).toEqual({});
  const { 'x-amz-date': _, ...withoutDate } = headers;
  expect(failure({ ...rest, headers: withoutDate }).message).toMatch(/does not match/);
});
