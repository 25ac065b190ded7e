/** Real sockets: what goes in comes out, later. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Relay, startRelay } from '../../src/network/network.ts';
import { createTlsIdentity, HttpConnection, type TlsIdentity } from '../../src/system/system.ts';

const RTT_MS = 20;
const REQUEST = 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n';
const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}';

async function relayTo(onConnection: (socket: Socket) => void, tls?: TlsIdentity): Promise<Relay> {
  const sockets = new Set<Socket>();
  const handle = (socket: Socket): void => {
    sockets.add(socket.on('error', () => {}));
    onConnection(socket);
  };
  const server = tls ? createTlsServer(tls, handle) : createServer({ allowHalfOpen: true }, handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return relayToPort(port);
}

async function relayToPort(port: number): Promise<Relay> {
  const relay = await startRelay({ host: '127.0.0.1', port, rtt_ns: RTT_MS * 1e6 });
  onTestFinished(() => relay.stop());
  return relay;
}

function client(relay: Relay): Socket {
  const socket = connect({ ...relay, allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  return socket;
}

async function read(socket: Socket): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of socket) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >>> 1]!;
}

describe('a relay', () => {
  it('passes on every byte in order, and the end of them, more than its window holds', async () => {
    const relay = await relayTo((socket) => socket.pipe(socket));
    const socket = client(relay);
    const sent = randomBytes(12 * 1024 * 1024);
    socket.end(sent);
    expect((await read(socket)).equals(sent)).toBe(true);
  });

  it('lets one side end and the other go on', async () => {
    const relay = await relayTo((socket) => {
      socket.resume().once('end', () => setTimeout(() => socket.end('later'), 50));
    });
    const socket = client(relay);
    socket.end('that is all');
    expect((await read(socket)).toString()).toBe('later');
  });

  it('passes a reset on', async () => {
    const relay = await relayTo((socket) => socket.once('data', () => socket.resetAndDestroy()));
    const socket = client(relay);
    socket.write('x');
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNRESET');
  });

  it('resets what its far end refuses', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const [error] = (await once(client(await relayToPort(port)), 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNRESET');
  });
});

describe('time on the way', () => {
  let tls: TlsIdentity;
  beforeAll(async () => {
    tls = await createTlsIdentity();
  });

  const answering = (socket: Socket): unknown => socket.on('data', () => socket.write(ANSWER));

  async function timed_ms(action: () => Promise<unknown>): Promise<number> {
    const start_ms = performance.now();
    await action();
    return performance.now() - start_ms;
  }

  it('is one round trip for a request on a kept connection, and three for one on a new connection with TLS', async () => {
    const relay = await relayTo(answering, tls);
    const sessions: Buffer[] = [];
    const open = (session?: Buffer) =>
      new HttpConnection({
        host: 'localhost',
        port: 1,
        via: relay,
        tls: { ca: tls.ca, session },
        timeout_ms: 10_000,
        onSession: (ticket) => sessions.push(ticket),
      });
    const times: Record<'kept' | 'fresh' | 'resumed', number[]> = { kept: [], fresh: [], resumed: [] };
    for (let round = 0; round < 9; round++) {
      const fresh = open();
      times.fresh.push(await timed_ms(() => fresh.request(REQUEST)));
      times.kept.push(await timed_ms(() => fresh.request(REQUEST)));
      const resumed = open(sessions.at(-1));
      times.resumed.push(await timed_ms(() => resumed.request(REQUEST)));
      expect(resumed.resumed).toBe(true);
      for (const connection of [fresh, resumed]) connection.close();
    }
    // What comes on top is the client's, the server's and the relay's own work, on a machine that has other things to do.
    const [kept, fresh, resumed] = [medianOf(times.kept), medianOf(times.fresh), medianOf(times.resumed)];
    expect(Math.min(...times.kept)).toBeGreaterThan(RTT_MS - 0.7);
    expect(kept).toBeLessThan(RTT_MS * 1.25);
    expect(Math.min(...times.fresh, ...times.resumed)).toBeGreaterThan(3 * RTT_MS - 2);
    expect(fresh).toBeLessThan(3 * RTT_MS * 1.3);
    expect(resumed).toBeLessThan(3 * RTT_MS * 1.3);
  });
});
