/** What is the SDK's own: its retries, its pool, its sessions. */
import type { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { type ArmTarget, createProbe } from '../../src/drivers/drivers.ts';
import { realClock } from '../../src/std/clock.ts';
import { createTlsIdentity } from '../../src/system/system.ts';
import { armOf, driverFor, listen, openBed, operation } from './beds.ts';

const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n{"Item": {}}';
const UNAVAILABLE = 'HTTP/1.1 503 Service Unavailable\r\ncontent-length: 2\r\n\r\n{}';

function targetAt(url: string): ArmTarget {
  const access = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'secret', principalArn: '' };
  return { url, region: 'us-east-1', tables: ['items'], callers: [access, access] };
}

it('retries as the SDK does, and every attempt is a request', async () => {
  let asked = 0;
  const url = await listen((socket) =>
    socket.on('data', () => {
      asked++;
      socket.write(asked < 3 ? UNAVAILABLE : ANSWER);
    }),
  );
  const driver = await driverFor(armOf('driver: sdk\nconnections: { tls: false }'), targetAt(url));
  const probe = createProbe();
  const start_ns = realClock.now_ns();
  expect(await driver.perform(operation('get'), probe)).toBeUndefined();
  const took_ns = realClock.now_ns() - start_ns;
  expect(asked).toBe(3);
  const parts_ns = probe.queue_ns + probe.connect_ns + probe.wire_ns;
  expect(parts_ns).toBeLessThanOrEqual(took_ns);
  expect(parts_ns).toBeGreaterThan(0.9 * took_ns);
  expect(Math.min(...Object.values(probe))).toBeGreaterThanOrEqual(0);
  expect(driver.takeCounters()).toMatchObject({ opened: 1, requests: 3, transport_errors: 0 });
});

it('has its own queue, which is measured: one connection, and the second operation waits for it', async () => {
  const waiting: Socket[] = [];
  const first = Promise.withResolvers<void>();
  const url = await listen((socket) =>
    socket.on('data', () => {
      waiting.push(socket);
      first.resolve();
    }),
  );
  const driver = await driverFor(armOf('driver: sdk\nconnections: { tls: false }'), targetAt(url));
  expect(driver.pools).toBe(true);
  const probes = [createProbe(), createProbe()];
  const outcomes = probes.map((probe) => driver.perform(operation('get'), probe));
  await first.promise;
  // The second has reached the pool once it has had its turns of the event loop.
  const held_ns = 20e6;
  await new Promise((resolve) => setTimeout(resolve, held_ns / 1e6));
  expect(driver.takeCounters()).toMatchObject({ opened: 1, requests: 1 });
  waiting[0]!.write(ANSWER);
  expect(await outcomes[0]).toBeUndefined();
  while (waiting.length < 2) await new Promise((resolve) => setImmediate(resolve));
  waiting[1]!.write(ANSWER);
  expect(await outcomes[1]).toBeUndefined();
  expect(driver.takeCounters()).toMatchObject({ opened: 0, requests: 1 });
  const [begun, waited] = probes.map(({ queue_ns }) => queue_ns);
  expect(waited! - begun!).toBeGreaterThan(held_ns / 2);
  expect(probes.map(({ connect_ns }) => connect_ns > 0)).toEqual([true, false]);
});

it('each caller has its own credentials and its own connections', async () => {
  const heads: string[] = [];
  const url = await listen((socket) =>
    socket.on('data', (bytes) => {
      heads.push(String(bytes));
      socket.write(ANSWER);
    }),
  );
  const target = targetAt(url);
  target.callers[1] = { ...target.callers[1]!, accessKeyId: 'AKIAOTHER', sessionToken: 'the-token' };
  const driver = await driverFor(armOf('driver: sdk\nconnections: { tls: false }'), target);
  for (const caller of [0, 1, 0, 1]) await driver.perform(operation('get', { caller }));
  expect(driver.takeCounters()).toMatchObject({ opened: 2, requests: 4 });
  expect(heads.map((head) => /Credential=(\w+)/.exec(head)![1])).toEqual([
    ...['AKIAEXAMPLE', 'AKIAOTHER', 'AKIAEXAMPLE', 'AKIAOTHER'],
  ]);
  expect(heads.map((head) => /x-amz-security-token: the-token/i.test(head))).toEqual([
    false,
    true,
    false,
    true,
  ]);
});

it('trusts only the authority it is given', async () => {
  const bed = await openBed('driver: sdk\nconnections: { mode: fresh }');
  const other = await createTlsIdentity();
  const driver = await driverFor(bed.arm, { ...bed.target.target, ca: other.ca });
  expect(await driver.perform(operation('get'))).toMatch(/CERT|TLS/);
  const { opened, tls_full, transport_errors } = driver.takeCounters()!;
  expect([tls_full, transport_errors]).toEqual([0, opened]);
  await bed.testbed.close();
});
