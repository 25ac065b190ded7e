/** Resumed sessions are what TLS says they are on both sides, and the driver holds them itself: none is lost to the collector. */
import { createServer, type TLSSocket } from 'node:tls';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it, onTestFinished } from 'vitest';
import { createTlsIdentity } from '../../src/system/system.ts';
import { armOf, driverFor, operation } from './beds.ts';

const ANSWER = 'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 11\r\n\r\n{"Item":{}}';
const OPERATIONS = 10;

setFlagsFromString('--expose_gc');
const collectGarbage = runInNewContext('gc') as () => void;

async function serveTls() {
  const identity = await createTlsIdentity();
  const handshakes = { full: 0, resumed: 0 };
  const server = createServer({ key: identity.key, cert: identity.cert }, (socket: TLSSocket) => {
    handshakes[socket.isSessionReused() ? 'resumed' : 'full']++;
    socket.on('error', () => {}).once('data', () => socket.end(ANSWER));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  const access = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'secret', principalArn: '' };
  const target = {
    url: `https://127.0.0.1:${port}`,
    ca: identity.ca,
    region: 'us-east-1',
    tables: ['items'],
    callers: [access, access],
  };
  return { target, handshakes };
}

it.each([
  ['resumed', { full: 2, resumed: OPERATIONS }],
  ['fresh', { full: OPERATIONS, resumed: 0 }],
])('%s, with a collection after every operation', async (mode, expected) => {
  const { target, handshakes } = await serveTls();
  const driver = await driverFor(armOf(`connections: { mode: ${mode} }`), target);
  await driver.open();
  for (let index = 0; index < OPERATIONS; index++) {
    expect(await driver.perform(operation('get', { caller: index % 2 }))).toBeUndefined();
    collectGarbage();
  }
  const { tls_full, tls_resumed } = driver.takeCounters()!;
  expect({ full: tls_full, resumed: tls_resumed }).toEqual(expected);
  expect(handshakes).toEqual(expected);
});
