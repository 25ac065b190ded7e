/** What reaches `serve` from clients that are broken or mean: the AWS error that a library expects, and it lives on. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { ListKeysCommand } from '@aws-sdk/client-kms';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AwsRequestTemplate } from '../../src/system/system.ts';
import { type Serving, serve } from './serving.ts';

const MINUTE_MS = 60_000;
let serving: Serving;

beforeAll(async () => {
  serving = await serve();
});
afterEach(async () => {
  await serving.dynamodb.send(new ListTablesCommand({}));
  await serving.kms.send(new ListKeysCommand({}));
});
afterAll(async () => {
  expect((await serving.stop()).stderr.trim().split('\n')).toHaveLength(1);
});

describe.each([
  ['dynamodb', 'DynamoDB_20120810', '1.0', 'ListTables', 'AWS_ENDPOINT_URL_DYNAMODB'],
  ['dynamodb', 'DynamoDBStreams_20120810', '1.0', 'ListStreams', 'AWS_ENDPOINT_URL_DYNAMODB_STREAMS'],
  ['kms', 'TrentService', '1.1', 'ListKeys', 'AWS_ENDPOINT_URL_KMS'],
] as const)('%s', (service, prefix, jsonVersion, operation, url) => {
  function signed(body: string, { name = operation as string, ago_ms = 0 } = {}): string {
    const template = new AwsRequestTemplate({
      host: new URL(serving.env[url]!).host,
      target: `${prefix}.${name}`,
      jsonVersion,
      service,
      region: 'us-east-1',
      credentials: {
        accessKeyId: serving.env.AWS_ACCESS_KEY_ID!,
        secretAccessKey: serving.env.AWS_SECRET_ACCESS_KEY!,
      },
      sign: true,
      close: true,
    });
    return template.text(body, Date.now() - ago_ms);
  }

  /** Sends bytes as they are. @returns all that comes back until the connection closes */
  async function exchange(bytes: string): Promise<string> {
    const socket = connect(Number(new URL(serving.env[url]!).port), '127.0.0.1');
    let answer = '';
    socket.setEncoding('utf8').on('data', (text) => {
      answer += text;
    });
    // A server may close on what it will not read.
    socket.on('error', () => {});
    socket.write(bytes);
    await once(socket, 'close');
    return answer;
  }

  it.each([
    ['that is no JSON', () => signed('{'), 400, 'SerializationException'],
    ['of another shape', () => signed('[]'), 400, 'SerializationException'],
    [
      'for an unknown operation',
      () => signed('{}', { name: 'Frobnicate' }),
      400,
      'UnknownOperationException',
    ],
    [
      'with a changed body',
      () => signed('{"Limit":1}').replace(/1\}$/, '2}'),
      400,
      'InvalidSignatureException',
    ],
    ['signed an hour ago', () => signed('{}', { ago_ms: 60 * MINUTE_MS }), 400, 'InvalidSignatureException'],
    ['from the future', () => signed('{}', { ago_ms: -60 * MINUTE_MS }), 400, 'InvalidSignatureException'],
    [
      'by nobody known',
      () => signed('{}').replace(/AKIA\w{16}/, `AKIA${'A'.repeat(16)}`),
      400,
      'UnrecognizedClientException',
    ],
    [
      'without a signature',
      () => signed('{}').replace(/authorization: .*\r\n/, ''),
      400,
      'MissingAuthenticationTokenException',
    ],
    [
      'of more than 16 MB',
      () => signed(`{"x":"${'x'.repeat(2 ** 24)}"}`),
      413,
      'RequestEntityTooLargeException',
    ],
  ])('a request %s', async (_, bytes, status, code) => {
    const answer = await exchange(bytes());
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toContain(code);
    expect(answer).not.toContain('    at ');
  });

  it('half a request, and a client that is gone', async () => {
    const socket = connect(Number(new URL(serving.env[url]!).port), '127.0.0.1');
    await once(socket, 'connect');
    const bytes = signed('{}');
    await new Promise((resolve) => socket.write(bytes.slice(0, -1), resolve));
    socket.destroy();
    await once(socket, 'close');
  });
});
