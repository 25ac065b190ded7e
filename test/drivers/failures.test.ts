/** What every driver over the wire makes of servers that misbehave: codes, and who is counted under what. */
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { ArmTarget, Driver } from '../../src/drivers/drivers.ts';
import { armOf, driverFor, listen, oneEach, operation } from './beds.ts';

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n{"Item": {}}';
const LAST = OK.replace('content-length', 'connection: close\r\ncontent-length');
const module = fileURLToPath(new URL('modules/over-http.ts', import.meta.url));

interface Subject {
  name: string;
  settings: string;
  /** Attempts at a request whose connection breaks; the SDK's own default. */
  attempts: number;
  /** What it calls an answer that ends too early, and one that is no HTTP. */
  cutOff: string;
}

const SUBJECTS: Subject[] = [
  { name: 'http', settings: 'driver: http', attempts: 1, cutOff: 'EOF' },
  { name: 'sdk', settings: 'driver: sdk', attempts: 4, cutOff: 'ECONNRESET' },
  {
    name: 'autocannon',
    settings: 'driver: autocannon\narrivals: { loop: closed, concurrency: 4 }',
    attempts: 1,
    cutOff: 'EOF',
  },
  { name: 'module', settings: `driver: ${module}`, attempts: 1, cutOff: 'EOF' },
];

function target(url: string): ArmTarget {
  const access = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'secret', principalArn: '' };
  return { url, region: 'us-east-1', tables: ['items'], callers: [access, access] };
}

describe.each(SUBJECTS)('$name', ({ settings, attempts, cutOff }) => {
  const driverAt = (url: string, timeout = '10s'): Promise<Driver> =>
    driverFor(
      armOf(`${settings}\nconnections: { perCaller: 2, tls: false, timeout: ${timeout} }`),
      target(url),
    );

  it('counts each attempt at a refused connection', async () => {
    const driver = await driverAt('http://127.0.0.1:1');
    expect(await driver.perform(operation('get'))).toBe('ECONNREFUSED');
    const { opened, requests, transport_errors, abandoned } = driver.takeCounters()!;
    expect({ requests, transport_errors, abandoned }).toEqual({
      requests: opened,
      transport_errors: opened,
      abandoned: 0,
    });
    expect(opened).toBeGreaterThanOrEqual(1);
    expect(opened).toBeLessThanOrEqual(attempts);
  });

  it('counts each attempt at an answer that is cut off', async () => {
    const url = await listen((socket) => socket.once('data', () => socket.end(OK.slice(0, -3))));
    const driver = await driverAt(url);
    expect(await driver.perform(operation('get'))).toBe(cutOff);
    expect(driver.takeCounters()).toMatchObject({
      opened: attempts,
      requests: attempts,
      transport_errors: attempts,
      abandoned: 0,
    });
  });

  it('calls an answer that is no HTTP by its name', async () => {
    const url = await listen((socket) => socket.once('data', () => socket.write('SSH-2.0-OpenSSH\r\n\r\n')));
    const driver = await driverAt(url);
    expect(await driver.perform(operation('get'))).toBe('ProtocolError');
    expect(driver.takeCounters()).toMatchObject({ transport_errors: 1, abandoned: 0 });
  });

  it('gives up what is not answered in time', async () => {
    const driver = await driverAt(await listen(() => {}), '60ms');
    expect(await driver.perform(operation('get'))).toBe('Timeout');
    expect(driver.takeCounters()).toMatchObject({ requests: 1, transport_errors: 0, abandoned: 1 });
  });

  it('abandons what is on its way, each request once', async () => {
    let asked = 0;
    const all = Promise.withResolvers<void>();
    const url = await listen((socket) => {
      socket.on('data', () => {
        asked++;
        if (asked === 4) all.resolve();
      });
    });
    const driver = await driverAt(url);
    const outcomes = oneEach('get').map((each) => driver.perform(each));
    await all.promise;
    driver.abandon();
    expect(await Promise.all(outcomes)).toEqual(Array(4).fill('Closed'));
    expect(driver.takeCounters()).toMatchObject({ requests: 4, transport_errors: 0, abandoned: 4 });
    driver.abandon();
    expect(driver.takeCounters()).toMatchObject({ requests: 0, transport_errors: 0, abandoned: 0 });
  });

  it('takes an answer for its own request only, after one that came too late', async () => {
    let requests = 0;
    const url = await listen((socket) =>
      socket.on('data', () => {
        requests++;
        if (requests > 1) socket.write(OK);
      }),
    );
    const driver = await driverAt(url, '60ms');
    expect(await driver.perform(operation('get'))).toBe('Timeout');
    expect(await driver.perform(operation('get'))).toBeUndefined();
    expect(driver.takeCounters()).toMatchObject({ opened: 2, requests: 2, abandoned: 1 });
  });

  it('opens a connection anew that the server has closed', async () => {
    const url = await listen((socket) => socket.once('data', () => socket.end(LAST)));
    const driver = await driverAt(url);
    for (let request = 0; request < 3; request++) {
      expect(await driver.perform(operation('get'))).toBeUndefined();
    }
    expect(driver.takeCounters()).toMatchObject({ opened: 3, requests: 3, transport_errors: 0 });
  });

  it('names an error that is no AWS error by its status', async () => {
    const url = await listen((socket) =>
      socket.on('data', () => socket.write('HTTP/1.1 404 Not Found\r\ncontent-length: 4\r\n\r\nnope')),
    );
    const driver = await driverAt(url);
    expect(await driver.perform(operation('get'))).toBe('Http404');
    expect(driver.takeCounters()).toMatchObject({ requests: 1, transport_errors: 0 });
  });

  it('leaves no connection behind', async () => {
    const open = new Set<unknown>();
    const closed = Promise.withResolvers<void>();
    const url = await listen((socket) => {
      open.add(socket);
      socket.on('data', () => socket.write(OK));
      socket.once('close', () => {
        open.delete(socket);
        if (open.size === 0) closed.resolve();
      });
    });
    const driver = await driverAt(url);
    await Promise.all(oneEach('get').map((each) => driver.perform(each)));
    expect(open.size).toBe(4);
    await driver.close();
    await closed.promise;
  });
});
