import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import {
  AwsRequestTemplate,
  createTlsIdentity,
  HttpConnection,
  type HttpConnectionOptions,
  TransportError,
} from '../../../src/system/wire/wire.ts';
import { alice, REGION, serve } from './fixtures.ts';

const identity = await createTlsIdentity();
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

function dial(port: number, options: Partial<HttpConnectionOptions> = {}): HttpConnection {
  const connection = new HttpConnection({ host: '127.0.0.1', port, timeout_ms: 5_000, ...options });
  onTestFinished(() => connection.close());
  return connection;
}

/** A server that hands over each connection; its port. */
async function accept(onConnection: (socket: Socket) => void): Promise<number> {
  return listen(createServer(onConnection));
}

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  await once(server, 'listening');
  return (server.address() as { port: number }).port;
}

function listTables(port: number, sign = true): string {
  return new AwsRequestTemplate({
    host: `127.0.0.1:${port}`,
    target: 'DynamoDB_20120810.ListTables',
    jsonVersion: '1.0',
    service: 'dynamodb',
    region: REGION,
    credentials: alice,
    sign,
  }).text('{}');
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(TransportError);
  return (error as TransportError).code;
}

test('one connection carries request after request', async () => {
  const server = await serve();
  const connection = dial(server.port);
  for (let call = 0; call < 3; call++) {
    const response = await connection.request(listTables(server.port));
    expect(JSON.parse(response.body.toString())).toEqual({ TableNames: ['music'] });
    expect(response.headers.get('content-type')).toBe('application/x-amz-json-1.0');
  }
  expect(server.counters()).toMatchObject({ requests: 3, connections_opened: 1 });
  expect(connection.connect_ns).toBeGreaterThan(0);
  expect(connection.tls_ns).toBeUndefined();
  expect(connection.closed).toBe(false);
});

test('the bodies of several connections never mix', async () => {
  const server = await serve({ operations: { ListTables: ({ body }) => body }, auth: 'none' });
  const connections = Array.from({ length: 8 }, () => dial(server.port));
  const texts = connections.map((_, index) => `{"x":"${String(index).repeat(30_000)}"}`);
  const template = new AwsRequestTemplate({
    host: 'localhost',
    target: 'DynamoDB_20120810.ListTables',
    jsonVersion: '1.0',
    service: 'dynamodb',
    region: REGION,
    credentials: alice,
    sign: false,
  });
  for (let round = 0; round < 3; round++) {
    const responses = await Promise.all(
      connections.map((connection, index) => connection.request(template.text(texts[index]!))),
    );
    expect(responses.map((response) => response.body.toString())).toEqual(texts);
  }
});

test('TLS: full, then resumed with the session of the first', async () => {
  const server = await serve({ tls: identity });
  const tickets: Buffer[] = [];
  const first = dial(server.port, {
    tls: { ca: identity.ca },
    onSession: (ticket) => tickets.push(ticket),
  });
  await first.connect();
  const session = await first.session();
  expect(tickets).toContain(session);
  expect((await first.request(listTables(server.port))).status).toBe(200);
  expect([first.resumed, first.connected]).toEqual([false, true]);
  expect(first.tls_ns).toBeGreaterThan(0);

  const second = dial(server.port, { tls: { ca: identity.ca, session } });
  expect((await second.request(listTables(server.port))).status).toBe(200);
  expect(second.resumed).toBe(true);
  expect(server.counters()).toMatchObject({
    connections_opened: 2,
    tls_full: 1,
    tls_resumed: 1,
    requests: 2,
  });
});

test('one session serves any number of connections', async () => {
  const server = await serve({ tls: identity });
  const session = await dial(server.port, { tls: { ca: identity.ca } }).session();
  const others = Array.from({ length: 10 }, () => dial(server.port, { tls: { ca: identity.ca, session } }));
  await Promise.all(others.map((connection) => connection.request(listTables(server.port))));
  expect(others.map((connection) => connection.resumed)).toEqual(Array(10).fill(true));
  expect(server.counters()).toMatchObject({ tls_full: 1, tls_resumed: 10 });
});

test('a session of another server makes a full handshake', async () => {
  const [one, other] = await Promise.all([serve({ tls: identity }), serve({ tls: identity })]);
  const first = dial(one.port, { tls: { ca: identity.ca } });
  const session = await first.session();
  const second = dial(other.port, { tls: { ca: identity.ca, session } });
  expect((await second.request(listTables(other.port))).status).toBe(200);
  expect(second.resumed).toBe(false);
  expect(other.counters()).toMatchObject({ tls_full: 1, tls_resumed: 0 });
});

test('certificates are verified before a byte of the request leaves', async () => {
  let received = 0;
  const tlsServer = createTlsServer({ key: identity.key, cert: identity.cert }, (socket) => {
    socket.on('data', (bytes) => {
      received += bytes.length;
    });
    socket.on('error', () => {});
  });
  const port = await listen(tlsServer);
  const other = await createTlsIdentity();
  expect(await codeOf(dial(port, { tls: { ca: other.ca } }).request(OK))).toBe('CERT_UNTRUSTED');
  expect(await codeOf(dial(port, { tls: {} }).request(OK))).toBe('CERT_UNTRUSTED');
  const misnamed = dial(port, { tls: { ca: identity.ca, servername: 'elsewhere.example' } });
  expect(await codeOf(misnamed.request(OK))).toBe('CERT_ALTNAME_INVALID');
  expect(misnamed.closed).toBe(true);
  expect(received).toBe(0);
});

test('a plain server is no TLS server', async () => {
  const port = await accept((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  expect(await codeOf(dial(port, { tls: { ca: identity.ca } }).request('x'))).toBe('TLS');
});

test('nobody listens', async () => {
  const server = createServer();
  const port = await listen(server);
  server.close();
  await once(server, 'close');
  expect(await codeOf(dial(port).request('x'))).toBe('ECONNREFUSED');
});

test('the server closes before its response is whole', async () => {
  const port = await accept((socket) => {
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab'));
  });
  const connection = dial(port);
  expect(await codeOf(connection.request('x'))).toBe('EOF');
  expect(await codeOf(connection.request('x'))).toBe('Closed');
});

test('the server resets the connection', async () => {
  const port = await accept((socket) => {
    socket.once('data', () => socket.resetAndDestroy());
  });
  expect(await codeOf(dial(port).request('x'))).toBe('ECONNRESET');
});

test('the server answers with something else', async () => {
  const port = await accept((socket) => {
    socket.once('data', () => socket.write('220 mail.example ESMTP\r\n\r\n'));
  });
  expect(await codeOf(dial(port).request('x'))).toBe('ProtocolError');
});

test('the server never answers', async () => {
  const port = await accept(() => {});
  const connection = dial(port, { timeout_ms: 20 });
  expect(await codeOf(connection.request('x'))).toBe('Timeout');
  expect(connection.closed).toBe(true);
});

test('the time of a request counts from that request, not from the connection’s first', async () => {
  let requests = 0;
  const port = await accept((socket) => {
    socket.on('data', () => {
      if (++requests <= 3) setTimeout(() => socket.write(OK), 200);
    });
  });
  const connection = dial(port, { timeout_ms: 500 });
  for (let call = 0; call < 3; call++) expect((await connection.request('x')).status).toBe(200);
  expect(await codeOf(connection.request('x'))).toBe('Timeout');
});

test('a server that closes an idle connection is seen before the next request', async () => {
  const port = await accept((socket) => {
    socket.once('data', () => {
      socket.write(OK);
      setImmediate(() => socket.end());
    });
  });
  const connection = dial(port);
  await connection.request('x');
  while (!connection.closed) await new Promise(setImmediate);
  expect(await codeOf(connection.request('x'))).toBe('Closed');
});

test('bytes that no request asked for close the connection', async () => {
  const port = await accept((socket) => {
    socket.once('data', () => {
      socket.write(OK);
      setImmediate(() => socket.write('HTTP/1.1 408 Request Timeout\r\n\r\n'));
    });
  });
  const connection = dial(port);
  expect((await connection.request('x')).body.toString()).toBe('ok');
  while (!connection.closed) await new Promise(setImmediate);
  expect(connection.connected).toBe(false);
});

test('a response that ends with the connection is whole then', async () => {
  const port = await accept((socket) => {
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\nuntil here'));
  });
  const connection = dial(port);
  expect((await connection.request('x')).body.toString()).toBe('until here');
  expect(connection.closed).toBe(true);
});

test('one request at a time; closing fails the one in flight', async () => {
  const port = await accept(() => {});
  const connection = dial(port);
  const first = connection.request('x');
  expect(await codeOf(connection.request('y'))).toBe('Busy');
  connection.close();
  expect(await codeOf(first)).toBe('Closed');
});

test('a response over the limit is refused', async () => {
  const port = await accept((socket) => {
    socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n'));
  });
  expect(await codeOf(dial(port, { maxResponseBytes: 10 }).request('x'))).toBe('ProtocolError');
});
