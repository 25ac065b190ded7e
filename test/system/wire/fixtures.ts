import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import {
  type Apis,
  type Caller,
  startWireServer,
  type WireServer,
  type WireServerOptions,
} from '../../../src/system/wire/wire.ts';

export const REGION = 'us-east-1';
const ACCOUNT = '123456789012';

export const alice = caller('alice');
export const bob = caller('bob');
export const service: Caller = {
  accessKeyId: 'AKIDSERVICE',
  secretAccessKey: 'secret-of-the-service',
  principal: { arn: 'dynamodb.amazonaws.com', accountId: ACCOUNT, name: 'dynamodb', kind: 'service' },
};

function caller(name: string): Caller {
  return {
    accessKeyId: `AKID${name.toUpperCase()}`,
    secretAccessKey: `secret-of-${name}`,
    principal: { arn: `arn:aws:iam::${ACCOUNT}:user/${name}`, accountId: ACCOUNT, name, kind: 'user' },
  };
}

/** A DynamoDB-like server that lives as long as the test, with `operations` of DynamoDB's. */
export async function serve({
  operations = { ListTables: () => ({ TableNames: ['music'] }) },
  ...options
}: Partial<WireServerOptions> & { operations?: Apis[string] } = {}): Promise<WireServer> {
  const server = await startWireServer({
    service: 'dynamodb',
    region: REGION,
    jsonVersion: '1.0',
    errorNamespace: 'com.amazonaws.dynamodb.v20120810',
    apis: { DynamoDB_20120810: operations },
    callers: [alice, bob, service],
    auth: 'sigv4',
    crc32: true,
    port: 0,
    maxBodyBytes: 1024 * 1024,
    ...options,
  });
  onTestFinished(() => server.close());
  return server;
}

/** Sends bytes as they are and returns all that comes back until the server closes. */
export async function exchangeRaw(port: number, bytes: string): Promise<string> {
  const socket = await open(port);
  socket.write(bytes);
  return untilClosed(socket);
}

export async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

export async function untilClosed(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('latin1').on('data', (part) => {
    text += part;
  });
  await once(socket, 'close');
  return text;
}

export interface RawRequest {
  target?: string;
  body?: string;
  headers?: Record<string, string>;
}

/** An unsigned POST after which the server closes. */
export function post({
  target = 'DynamoDB_20120810.ListTables',
  body = '{}',
  headers = {},
}: RawRequest): string {
  const all = {
    host: 'localhost',
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': target,
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST / HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}

/** Status and parsed body of a raw response. */
export function read(response: string): { status: number; body: Record<string, unknown>; head: string } {
  const end = response.indexOf('\r\n\r\n');
  return {
    status: Number(response.slice(9, 12)),
    head: response.slice(0, end).toLowerCase(),
    body: JSON.parse(Buffer.from(response.slice(end + 4), 'latin1').toString('utf8')) as Record<
      string,
      unknown
    >,
  };
}
