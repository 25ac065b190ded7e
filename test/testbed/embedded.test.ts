/** The embedded system as a run finds it: filled, cold, counted from zero, its clock standing. */
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestbed, type Testbed } from '../../src/testbed/testbed.ts';
import { parseWorkload } from '../../src/workload/workload.ts';

const WORKLOAD = `
name: x
callers: 2
table: { items: 30, itemBytes: 64 }
arrivals: { rate: 1/s }
phases: [{ for: 20s }]
arms:
  base: {}
  none: { table: { encryption: none }, connections: { tls: false } }
  slow: { system: { kms: { latency: { p50: 1ms, p99: 2ms } } } }
  fast: { clock: { speed: 60 } }
  inside: { driver: envelope }
  nothing: { driver: noop }
`;

let testbed: Testbed;
beforeAll(async () => {
  testbed = await openTestbed(parseWorkload(WORKLOAD, 'x.yaml').arms);
});
afterAll(() => testbed.close());

it('has a target for every arm, in the order of the workload', () => {
  const targets = testbed.arms.map(({ target }) => target);
  expect(targets.map(({ url }) => url.split(':')[0])).toEqual([
    'https',
    'http',
    'https',
    'https',
    'http',
    '',
  ]);
  expect(new Set(targets.slice(0, 4).map(({ url }) => url)).size).toBe(4);
  expect(targets.slice(0, 5).map(({ callers }) => callers.length)).toEqual([2, 2, 2, 2, 2]);
  expect(targets.map(({ embedded }) => embedded !== undefined)).toEqual([
    true,
    true,
    true,
    true,
    true,
    false,
  ]);
});

it('shares a KMS between arms of the same KMS settings', () => {
  const [base, none, slow, fast, inside] = testbed.arms.map(({ target }) => target.embedded?.kms.url);
  expect(none).toBe(base);
  expect(inside).toBe(base);
  expect(slow).not.toBe(base);
  // Its clock is the arm's.
  expect(fast).not.toBe(base);
});

it('counts from zero, whatever was needed to prepare it', async () => {
  const [base, none, slow, , inside, nothing] = await Promise.all(testbed.arms.map((arm) => arm.sample()));
  for (const { store, kms } of [base!, none!, slow!]) {
    expect(store).toMatchObject({ requests: 0, cache: { lookups: 0, misses: 0 }, kmsAttempts: {} });
    expect(kms).toMatchObject({ calls: {}, throttled: 0, failed: 0 });
  }
  expect(inside).toMatchObject({ store: null, kms: { calls: {} } });
  expect(nothing).toEqual({ store: null, kms: null });
});

it('leaves neither files nor servers', async () => {
  const targets = testbed.arms.slice(0, 3).map(({ target }) => target);
  expect(targets.every(({ embedded }) => existsSync(embedded!.directory))).toBe(true);
  await testbed.close();
  expect(targets.some(({ embedded }) => existsSync(embedded!.directory))).toBe(false);
  await expect(fetch(targets[1]!.url)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
});
