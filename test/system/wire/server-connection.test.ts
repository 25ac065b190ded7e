import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import type { WireRequest } from '../../../src/system/wire/wire.ts';
import { exchangeRaw, open, post, serve, untilClosed } from './fixtures.ts';

describe('a connection', () => {
  test('requests sent ahead are answered in their order, however many', async () => {
    const ListTables = ({ body }: WireRequest) =>
      Number(body.n) % 2 === 0 ? Promise.resolve({ n: body.n }) : { n: body.n };
    const server = await serve({ auth: 'none', operations: { ListTables } });
    const count = 2000;
    const requests = Array.from({ length: count }, (_, n) => {
      const connection = n === count - 1 ? 'close' : 'keep-alive';
      return post({ body: `{"n":${n}}`, headers: { connection } });
    });
    const text = await exchangeRaw(server.port, requests.join(''));
    const answers = [...text.matchAll(/\{"n":(\d+)\}/g)].map(([, n]) => Number(n));
    expect(answers).toEqual(requests.map((_, n) => n));
    expect(server.counters()).toMatchObject({ requests: count, connections_opened: 1 });
  });

  test('a client that asks, and closes its side, is answered', async () => {
    const server = await serve({ auth: 'none' });
    const socket = await open(server.port);
    const keepAlive = post({ headers: { connection: 'keep-alive' } });
    socket.end(keepAlive + keepAlive);
    expect((await untilClosed(socket)).match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
    const half = await open(server.port);
    half.end(keepAlive.slice(0, -1));
    expect(await untilClosed(half)).toMatch(/^HTTP\/1\.1 400 /);
  });

  test('a client that waits for leave to send its body gets it, once', async () => {
    const server = await serve({ auth: 'none' });
    const socket = await open(server.port);
    const request = post({ headers: { expect: '100-continue' } });
    const headEnd = request.indexOf('\r\n\r\n') + 4;
    socket.write(request.slice(0, headEnd));
    const [leave] = await once(socket, 'data');
    expect(String(leave)).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    socket.write(request.slice(headEnd));
    expect(await untilClosed(socket)).toMatch(/^HTTP\/1\.1 200 OK/);
  });

  test('HEAD gets the head alone', async () => {
    const server = await serve();
    const text = await exchangeRaw(server.port, 'HEAD / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    expect(text).toMatch(/^HTTP\/1\.1 404 [\s\S]*\r\n\r\n$/);
    expect(text).not.toContain('UnknownOperation');
  });
});
