/** Each fault of a known server, seen by the client that lanes use. */
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Pacer, startPacer } from '../../src/load/load.ts';
import { Alarms } from '../../src/selftest/alarms.ts';
import { KnownServer } from '../../src/selftest/server.ts';
import type { Behaviour } from '../../src/selftest/types.ts';
import { realClock } from '../../src/std/clock.ts';
import { AwsRequestTemplate, endpointOf, HttpConnection } from '../../src/system/system.ts';

let pacer: Pacer;
const closers: (() => Promise<void> | void)[] = [];

beforeAll(async () => {
  pacer = await startPacer();
  return () => pacer.close();
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function start(behaviour: Behaviour) {
  const server = new KnownServer(behaviour, new Alarms(pacer));
  const url = await server.listen();
  closers.push(() => server.close());
  const text = new AwsRequestTemplate({
    host: new URL(url).host,
    target: 'DynamoDB_20120810.GetItem',
    jsonVersion: '1.0',
    service: 'dynamodb',
    region: 'us-east-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    sign: false,
    close: false,
  }).text('{}');
  const connect = () => {
    const { host, port } = endpointOf(url);
    const connection = new HttpConnection({ host, port, timeout_ms: 5000 });
    closers.push(() => connection.close());
    return { connection, ask: () => connection.request(text) };
  };
  return { server, connect };
}

describe('a known server', () => {
  it('keeps each request for its own time, and logs how long that was', async () => {
    const { server, connect } = await start({ delays_ns: [20e6, 1e6, 0] });
    const { ask } = connect();
    for (let i = 0; i < 3; i++) expect((await ask()).status).toBe(200);
    const { received_ns, stays_ns, stretch } = server.log();
    expect(stretch).toEqual({ requests: 3, connections: 1, throttled: 0, resets: 0 });
    expect(received_ns).toEqual(Float64Array.from(received_ns).sort());
    expect(stays_ns[0]).toBeGreaterThanOrEqual(20e6);
    expect(stays_ns[1]).toBeGreaterThanOrEqual(1e6);
    expect(stays_ns[2]).toBeLessThan(stays_ns[0]!);
  });

  it('answers many at a time, each when its time has come', async () => {
    const { server, connect } = await start({ delays_ns: [60e6, 40e6, 20e6] });
    const order: number[] = [];
    const clients = [0, 1, 2].map(() => connect());
    // One after the other, so that the first has the first delay.
    for (const [index, { ask }] of clients.entries()) {
      const before = server.log().stretch.requests;
      const answer = ask().then(() => order.push(index));
      closers.push(() => void answer);
      while (server.log().stretch.requests === before) await new Promise((resolve) => setImmediate(resolve));
    }
    while (order.length < 3) await new Promise((resolve) => setImmediate(resolve));
    expect(order).toEqual([2, 1, 0]);
  });

  it('throttles every so many, at once, and logs no stay of theirs', async () => {
    const { server, connect } = await start({ delays_ns: [0], throttleEvery: 3 });
    const { ask } = connect();
    const statuses: number[] = [];
    for (let i = 0; i < 7; i++) statuses.push((await ask()).status);
    expect(statuses).toEqual([200, 200, 400, 200, 200, 400, 200]);
    expect(server.log().stays_ns).toHaveLength(5);
    expect(server.log().stretch.throttled).toBe(2);
  });

  it('resets every so many connections before the answer', async () => {
    const { server, connect } = await start({ delays_ns: [1e6], resetEvery: 2 });
    const { ask } = connect();
    await ask();
    await expect(ask()).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect((await connect().ask()).status).toBe(200);
    expect(server.log().total).toEqual({ requests: 3, connections: 2, throttled: 0, resets: 1 });
  });

  it('hangs up after each answer, and says so', async () => {
    const { server, connect } = await start({ delays_ns: [0], closes: true });
    const { connection, ask } = connect();
    expect((await ask()).headers.get('connection')).toBe('close');
    expect(connection.closed).toBe(true);
    expect((await connect().ask()).status).toBe(200);
    expect(server.log().total.connections).toBe(2);
  });

  it('begins its delays, faults and log anew with a stretch, and not its total', async () => {
    const { server, connect } = await start({ delays_ns: [0], throttleEvery: 2 });
    const { ask } = connect();
    await ask();
    server.begin();
    expect((await ask()).status).toBe(200);
    expect((await ask()).status).toBe(400);
    const { received_ns, stretch, total } = server.log();
    expect(received_ns).toHaveLength(2);
    expect([stretch.requests, total.requests]).toEqual([2, 3]);
  });
});

describe('alarms', () => {
  it('ring in the order of their times, whatever the order in which they were set', async () => {
    const alarms = new Alarms(pacer);
    const now_ns = realClock.now_ns();
    const rung: number[] = [];
    await new Promise<void>((resolve) => {
      for (const delay of [30, 10, 50, 20, 40]) {
        alarms.at(now_ns + delay * 1e6, () => {
          expect(realClock.now_ns()).toBeGreaterThanOrEqual(now_ns + delay * 1e6);
          if (rung.push(delay) === 5) resolve();
        });
      }
    });
    expect(rung).toEqual([10, 20, 30, 40, 50]);
  });
});
