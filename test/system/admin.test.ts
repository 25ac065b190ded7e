/** The admin port's manners: who may ask, what is refused. What it does for a user is in `test/acceptance/serve`. */
import { type OutgoingHttpHeaders, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AdjustableClock, SimulatedClock } from '../../src/std/clock.ts';
import {
  type AdminServer,
  createKmsClient,
  type KmsServer,
  type StoreServer,
  startAdmin,
  startKmsServer,
  startStoreServer,
} from '../../src/system/system.ts';
import { ACCOUNT, alice, REGION, service } from './store/harness.ts';

const EPOCH_MS = Date.UTC(2026, 0, 1);
const clock = new AdjustableClock(new SimulatedClock(0, EPOCH_MS));
let kms: KmsServer;
let store: StoreServer;
let admin: AdminServer;
const closers: (() => Promise<void>)[] = [];

beforeAll(async () => {
  const common = { region: REGION, accountId: ACCOUNT, auth: 'sigv4' as const, clock, port: 0 };
  kms = await startKmsServer({ ...common, callers: [alice, service] });
  const client = createKmsClient({
    url: kms.url,
    region: REGION,
    credentials: service,
    connections: 'keep-alive',
  });
  store = await startStoreServer({
    ...common,
    callers: [alice],
    kms: client,
    storage: 'memory',
    keyCache: { scope: 'connection', ttl_ms: 300_000, expiry: 'absolute' },
  });
  admin = await startAdmin({ port: 0, clock, kms, store });
  closers.push(
    () => admin.close(),
    () => store.close(),
    () => client.close(),
    () => kms.close(),
  );
});
afterAll(async () => {
  for (const close of closers) await close();
});

interface Answer {
  status: number;
  body: string;
}

function ask(method: string, path: string, body = '', headers: OutgoingHttpHeaders = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(`${admin.url}${path}`, { method, headers }, async (response) => {
      let text = '';
      for await (const chunk of response.setEncoding('utf8')) text += chunk;
      resolve({ status: response.statusCode!, body: text });
    });
    asked.on('error', reject).end(body);
  });
}

describe('who may ask', () => {
  it.each(['evil.example', 'evil.example:80', '127.0.0.1.evil.example', '10.0.0.1'])(
    'a request for host %j is refused, so that no web page gets in',
    async (host) => {
      const { status } = await ask('POST', '/clock', '{"advance":"1h"}', { host });
      expect(status).toBe(403);
      expect(clock.wall_ms()).toBe(EPOCH_MS);
    },
  );

  it.each(['https://evil.example', 'http://localhost', 'null'])(
    'a web page of %j is refused',
    async (origin) => {
      const { status } = await ask('POST', '/clock', '{"advance":"1h"}', { origin });
      expect(status).toBe(403);
      expect(clock.wall_ms()).toBe(EPOCH_MS);
    },
  );

  it.each(['localhost', 'localhost:9000', '127.0.0.1', '[::1]:9000'])('host %j is served', async (host) => {
    expect((await ask('GET', '/counters', '', { host })).status).toBe(200);
  });
});

describe('what is refused', () => {
  it.each([
    ['GET', '/', '', 404, 'GET /counters'],
    ['GET', '/clock', '', 404, 'POST /clock'],
    ['GET', '/trail?count=colour', '', 400, "'count' takes some of operation, principal, table"],
    ['GET', '/trail?colour=red', '', 400, "no such parameter as 'colour'"],
    ['GET', '/trail?since=now', '', 400, "'since' takes a time"],
    ['POST', '/clock', 'x', 400, 'not JSON'],
    ['POST', '/clock', '[]', 400, 'not a JSON object'],
    ['POST', '/clock', '{}', 400, "'advance' takes a duration"],
    ['POST', '/clock', '{"advance":"-1s"}', 400, "'advance' takes a duration"],
    ['POST', '/clock', '{"advance":"3000000d"}', 400, 'the year 9999'],
    ['POST', '/clock', '{"advance":"1e300d"}', 400, "'advance' takes a duration"],
    ['POST', '/clock', '{"advance":""}', 400, "'advance' takes a duration"],
    ['POST', '/kms/fault', '{"kind":"latency","for":"1s","p50":"1ms","p99":"1h"}', 400, "'p99' is at most"],
    ['POST', '/kms/fault', '{"kind":"outage","for":"1e400d"}', 400, "'for' takes a duration"],
    ['POST', '/clock', '{"advance":10}', 400, "'advance' takes a duration"],
    ['POST', '/clock', `{"advance":"${'1'.repeat(70_000)}s"}`, 413, 'over'],
    ['POST', '/kms/fault', '{"kind":"outage"}', 400, "'for' takes a duration"],
    ['POST', '/kms/fault', '{"kind":"fire","for":"1s"}', 400, "'kind' is one of"],
    ['POST', '/kms/fault', '{"kind":"latency","for":"1s","p50":"5ms"}', 400, "'p99' takes"],
    ['POST', '/kms/fault', '{"kind":"latency","for":"1s","p50":"5ms","p99":"1ms"}', 400, "'p50' must be"],
  ])('%s %s %s', async (method, path, body, status, says) => {
    const answer = await ask(method, path, body);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body).error).toContain(says);
  });

  it('changes nothing, and the port lives on', async () => {
    expect(clock.wall_ms()).toBe(EPOCH_MS);
    expect((await ask('GET', '/trail')).status).toBe(200);
  });
});

it('a port in use is bad input', async () => {
  const port = Number(new URL(admin.url).port);
  await expect(startAdmin({ port, clock, kms, store })).rejects.toMatchObject({ code: 'E_PORT_IN_USE' });
});

it('moves the clock, and says what time it is', async () => {
  const { body } = await ask('POST', '/clock', '{"advance":"7d"}');
  expect(JSON.parse(body)).toEqual({ now: '2026-01-08T00:00:00.000Z' });
  expect(clock.wall_ms()).toBe(EPOCH_MS + 7 * 86_400_000);
});

it('counts the trail', async () => {
  const credentials = alice;
  const user = createKmsClient({ url: kms.url, region: REGION, credentials, connections: 'keep-alive' });
  await user.call('CreateKey', {});
  await user.call('ListKeys', {});
  await user.close();
  const { body } = await ask('GET', '/trail?count=operation,table&operation=ListKeys');
  expect(JSON.parse(body)).toEqual({
    events: 1,
    dropped: 0,
    counts: [{ operation: 'ListKeys', table: null, count: 1 }],
  });
  const events = (await ask('GET', '/trail?operation=ListKeys')).body.trim().split('\n');
  expect(events.map((line) => JSON.parse(line).eventName)).toEqual(['ListKeys']);
});

it('exports every counter for Prometheus, with its type before it', async () => {
  const { body } = await ask('GET', '/metrics');
  const lines = body.trim().split('\n');
  expect(lines).toContain('# TYPE sealbench_store_cache_lookups_total counter');
  for (const line of lines)
    expect(line).toMatch(/^(# TYPE \w+ counter|\w+(\{operation="\w+"\})? \d+(\.\d+)?)$/);
  const samples = lines.filter((line) => !line.startsWith('#')).map((line) => line.split(' ')[0]);
  expect(new Set(samples).size).toBe(samples.length);
});
