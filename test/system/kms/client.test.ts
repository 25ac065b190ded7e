import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/std/random.ts';
import { backoff_ms } from '../../../src/system/kms/backoff.ts';
import {
  createKmsClient,
  type KmsClient,
  type KmsClientOptions,
  type KmsOptions,
  type KmsServer,
  startKmsServer,
} from '../../../src/system/kms/kms.ts';
import { ConnectionPool } from '../../../src/system/kms/pool.ts';
import { createTlsIdentity } from '../../../src/system/wire/wire.ts';
import { ACCOUNT, type Answer, alice, bob, callers, dynamodb, outcome, REGION } from './harness.ts';

const closing: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const resource of closing.splice(0).reverse()) await resource.close();
});

async function startServer(options: Partial<KmsOptions> = {}): Promise<KmsServer> {
  const fixed = { region: REGION, accountId: ACCOUNT, callers, auth: 'sigv4', port: 0 } as const;
  const server = await startKmsServer({ ...fixed, ...options });
  closing.push(server);
  return server;
}

function connect(url: string, options: Partial<KmsClientOptions> = {}): KmsClient {
  const fixed = { region: REGION, credentials: dynamodb, connections: 'keep-alive' } as const;
  const client = createKmsClient({ url, ...fixed, ...options });
  closing.push(client);
  return client;
}

async function sealedBlob(client: KmsClient): Promise<string> {
  const { KeyMetadata } = await client.call<{ KeyMetadata: { KeyId: string } }>('CreateKey', {});
  const body = { KeyId: KeyMetadata.KeyId, Plaintext: 'c2VjcmV0' };
  const { CiphertextBlob } = await client.call<Answer>('Encrypt', body, alice.principal);
  return CiphertextBlob;
}

function times<T>(count: number, make: () => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, make));
}

describe('a KMS client', () => {
  it('reuses connections, and opens no more than it may', async () => {
    const server = await startServer();
    const client = connect(server.url, { maxConnections: 3 });
    const CiphertextBlob = await sealedBlob(client);
    expect(client.counters().connections_opened).toBe(1);
    await times(40, () => client.call('Decrypt', { CiphertextBlob }, alice.principal));
    const { attempts, connections_opened, time_ns } = client.counters();
    expect(attempts).toEqual({ CreateKey: 1, Encrypt: 1, Decrypt: 40 });
    expect(connections_opened).toBe(3);
    expect(server.counters()).toMatchObject({ requests: 42, connections_opened: 3, calls: attempts });
    expect(time_ns.count).toBe(42);
    expect(time_ns.min).toBeGreaterThan(0);
    expect(time_ns.max).toBeLessThan(time_ns.total);
  });

  it('opens a connection for each attempt when they are to be fresh', async () => {
    const tls = await createTlsIdentity();
    const server = await startServer({ tls });
    const client = connect(server.url, { connections: 'fresh', ca: tls.ca, maxConnections: 4 });
    const CiphertextBlob = await sealedBlob(client);
    await times(10, () => client.call('Decrypt', { CiphertextBlob }, alice.principal));
    expect(client.counters().connections_opened).toBe(12);
    expect(server.counters()).toMatchObject({
      requests: 12,
      connections_opened: 12,
      tls_full: 12,
      tls_resumed: 0,
    });
  });

  it('acts for the principal it names, and only a service may', async () => {
    const server = await startServer();
    const service = connect(server.url);
    const CiphertextBlob = await sealedBlob(service);
    await service.call('Decrypt', { CiphertextBlob }, alice.principal);
    await service.call('Decrypt', { CiphertextBlob }, bob.principal);
    await service.call('ListKeys', {});
    const identities = server.trail().map((record) => record.userIdentity);
    expect(identities.slice(-3)).toMatchObject([
      { type: 'IAMUser', userName: 'alice', invokedBy: 'dynamodb.amazonaws.com' },
      { type: 'IAMUser', userName: 'bob', invokedBy: 'dynamodb.amazonaws.com' },
      { type: 'AWSService', invokedBy: 'dynamodb.amazonaws.com' },
    ]);
    const user = connect(server.url, { credentials: alice });
    await user.call('Decrypt', { CiphertextBlob }, bob.principal);
    expect(server.trail().at(-1)?.userIdentity.userName).toBe('alice');
  });

  it('retries throttling, and counts every attempt as the server does', async () => {
    const server = await startServer({ quota_per_s: 1e-6 });
    const client = connect(server.url, { maxAttempts: 2 });
    const CiphertextBlob = await sealedBlob(client);
    expect(await outcome(client.call('Decrypt', { CiphertextBlob }, alice.principal))).toMatch(
      /^ThrottlingException: You have/,
    );
    expect(client.counters()).toMatchObject({
      attempts: { CreateKey: 1, Encrypt: 1, Decrypt: 2 },
      retries: { Decrypt: 1 },
      throttled: 2,
      failed: 1,
      connections_opened: 1,
    });
    expect(server.counters()).toMatchObject({
      requests: 4,
      calls: { CreateKey: 1, Encrypt: 1, Decrypt: 2 },
      throttled: 2,
      failed: 2,
    });
  });

  it('finds its attempts in the log of the server that refused them', async () => {
    const server = await startServer();
    const forger = connect(server.url, { credentials: { ...dynamodb, secretAccessKey: 'another' } });
    expect(await outcome(forger.call('Decrypt', {}))).toMatch(/^InvalidSignatureException: /);
    const service = connect(server.url);
    const stranger = { ...alice.principal, arn: 'arn:aws:iam::123456789012:user/nobody' };
    expect(await outcome(service.call('Decrypt', {}, stranger))).toMatch(/^AccessDeniedException: /);
    const big = { CiphertextBlob: 'A'.repeat(600_000) };
    expect(await outcome(service.call('Decrypt', big))).toMatch(/^RequestEntityTooLargeException: /);
    expect(await outcome(service.call('Sing', {}))).toMatch(/^UnknownOperationException: /);
    expect(server.counters()).toMatchObject({ requests: 4, calls: { Decrypt: 3 }, failed: 3 });
  });

  it('outlives a fault, and gives up with the error of the KMS when it lasts', async () => {
    const server = await startServer();
    const client = connect(server.url, { maxAttempts: 2 });
    server.fault({ kind: 'outage', for_ms: 3_600_000 });
    expect(await outcome(client.call('ListKeys', {}))).toMatch(/^KMSInternalException: /);
    const patient = connect(server.url, { maxAttempts: 20 });
    const listed = patient.call('ListKeys', {});
    while (patient.counters().attempts.ListKeys === undefined) await new Promise(setImmediate);
    server.fault({ kind: 'outage', for_ms: 0 });
    expect(await listed).toEqual({ Keys: [], Truncated: false });
    expect(server.counters().calls.ListKeys).toBe(2 + patient.counters().attempts.ListKeys!);
  });

  it('does not retry what would fail again', async () => {
    const server = await startServer();
    const client = connect(server.url);
    expect(await outcome(client.call('DescribeKey', { KeyId: 'x' }))).toBe(
      "NotFoundException: Invalid keyId 'x'",
    );
    expect(client.counters()).toMatchObject({ attempts: { DescribeKey: 1 }, retries: {}, failed: 1 });
  });

  it('says KmsUnavailable when nobody answers', async () => {
    const server = await startServer();
    const { url } = server;
    await server.close();
    closing.length = 0;
    const client = connect(url, { maxAttempts: 2 });
    expect(await outcome(client.call('ListKeys', {}))).toMatch(
      /^KmsUnavailable: KMS answered none of 2 attempts: .*ECONNREFUSED/,
    );
    expect(client.counters()).toMatchObject({
      attempts: { ListKeys: 2 },
      retries: { ListKeys: 1 },
      failed: 1,
    });
  });

  it('gives up an attempt that takes too long', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    closing.push({ close: async () => void silent.close() });
    const { port } = silent.address() as { port: number };
    const client = connect(`http://127.0.0.1:${port}`, { maxAttempts: 1, timeout_ms: 20 });
    expect(await outcome(client.call('ListKeys', {}))).toMatch(
      /^KmsUnavailable: KMS answered none of one attempt: .*within 20 ms/,
    );
  });

  it('finds a new connection when the server closed an idle one', async () => {
    const first = await startServer();
    const client = connect(first.url, { maxAttempts: 5 });
    await client.call('ListKeys', {});
    await first.close();
    closing.splice(closing.indexOf(first), 1);
    const second = await startServer({ port: first.port });
    await client.call('ListKeys', {});
    expect(second.counters().calls).toEqual({ ListKeys: 1 });
  });

  it('reports the duration of each call, and forgets its counts on reset', async () => {
    const server = await startServer();
    const client = connect(server.url);
    const seen: [string, number][] = [];
    client.onCall = (operation, duration_ns) => seen.push([operation, duration_ns]);
    await client.call('ListKeys', {});
    await outcome(client.call('DescribeKey', { KeyId: 'x' }));
    expect(seen.map(([operation]) => operation)).toEqual(['ListKeys', 'DescribeKey']);
    expect(seen[0]![1] + seen[1]![1]).toBe(client.counters().time_ns.total);
    client.reset();
    server.reset();
    expect(client.counters()).toMatchObject({ attempts: {}, failed: 0, time_ns: { count: 0, total: 0 } });
    expect(server.counters()).toMatchObject({ requests: 0, calls: {}, failed: 0 });
    expect(server.trail()).toHaveLength(2);
  });

  it('fails what waits when it is closed', async () => {
    const server = await startServer();
    server.fault({ kind: 'outage', for_ms: 3_600_000 });
    const client = connect(server.url, { maxConnections: 1, maxAttempts: 50 });
    const calls = times(20, () => outcome(client.call('ListKeys', {})));
    while (client.counters().retries.ListKeys === undefined) await new Promise((done) => setTimeout(done, 5));
    await client.close();
    expect((await calls).every((result) => /^(KmsUnavailable|KMSInternalException): /.test(result))).toBe(
      true,
    );
    expect(await outcome(client.call('ListKeys', {}))).toMatch(/^KmsUnavailable: .*client is closed/);
  });
});

describe('the KMS over HTTP', () => {
  it('keeps its keys in a directory that may not be, or says so', async () => {
    const opened = startServer({ directory: '/dev/null/keys' });
    await expect(opened).rejects.toMatchObject({ code: 'E_KMS_DIRECTORY' });
  });

  it('says which port is in use', async () => {
    const { port } = await startServer();
    await expect(startServer({ port })).rejects.toMatchObject({ code: 'E_PORT_IN_USE' });
  });
});

describe('a pool', () => {
  class Line {
    closed = false;
    close(): void {
      this.closed = true;
    }
  }

  it('lends the most recently used connection first, and none that was closed', async () => {
    const pool = new ConnectionPool({ open: () => new Line(), maxConnections: 3, reuse: true });
    const [a, b, c] = [await pool.acquire(), await pool.acquire(), await pool.acquire()];
    for (const line of [a, b, c]) pool.release(line);
    expect(await pool.acquire()).toBe(c);
    b.close();
    expect(await pool.acquire()).toBe(a);
    const fresh = await pool.acquire();
    expect([a, b, c]).not.toContain(fresh);
  });

  it('serves who waits in the order of asking', async () => {
    const pool = new ConnectionPool({ open: () => new Line(), maxConnections: 1, reuse: true });
    const only = await pool.acquire();
    const order: number[] = [];
    const waiting = [1, 2, 3].map(async (turn) => {
      const line = await pool.acquire();
      order.push(turn);
      pool.release(line);
    });
    pool.release(only);
    await Promise.all(waiting);
    expect(order).toEqual([1, 2, 3]);
  });
});

describe('the backoff', () => {
  it('is full jitter under a doubling bound of 20 s at most', () => {
    const random = createRandom(9);
    for (const [throttled, base_ms] of [
      [false, 100],
      [true, 500],
    ] as const) {
      for (let attempt = 1; attempt <= 12; attempt++) {
        const bound_ms = Math.min(20_000, base_ms * 2 ** (attempt - 1));
        const drawn = Array.from({ length: 400 }, () => backoff_ms(attempt, throttled, random));
        expect(Math.max(...drawn)).toBeLessThan(bound_ms);
        expect(Math.max(...drawn)).toBeGreaterThan(bound_ms * 0.9);
        expect(Math.min(...drawn)).toBeLessThan(bound_ms * 0.1);
      }
    }
  });
});
