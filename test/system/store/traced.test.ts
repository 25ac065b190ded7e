/** A server of ours tells, when asked, where the time of a request went; on the machine's monotonic clock. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { realClock } from '../../../src/std/clock.ts';
import { tracedRange, tracedWrite } from '../../../src/system/store/traced.ts';
import type { RequestTrace } from '../../../src/system/system.ts';
import { createStore } from '../../../src/system/system.ts';
import { ACCOUNT, alice, REGION } from './harness.ts';

const KMS_MS = 30;

function noTime(): RequestTrace {
  return { received_ns: 0, kms_ns: 0, crypto_ns: 0, storage_ns: 0 };
}

it('waiting for the KMS, crypto and storage are told apart, and add up to less than the whole', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'sealbench-traced-'));
  const key = Buffer.alloc(32, 7).toString('base64');
  const store = await createStore({
    region: REGION,
    accountId: ACCOUNT,
    storage: 'lmdb',
    directory,
    keyCache: { scope: 'connection', ttl_ms: 300_000, expiry: 'absolute' },
    kms: {
      call: async <Answer extends object>(): Promise<Answer> => {
        await new Promise((resolve) => setTimeout(resolve, KMS_MS));
        return {
          Plaintext: key,
          CiphertextBlob: key,
          KeyId: 'arn',
          KeyMetadata: { Arn: 'arn', KeyManager: 'CUSTOMER' },
        } as unknown as Answer;
      },
      counters: () => ({}) as never,
      reset: () => {},
      close: async () => {},
    },
  });
  onTestFinished(async () => {
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  });
  await store.execute(
    'CreateTable',
    {
      TableName: 'traced',
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
      SSESpecification: { Enabled: true, SSEType: 'KMS', KMSMasterKeyId: 'arn' },
    },
    { principal: alice.principal, connectionId: 1 },
  );
  const timed = async (operation: string, body: Record<string, unknown>) => {
    const trace = noTime();
    const start_ns = realClock.now_ns();
    await store.execute(operation, body, { principal: alice.principal, connectionId: 2, trace });
    return { ...trace, whole_ns: realClock.now_ns() - start_ns };
  };
  const Item = { pk: { S: 'a' }, text: { S: 'x'.repeat(1000) } };
  const Key = { pk: { S: 'a' } };
  const put = await timed('PutItem', { TableName: 'traced', Item });
  const get = await timed('GetItem', { TableName: 'traced', Key });
  const scan = await timed('Scan', { TableName: 'traced' });

  expect(put.kms_ns).toBeGreaterThan((KMS_MS - 1) * 1e6);
  for (const cached of [get, scan]) expect(cached.kms_ns).toBe(0);
  for (const { kms_ns, crypto_ns, storage_ns, whole_ns } of [put, get, scan]) {
    expect(crypto_ns).toBeGreaterThan(0);
    expect(storage_ns).toBeGreaterThan(0);
    expect(kms_ns + crypto_ns + storage_ns).toBeLessThan(whole_ns);
  }
});

it('a write is storage but for the change itself, also when it fails', async () => {
  const trace = noTime();
  const spin = (ms: number): void => {
    for (const end_ns = realClock.now_ns() + ms * 1e6; realClock.now_ns() < end_ns; );
  };
  const write = tracedWrite(async (change) => {
    spin(3);
    const result = change({ get: () => undefined, put: () => spin(2), remove: () => {} });
    spin(3);
    return result;
  }, trace);
  await write((transaction) => {
    spin(40);
    transaction.put(Buffer.alloc(1), Buffer.alloc(1));
  });
  expect(trace.storage_ns).toBeGreaterThanOrEqual(8e6);
  expect(trace.storage_ns).toBeLessThan(40e6);
  const failing = tracedWrite(async () => Promise.reject(new Error('full')), trace);
  await expect(failing(() => {})).rejects.toThrow('full');
});

it('a range that is left early is left', () => {
  let left = false;
  function* records() {
    try {
      for (;;) yield { key: Buffer.alloc(1), value: Buffer.alloc(1) };
    } finally {
      left = true;
    }
  }
  for (const _ of tracedRange(records(), noTime())) break;
  expect(left).toBe(true);
});
