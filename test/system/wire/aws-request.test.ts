import { expect, onTestFinished, test } from 'vitest';
import {
  AwsRequestTemplate,
  awsError,
  awsRequestBytes,
  HttpConnection,
  HttpResponse,
  httpRequestHead,
} from '../../../src/system/wire/wire.ts';
import { alice, REGION, serve, service } from './fixtures.ts';

test('a head is the request line and its headers', () => {
  expect(httpRequestHead({ method: 'POST', path: '/a?b=c', host: 'x:1', headers: { accept: '*/*' } })).toBe(
    'POST /a?b=c HTTP/1.1\r\nhost: x:1\r\naccept: */*\r\n',
  );
});

test.each([
  ['a method', { method: 'GET /\r\nx:' }],
  ['a path', { path: '/ HTTP/1.1\r\nx: y' }],
  ['a host', { host: 'x\r\ny: z' }],
  ['a header’s value', { headers: { a: 'b\r\nc: d' } }],
  ['a header’s name', { headers: { 'a: b\r\nc': 'd' } }],
])('%s cannot bring a header of its own', (_, part) => {
  const head = { method: 'GET', path: '/', host: 'x', headers: {}, ...part };
  expect(() => httpRequestHead(head)).toThrow(TypeError);
});

test('an unsigned request still names its caller, and its length is in bytes', () => {
  const bytes = awsRequestBytes({
    host: 'localhost:1',
    target: 'DynamoDB_20120810.GetItem',
    jsonVersion: '1.0',
    service: 'dynamodb',
    region: REGION,
    credentials: alice,
    sign: false,
    body: '{"x":"ü"}',
  }).toString();
  expect(bytes).toContain(`\r\nauthorization: AWS4-HMAC-SHA256 Credential=${alice.accessKeyId}/`);
  expect(bytes).toContain('\r\ncontent-length: 10\r\n\r\n{"x":"ü"}');
  expect(bytes).not.toContain(alice.secretAccessKey);
});

test('a session token of temporary credentials is sent and signed', async () => {
  const server = await serve();
  const { hostname, port, host } = new URL(server.url);
  const connection = new HttpConnection({ host: hostname, port: Number(port), timeout_ms: 5_000 });
  onTestFinished(() => connection.close());
  const request = (onBehalfOf?: string) =>
    new AwsRequestTemplate({
      host,
      target: 'DynamoDB_20120810.ListTables',
      jsonVersion: '1.0',
      service: 'dynamodb',
      region: REGION,
      credentials: { ...(onBehalfOf ? service : alice), sessionToken: 'a-token' },
      sign: true,
      onBehalfOf,
    }).text('{}');
  expect(request()).toContain('\r\nx-amz-security-token: a-token\r\n');
  expect(request()).toMatch(/SignedHeaders=[a-z;-]*;x-amz-security-token;/);
  expect((await connection.request(request())).status).toBe(200);
  expect((await connection.request(request(alice.principal.arn))).status).toBe(200);
  const changed = request().replace('a-token', 'b-token');
  expect(awsError(await connection.request(changed))?.code).toBe('InvalidSignatureException');
});

test.each([
  [200, '', '{}', undefined],
  [400, '', '{"__type":"a.b#LimitExceededException","message":"m"}', ['LimitExceededException', 'm']],
  [400, '', '{"__type":"LimitExceededException","Message":"m"}', ['LimitExceededException', 'm']],
  [400, 'X-Amzn-ErrorType: NotFoundException:http://x/', '{"message":"m"}', ['NotFoundException', 'm']],
  [503, '', '<html>', ['Http503', '']],
  [502, '', 'null', ['Http502', '']],
] as const)('the error in a %i response (%s %s)', (status, header, body, expected) => {
  const error = awsError(new HttpResponse(status, `HTTP/1.1 ${status} X\r\n${header}`, Buffer.from(body)));
  expect(error && [error.code, error.message]).toEqual(expected);
  if (expected) expect(error?.status).toBe(status);
});
