/** Servers in processes of their own: counted apart, told what to do, gone when they should be. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createKmsClient, type KmsSample, launch, type ServerProcess } from '../../src/system/system.ts';
import { ACCOUNT, alice, REGION, service } from './store/harness.ts';

const kmsOptions = {
  region: REGION,
  accountId: ACCOUNT,
  callers: [alice, service],
  auth: 'sigv4' as const,
  port: 0,
};

describe('a KMS', () => {
  let kms: ServerProcess<KmsSample>;
  beforeAll(async () => {
    kms = await launch({ role: 'kms', options: kmsOptions });
  });
  afterAll(() => kms.stop());

  it('counts what it is asked until it is reset, CPU included', async () => {
    const client = createKmsClient({
      url: kms.url,
      region: REGION,
      credentials: alice,
      connections: 'fresh',
    });
    onTestFinished(() => client.close());
    for (let call = 0; call < 3; call++) await client.call('CreateKey', {});
    const { calls, cpu_us } = await kms.sample();
    expect(calls).toEqual({ CreateKey: 3 });
    expect(cpu_us).toBeGreaterThan(0);
    await kms.reset();
    expect(await kms.sample()).toMatchObject({ calls: {}, throttled: 0, failed: 0 });
  });

  it('lives by a clock that is moved days ahead', async () => {
    const client = createKmsClient({
      url: kms.url,
      region: REGION,
      credentials: alice,
      connections: 'fresh',
    });
    onTestFinished(() => client.close());
    type Created = { KeyMetadata: { CreationDate: number } };
    const before = await client.call<Created>('CreateKey', {});
    await kms.advance(8 * 86_400_000);
    const after = await client.call<Created>('CreateKey', {});
    const days = (after.KeyMetadata.CreationDate - before.KeyMetadata.CreationDate) / 86_400;
    expect(days).toBeGreaterThanOrEqual(8);
    expect(days).toBeLessThan(8.01);
    await kms.reset();
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'leaves it to its parent when to end: %s is passed over',
    async (signal) => {
      process.kill(kms.pid, signal);
      expect((await kms.sample()).calls).toEqual({});
    },
  );

  it('in whose place another listens is bad input here, too', async () => {
    const port = Number(new URL(kms.url).port);
    await expect(launch({ role: 'kms', options: { ...kmsOptions, port } })).rejects.toMatchObject({
      code: 'E_PORT_IN_USE',
      problems: [{ where: expect.stringContaining(String(port)) }],
    });
  });

  it('that was killed says what became of it, and can be stopped as often as one likes', async () => {
    process.kill(kms.pid, 'SIGKILL');
    await expect(kms.sample().then(() => kms.sample())).rejects.toThrow('the embedded kms ended (SIGKILL)');
    await kms.stop();
    await kms.stop();
    expect(() => process.kill(kms.pid, 0)).toThrow('ESRCH');
  });
});

it('a store asks its KMS, and its clock can be stopped', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sealbench-launch-'));
  const kms = await launch({ role: 'kms', options: kmsOptions });
  const store = await launch({
    role: 'store',
    options: {
      ...kmsOptions,
      callers: [alice],
      storage: 'lmdb',
      directory: folder,
      keyCache: { scope: 'connection', ttl_ms: 300_000, expiry: 'absolute' },
    },
    kms: { url: kms.url, region: REGION, credentials: service, connections: 'keep-alive' },
  });
  onTestFinished(async () => {
    await store.stop();
    await kms.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  await store.pause();
  await store.resume();
  await store.wipe();
  expect(await store.sample()).toMatchObject({ requests: 0, cache: { lookups: 0 }, kmsAttempts: {} });
  expect(typeof (await store.kmsTimes())).toBe('string');
  expect(await kms.kmsTimes()).toBeNull();
});

it('is gone when its parent is killed', async () => {
  const parent = spawn(process.execPath, [join(import.meta.dirname, 'launch-parent.ts')]);
  await once(parent.stdout, 'data');
  const printed: string[] = [];
  parent.stderr.on('data', (text) => printed.push(String(text)));
  const closed = once(parent.stderr, 'close');
  parent.kill('SIGKILL');
  // The server holds the other end of this pipe, too: it closes with the last of the two.
  await closed;
  expect(printed).toEqual([]);
});
