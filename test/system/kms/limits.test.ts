import { describe, expect, it } from 'vitest';
import { SimulatedClock } from '../../../src/std/clock.ts';
import { createRandom } from '../../../src/std/random.ts';
import { sampleLatency_ms, TimerRounding } from '../../../src/system/kms/latency.ts';
import { kmsOperations } from '../../../src/system/kms/operations.ts';
import {
  CONTROL_QUOTAS_PER_S,
  RequestQuota,
  regionCryptoQuota_per_s,
} from '../../../src/system/kms/quota.ts';
import { alice, CONTEXT, dynamodb, InProcessKms, outcome } from './harness.ts';

const THROTTLED =
  'ThrottlingException: You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.';

describe('the quota', () => {
  it("is the Region's", () => {
    expect(regionCryptoQuota_per_s('us-east-1')).toBe(100_000);
    expect(regionCryptoQuota_per_s('eu-central-1')).toBe(20_000);
    expect(regionCryptoQuota_per_s('eu-north-1')).toBe(10_000);
  });

  it('lets its rate pass, and no more, however fast requests come', () => {
    for (const offered_per_s of [5, 10, 20, 1000]) {
      const clock = new SimulatedClock();
      const quota = new RequestQuota(10, clock);
      let passed = 0;
      for (let i = 0; i < offered_per_s * 100; i++) {
        if (quota.take()) passed++;
        clock.advance(1000 / offered_per_s);
      }
      const sustained = Math.min(offered_per_s, 10) * 100;
      expect(passed).toBeGreaterThanOrEqual(sustained - 1);
      expect(passed).toBeLessThanOrEqual(sustained + 10);
    }
  });

  it('is shared by cryptographic requests, free for the others, and counts what it refuses', async () => {
    const kms = new InProcessKms({ quota_per_s: 3 });
    const { id } = await kms.createKey();
    const results = [
      await outcome(kms.call('GenerateDataKey', { KeyId: id, KeySpec: 'AES_256' })),
      await outcome(kms.call('Encrypt', { KeyId: id, Plaintext: 'AAAA' })),
      await outcome(kms.call('GenerateRandom', { NumberOfBytes: 1 })),
      await outcome(kms.call('GenerateDataKey', { KeyId: id, KeySpec: 'AES_256' })),
      await outcome(kms.call('GenerateRandom', { NumberOfBytes: 1 })),
      await outcome(kms.describe(id)),
    ];
    expect(results).toEqual(['ok', 'ok', 'ok', THROTTLED, THROTTLED, 'ok']);
    const { calls, throttled, failed } = kms.service.requests.counters();
    expect([calls.GenerateDataKey, calls.GenerateRandom, throttled, failed]).toEqual([2, 2, 2, 2]);
    expect(kms.service.trail.list().filter((record) => record.errorCode !== undefined).length).toBe(2);
    kms.clock.advance(1000);
    expect(await outcome(kms.call('GenerateRandom', { NumberOfBytes: 1 }))).toBe('ok');
  });

  it('charges a ReEncrypt once', async () => {
    const kms = new InProcessKms({ quota_per_s: 2 });
    const { id } = await kms.createKey();
    const { CiphertextBlob } = await kms.call('Encrypt', { KeyId: id, Plaintext: 'AAAA' });
    expect(await outcome(kms.call('ReEncrypt', { CiphertextBlob, DestinationKeyId: id }))).toBe('ok');
    expect(await outcome(kms.call('GenerateRandom', { NumberOfBytes: 1 }))).toBe(THROTTLED);
  });
});

describe('the quotas of the other operations', () => {
  it('are those of each operation alone, and refill with real time', async () => {
    const kms = new InProcessKms({ controlQuotas: true });
    const { id } = await kms.createKey();
    const create = () => outcome(kms.call('CreateKey'));
    const made = [];
    for (let i = 0; i < 6; i++) made.push(await create());
    expect(made).toEqual(['ok', 'ok', 'ok', 'ok', THROTTLED, THROTTLED]);
    expect(await outcome(kms.call('DisableKey', { KeyId: id }))).toBe('ok');
    expect(await outcome(kms.describe(id))).toBe('ok');
    expect(await outcome(kms.call('GenerateRandom', { NumberOfBytes: 1 }))).toBe('ok');
    kms.clock.advance(200);
    expect([await create(), await create()]).toEqual(['ok', THROTTLED]);
    expect(kms.service.requests.counters().throttled).toBe(3);
  });

  it('name every operation that is not cryptographic', () => {
    const control = Object.entries(kmsOperations).filter(([, { crypto }]) => !crypto);
    expect(control.map(([name]) => name).sort()).toEqual(Object.keys(CONTROL_QUOTAS_PER_S).sort());
  });

  it('leave AWS owned keys out', async () => {
    const kms = new InProcessKms({ controlQuotas: true });
    const KeyId = 'alias/sealbench/aws-owned/dynamodb';
    await kms.call(
      'GenerateDataKey',
      { KeyId, KeySpec: 'AES_256', EncryptionContext: CONTEXT },
      dynamodb,
      alice,
    );
    const { Arn } = await kms.describe(KeyId, dynamodb);
    const { id } = await kms.createKey();
    for (let i = 0; i < 2001; i++) {
      await kms.describe(i % 2 === 0 ? KeyId : (Arn as string), dynamodb);
    }
    for (let i = 0; i < 2000; i++) await kms.describe(id);
    expect(await outcome(kms.describe(id))).toBe(THROTTLED);
    expect(await outcome(kms.describe(KeyId, dynamodb))).toBe('ok');
  });
});

describe('a fault', () => {
  it('takes the service down for a time on its clock', async () => {
    const kms = new InProcessKms();
    const { id } = await kms.createKey();
    kms.service.faults.set({ kind: 'outage', for_ms: 10_000 });
    kms.clock.advance(9_999);
    expect(await outcome(kms.describe(id))).toMatch(/^KMSInternalException: /);
    kms.clock.advance(1);
    expect(await outcome(kms.describe(id))).toBe('ok');
    expect(kms.service.requests.counters()).toEqual({
      calls: { CreateKey: 1, DescribeKey: 2 },
      throttled: 0,
      failed: 1,
    });
  });

  it('throttles cryptographic requests, and a later one replaces it', async () => {
    const kms = new InProcessKms();
    const { id } = await kms.createKey();
    const encrypt = () => outcome(kms.call('Encrypt', { KeyId: id, Plaintext: 'AAAA' }));
    kms.service.faults.set({ kind: 'throttle', for_ms: 10_000 });
    expect([await encrypt(), await outcome(kms.describe(id))]).toEqual([THROTTLED, 'ok']);
    kms.service.faults.set({ kind: 'outage', for_ms: 1000 });
    expect(await encrypt()).toMatch(/^KMSInternalException: /);
    kms.clock.advance(1000);
    expect(await encrypt()).toBe('ok');
  });

  it('delays answers while it lasts', async () => {
    const kms = new InProcessKms();
    const { id } = await kms.createKey();
    const answered: string[] = [];
    kms.service.faults.set({ kind: 'latency', for_ms: 1000, p50_ms: 30, p99_ms: 30 });
    const slow = kms.call('Encrypt', { KeyId: id, Plaintext: 'AAAA' }).then(() => answered.push('slow'));
    kms.clock.advance(1000);
    const quick = kms.call('Encrypt', { KeyId: id, Plaintext: 'AAAA' }).then(() => answered.push('quick'));
    await Promise.all([slow, quick]);
    expect(answered).toEqual(['quick', 'slow']);
  });
});

describe('the latency', () => {
  it('has the percentiles asked for', () => {
    const random = createRandom(5);
    const draw = () => sampleLatency_ms({ p50_ms: 6, p99_ms: 25 }, random);
    const sorted = Array.from({ length: 50_000 }, draw).sort((a, b) => a - b);
    expect(Math.abs(sorted[25_000]! / 6 - 1)).toBeLessThan(0.02);
    expect(Math.abs(sorted[49_500]! / 25 - 1)).toBeLessThan(0.04);
  });

  it.each([0.2, 0.9, 1.4, 6.3])('comes out right on average through a late timer: %d ms', (delay_ms) => {
    const random = createRandom(6);
    const rounding = new TimerRounding(createRandom(7));
    let total_ms = 0;
    for (let i = 0; i < 40_000; i++) {
      const timer_ms = rounding.timerFor_ms(delay_ms);
      if (!Number.isInteger(timer_ms)) throw new Error(`no timer counts ${timer_ms} ms`);
      const elapsed_ms = timer_ms === 0 ? 0 : timer_ms + 0.2 + 0.8 * random.next();
      if (timer_ms > 0) rounding.fired(timer_ms, elapsed_ms);
      total_ms += elapsed_ms;
    }
    expect(Math.abs(total_ms / 40_000 / delay_ms - 1)).toBeLessThan(0.03);
  });
});
