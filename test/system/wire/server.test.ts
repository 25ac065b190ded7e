import { once } from 'node:events';
import { crc32 } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { InputError } from '../../../src/std/errors.ts';
import {
  AwsError,
  AwsRequestTemplate,
  awsError,
  createTlsIdentity,
  HttpConnection,
  startWireServer,
  type WireRequest,
} from '../../../src/system/wire/wire.ts';
import {
  alice,
  bob,
  exchangeRaw,
  open,
  post,
  REGION,
  read,
  serve,
  service,
  untilClosed,
} from './fixtures.ts';

const identity = await createTlsIdentity();
const FRAMEWORK = 'com.amazon.coral.service#';

describe('hostile and broken requests', () => {
  test.each([
    ['not JSON', '{"TableName', 400, 'SerializationException'],
    ['an array', '[]', 400, 'SerializationException'],
    ['null', 'null', 400, 'SerializationException'],
    ['nothing', '', 400, 'SerializationException'],
    ['too much', `{"x":"${'x'.repeat(3000)}"}`, 413, 'RequestEntityTooLargeException'],
  ])('a body that is %s', async (_, body, status, code) => {
    const server = await serve({ auth: 'none', maxBodyBytes: 2000 });
    const answer = read(await exchangeRaw(server.port, post({ body })));
    expect(answer.status).toBe(status);
    expect(answer.body.__type).toBe(FRAMEWORK + code);
    expect(JSON.stringify(answer.body)).not.toContain('TableName');
    expect(read(await exchangeRaw(server.port, post({}))).status).toBe(200);
  });

  test('a body that is not UTF-8', async () => {
    const server = await serve({ auth: 'none' });
    const socket = await open(server.port);
    socket.write(
      Buffer.from(post({ body: '{"x":"\xff\xfe"}', headers: { 'content-length': '10' } }), 'latin1'),
    );
    expect(read(await untilClosed(socket)).body.__type).toBe(`${FRAMEWORK}SerializationException`);
  });

  test.each([
    ['another service’s operation', 'TrentService.Decrypt'],
    ['an unknown operation', 'DynamoDB_20120810.Nope'],
    ['a member of every object', 'DynamoDB_20120810.constructor'],
    ['no operation', ''],
  ])('%s', async (_, target) => {
    const server = await serve({ auth: 'none' });
    const answer = read(await exchangeRaw(server.port, post({ target })));
    expect([answer.status, answer.body.__type]).toEqual([400, `${FRAMEWORK}UnknownOperationException`]);
  });

  test('no signature where one is asked for', async () => {
    const server = await serve();
    const answer = read(await exchangeRaw(server.port, post({})));
    expect([answer.status, answer.body]).toEqual([
      400,
      {
        __type: `${FRAMEWORK}MissingAuthenticationTokenException`,
        message: 'Request is missing Authentication Token',
      },
    ]);
  });

  test('other methods, and the health check of DynamoDB alone', async () => {
    const dynamodb = await serve();
    const kms = await serve({ service: 'kms' });
    const get = (method: string) => `${method} / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`;
    expect(await exchangeRaw(dynamodb.port, get('GET'))).toMatch(
      /^HTTP\/1\.1 200 OK[\s\S]*\r\n\r\nhealthy: dynamodb\.us-east-1\.amazonaws\.com $/,
    );
    for (const [port, method] of [
      [dynamodb.port, 'DELETE'],
      [kms.port, 'GET'],
    ] as const) {
      expect(await exchangeRaw(port, get(method))).toMatch(
        /^HTTP\/1\.1 404 [\s\S]*<UnknownOperationException\/>\n$/,
      );
    }
    expect(dynamodb.counters().requests).toBe(0);
  });

  test('what is not HTTP is refused, and the server lives on', async () => {
    const server = await serve({ auth: 'none' });
    expect(await exchangeRaw(server.port, 'GARBAGE\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
    const long = post({ headers: { 'x-long': 'x'.repeat(20_000) } });
    expect(await exchangeRaw(server.port, long)).toMatch(/^HTTP\/1\.1 431 /);
    expect(read(await exchangeRaw(server.port, post({}))).status).toBe(200);
  });

  test.each([
    ['a head', (whole: string) => whole.slice(0, 60)],
    ['a body', (whole: string) => whole.slice(0, -1)],
  ])('%s half sent is given up after the request’s time', async (_, cut) => {
    const server = await serve({ auth: 'none', requestTimeout_ms: 60 });
    expect(await exchangeRaw(server.port, cut(post({})))).toMatch(/^HTTP\/1\.1 408 /);
  });

  test.each([
    ['http', undefined],
    ['https', identity],
  ])(
    'an unused %s connection is not: it can still be used, and then half a request is given up',
    async (_, tls) => {
      const server = await serve({ auth: 'none', requestTimeout_ms: 60, tls });
      const plain = await serve({ auth: 'none', requestTimeout_ms: 60 });
      const ahead = new HttpConnection({
        host: '127.0.0.1',
        port: server.port,
        tls: tls && { ca: tls.ca },
        timeout_ms: 5_000,
      });
      onTestFinished(() => ahead.close());
      await ahead.connect();
      // Two requests given up one after the other, so that the time of the connection opened before has passed.
      for (const port of [plain.port, plain.port]) await exchangeRaw(port, post({}).slice(0, 60));
      const keepAlive = post({ headers: { connection: 'keep-alive' } });
      expect((await ahead.request(keepAlive)).status).toBe(200);
      expect((await ahead.request(keepAlive.slice(0, 60))).status).toBe(408);
    },
  );

  test('a client that leaves in mid-request closes its connection once', async () => {
    const closed: number[] = [];
    const gone = Promise.withResolvers<void>();
    const server = await serve({
      auth: 'none',
      onConnectionClosed: (id) => {
        closed.push(id);
        if (closed.length === 2) gone.resolve();
      },
    });
    for (const bytes of [post({}).slice(0, -1), post({}).slice(0, 20)]) {
      const socket = await open(server.port);
      socket.write(bytes, () => socket.resetAndDestroy());
    }
    await gone.promise;
    expect(new Set(closed).size).toBe(2);
    expect(server.counters()).toMatchObject({ requests: 0, connections_opened: 2 });
  });
});

describe('answers', () => {
  test('carry their checksum, length and id', async () => {
    const server = await serve({
      auth: 'none',
      operations: { ListTables: () => '{"TableNames":["müsic"]}' },
    });
    const text = await exchangeRaw(server.port, post({}));
    const { head, body } = read(text);
    expect(body).toEqual({ TableNames: ['müsic'] });
    expect(head).toContain(`x-amz-crc32: ${crc32('{"TableNames":["müsic"]}')}`);
    expect(head).toContain('content-length: 25');
    expect(head).toContain('content-type: application/x-amz-json-1.0');
    expect(Math.abs(Date.now() - Date.parse(/date: (.*)/.exec(head)![1]!))).toBeLessThan(60_000);
    expect(head).toMatch(/x-amzn-requestid: [0-9a-f-]{36}/);
  });

  const SECRET = 'plaintext of an item';
  const circular: { self?: object } = {};
  circular.self = circular;
  test.each([
    ['throws', () => Promise.resolve().then(() => Promise.reject(new Error(SECRET)))],
    [
      'throws at once',
      () => {
        throw new TypeError(SECRET);
      },
    ],
    ['answers what cannot be serialised', () => circular],
  ])('an operation that %s answers 500 and says nothing', async (_, ListTables) => {
    const server = await serve({ auth: 'none', operations: { ListTables } });
    const text = await exchangeRaw(server.port, post({}));
    expect(text).not.toContain(SECRET);
    expect(read(text)).toMatchObject({
      status: 500,
      body: { __type: 'com.amazonaws.dynamodb.v20120810#InternalServerError' },
    });
  });

  test.each([
    ['ResourceNotFoundException', 'com.amazonaws.dynamodb.v20120810#ResourceNotFoundException'],
    ['ValidationException', 'com.amazon.coral.validate#ValidationException'],
    ['AccessDeniedException', `${FRAMEWORK}AccessDeniedException`],
  ])('%s carries the namespace that DynamoDB gives it', async (code, type) => {
    const ListTables = async () => {
      throw new AwsError(code, 'No.', 400, { Item: { pk: { S: 'x' } } });
    };
    const server = await serve({ auth: 'none', operations: { ListTables } });
    const answer = read(await exchangeRaw(server.port, post({})));
    expect(answer).toMatchObject({
      status: 400,
      body: { __type: type, message: 'No.', Item: { pk: { S: 'x' } } },
    });
  });

  test('mapError has the last word, and may fail itself', async () => {
    const mapError = (error: unknown) => {
      if ((error as Error).message === 'known') return new AwsError('LimitExceededException', 'Slow down.');
      throw new Error('unknown');
    };
    const ListTables = ({ body }: WireRequest) => {
      throw new Error(String(body.message));
    };
    const server = await serve({ auth: 'none', mapError, operations: { ListTables } });
    const mapped = read(await exchangeRaw(server.port, post({ body: '{"message":"known"}' })));
    expect(mapped.body.__type).toBe('com.amazonaws.dynamodb.v20120810#LimitExceededException');
    const unmapped = read(await exchangeRaw(server.port, post({ body: '{"message":"other"}' })));
    expect(unmapped.status).toBe(500);
  });

  test('awsError reads what the server says', async () => {
    const ListTables = () => {
      throw new AwsError('ConditionalCheckFailedException', 'No.', 400, { Item: 1 });
    };
    const server = await serve({ operations: { ListTables } });
    const response = await call(server.port, { sign: true });
    expect(awsError(response)).toMatchObject({
      code: 'ConditionalCheckFailedException',
      message: 'No.',
      status: 400,
      fields: { Item: 1 },
    });
  });
});

describe('who calls', () => {
  const whoami = ({ signer, principal }: WireRequest) => [signer.name, principal.name];
  const operations = { ListTables: whoami };

  test.each([
    ['sigv4', true],
    ['none', false],
  ] as const)('auth %s: the caller that the credential scope names', async (auth, sign) => {
    const server = await serve({ auth, operations });
    expect(await answer(server.port, { sign, credentials: bob })).toEqual(['bob', 'bob']);
  });

  test('auth none: the first caller for whom nobody knows', async () => {
    const server = await serve({ auth: 'none', operations });
    const credentials = { accessKeyId: 'AKIDX', secretAccessKey: 'x' };
    expect(await answer(server.port, { sign: false, credentials })).toEqual(['alice', 'alice']);
    expect(JSON.parse((await exchangeRaw(server.port, post({}))).split('\r\n\r\n')[1]!)).toEqual([
      'alice',
      'alice',
    ]);
  });

  test.each(['sigv4', 'none'] as const)(
    'auth %s: a service acts for a principal, a user does not',
    async (auth) => {
      const server = await serve({ auth, operations });
      const sign = auth === 'sigv4';
      const onBehalfOf = bob.principal.arn;
      expect(await answer(server.port, { sign, credentials: service, onBehalfOf })).toEqual([
        'dynamodb',
        'bob',
      ]);
      expect(await answer(server.port, { sign, credentials: service })).toEqual(['dynamodb', 'dynamodb']);
      expect(await answer(server.port, { sign, credentials: alice, onBehalfOf })).toEqual(['alice', 'alice']);
      const denied = await call(server.port, {
        sign,
        credentials: service,
        onBehalfOf: 'arn:aws:iam::1:user/x',
      });
      expect(awsError(denied)?.code).toBe('AccessDeniedException');
    },
  );

  async function answer(port: number, options: Parameters<typeof call>[1]): Promise<unknown> {
    return JSON.parse((await call(port, options)).body.toString());
  }
});

test('several APIs on one server, each by its own prefix', async () => {
  const server = await serve({
    auth: 'none',
    apis: { DynamoDB_20120810: { ListTables: () => ({}) }, Streams_1: { ListStreams: () => ({ ok: 1 }) } },
  });
  const ask = async (target: string) => read(await exchangeRaw(server.port, post({ target })));
  expect((await ask('Streams_1.ListStreams')).body).toEqual({ ok: 1 });
  expect((await ask('DynamoDB_20120810.ListTables')).status).toBe(200);
  expect((await ask('DynamoDB_20120810.ListStreams')).body.__type).toBe(
    `${FRAMEWORK}UnknownOperationException`,
  );
});

describe('the server itself', () => {
  test('a port in use is bad input with a remedy', async () => {
    const server = await serve();
    const second = serve({ port: server.port });
    await expect(second).rejects.toBeInstanceOf(InputError);
    await expect(second).rejects.toMatchObject({
      code: 'E_PORT_IN_USE',
      problems: [{ where: `127.0.0.1:${server.port}`, remedy: expect.stringContaining('another port') }],
    });
  });

  test('an address that is not this machine’s is bad input too', async () => {
    await expect(serve({ host: '192.0.2.1' })).rejects.toMatchObject({ code: 'E_LISTEN' });
  });

  test('counts until reset, and numbers connections once in the process', async () => {
    const ids: number[] = [];
    const ListTables = ({ connectionId }: WireRequest) => {
      ids.push(connectionId);
      return {};
    };
    const [one, other] = await Promise.all([
      serve({ operations: { ListTables } }),
      serve({ operations: { ListTables } }),
    ]);
    for (const { port } of [one, other, one]) await call(port, { sign: true });
    expect(new Set(ids).size).toBe(3);
    expect(one.counters()).toEqual({ requests: 2, connections_opened: 2, tls_full: 0, tls_resumed: 0 });
    one.reset();
    expect(one.counters()).toEqual({ requests: 0, connections_opened: 0, tls_full: 0, tls_resumed: 0 });
  });

  test('closing lets the request in flight end and drops idle connections, used or not', async () => {
    const started = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<object>();
    const closed: number[] = [];
    const server = await startWireServer({
      service: 'dynamodb',
      region: REGION,
      jsonVersion: '1.0',
      errorNamespace: '',
      apis: {
        DynamoDB_20120810: {
          ListTables: () => {
            started.resolve();
            return finish.promise;
          },
        },
      },
      callers: [alice],
      auth: 'none',
      crc32: false,
      port: 0,
      maxBodyBytes: 100,
      onConnectionClosed: (id) => closed.push(id),
    });
    const unused = await open(server.port);
    const inFlight = call(server.port, { sign: false });
    await started.promise;
    const closing = server.close();
    await once(unused, 'close');
    finish.resolve({ TableNames: [] });
    const response = await inFlight;
    expect(response.status).toBe(200);
    expect(response.headers.get('connection')).toBe('close');
    await closing;
    expect(closed).toHaveLength(2);
  });
});

async function call(
  port: number,
  options: {
    sign: boolean;
    credentials?: typeof alice | { accessKeyId: string; secretAccessKey: string };
    onBehalfOf?: string;
  },
) {
  const connection = new HttpConnection({ host: '127.0.0.1', port, timeout_ms: 5_000 });
  onTestFinished(() => connection.close());
  const template = new AwsRequestTemplate({
    host: `127.0.0.1:${port}`,
    target: 'DynamoDB_20120810.ListTables',
    jsonVersion: '1.0',
    service: 'dynamodb',
    region: REGION,
    credentials: alice,
    ...options,
  });
  return connection.request(template.text('{}'));
}
