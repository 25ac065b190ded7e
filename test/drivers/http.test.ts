/** The HTTP driver against servers that misbehave. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect, it } from 'vitest';
import type { ArmTarget } from '../../src/drivers/drivers.ts';
import { createTlsIdentity } from '../../src/system/system.ts';
import { armOf, driverFor, listen, oneEach, openBed, operation } from './beds.ts';

const KEPT = 'connections: { perCaller: 2, tls: false }';
const LAST = 'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 11\r\n\r\n{"Item":{}}';
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{"Item":{}}';

function targetAt(url: string): ArmTarget {
  const access = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'secret', principalArn: '' };
  return { url, region: 'us-east-1', tables: ['items'], callers: [access, access] };
}

it('counts a refused connection as a transport error', async () => {
  const driver = await driverFor(armOf(KEPT), targetAt('http://127.0.0.1:1'));
  expect(await driver.perform(operation('get'))).toBe('ECONNREFUSED');
  expect(driver.takeCounters()).toMatchObject({ opened: 1, requests: 1, transport_errors: 1, abandoned: 0 });
});

it('gives up a request whose time is out, and counts it as abandoned', async () => {
  const url = await listen(() => {});
  const driver = await driverFor(armOf('connections: { tls: false, timeout: 20ms }'), targetAt(url));
  expect(await driver.perform(operation('get'))).toBe('Timeout');
  expect(driver.takeCounters()).toMatchObject({ requests: 1, transport_errors: 0, abandoned: 1 });
});

it('abandons what will never be answered, each request once', async () => {
  const url = await listen(() => {});
  const driver = await driverFor(armOf(KEPT), targetAt(url));
  const outcomes = oneEach('get').map((each) => driver.perform(each));
  driver.abandon();
  expect(await Promise.all(outcomes)).toEqual(Array(4).fill('Closed'));
  expect(driver.takeCounters()).toMatchObject({ requests: 4, transport_errors: 0, abandoned: 4 });
  driver.abandon();
  expect(driver.takeCounters()!.abandoned).toBe(0);
});

it('opens a connection anew that the server has closed', async () => {
  const url = await listen((socket) => socket.once('data', () => socket.end(LAST)));
  const driver = await driverFor(armOf(KEPT), targetAt(url));
  for (let request = 0; request < 3; request++) {
    expect(await driver.perform(operation('get'))).toBeUndefined();
  }
  expect(driver.takeCounters()).toMatchObject({ opened: 3, requests: 3, transport_errors: 0 });
});

it.each([
  ['cut off', 'HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{', 'EOF'],
  ['no HTTP', 'SSH-2.0-OpenSSH\r\n\r\n', 'ProtocolError'],
])('counts an answer that is %s as a transport error', async (_, answer, code) => {
  const url = await listen((socket) => socket.once('data', () => socket.end(answer)));
  const driver = await driverFor(armOf(KEPT), targetAt(url));
  expect(await driver.perform(operation('get'))).toBe(code);
  expect(driver.takeCounters()).toMatchObject({ transport_errors: 1 });
});

it('names an error that is no AWS error by its status', async () => {
  const url = await listen((socket) =>
    socket.once('data', () => socket.end('HTTP/1.1 502 Bad Gateway\r\ncontent-length: 4\r\n\r\nnope')),
  );
  const driver = await driverFor(armOf(KEPT), targetAt(url));
  expect(await driver.perform(operation('get'))).toBe('Http502');
  expect(driver.takeCounters()).toMatchObject({ transport_errors: 0 });
});

it('signs with the session token of temporary credentials', async () => {
  let socket: Socket | undefined;
  const url = await listen((accepted) => {
    socket = accepted;
  });
  const target = targetAt(url);
  target.callers[0]!.sessionToken = 'the-token';
  const driver = await driverFor(armOf(KEPT), target);
  const outcome = driver.perform(operation('get'));
  while (!socket) await new Promise((resolve) => setImmediate(resolve));
  const [bytes] = await once(socket, 'data');
  expect(String(bytes)).toMatch(/^x-amz-security-token: the-token\r$/im);
  socket.end(OK);
  expect(await outcome).toBeUndefined();
});

it('trusts only the authority it is given', async () => {
  const bed = await openBed('connections: { mode: fresh }');
  const other = await createTlsIdentity();
  const driver = await driverFor(bed.arm, { ...bed.target.target, ca: other.ca });
  expect(await driver.perform(operation('get'))).toMatch(/CERT|TLS/);
  expect(driver.takeCounters()).toMatchObject({ opened: 1, tls_full: 0, transport_errors: 1 });
  await bed.testbed.close();
});

it('resumed: opens without a session from a server that is down, and says so in its counters', async () => {
  const arm = armOf('connections: { mode: resumed }');
  const driver = await driverFor(arm, targetAt('https://127.0.0.1:1'));
  await driver.open();
  expect(driver.takeCounters()).toMatchObject({ opened: 2, tls_full: 0, tls_resumed: 0 });
  expect(await driver.perform(operation('get'))).toBe('ECONNREFUSED');
});

it('does not take a success of another kind for an answer of DynamoDB', async () => {
  const url = await listen((socket) =>
    socket.on('data', () => socket.write('HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\n{}')),
  );
  const driver = await driverFor(armOf(KEPT), targetAt(url));
  expect(await driver.perform(operation('get'))).toBe('Http202');
});
