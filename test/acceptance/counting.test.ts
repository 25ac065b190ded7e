/** What a run counts, for every setting that decides how often the KMS is asked. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ArmResult, Result } from '../../src/result/result.ts';
import { folder, leftovers, measure, workload } from './cli.ts';

const CALLERS = 4;
const PER_CALLER = 4;
const SHORT = [
  ...['--set', 'table.items=100', '--set', 'arrivals.rate=60/s', '--set', 'compare.blocks=3'],
  ...['--set', 'phases=[{for: 300ms, measured: false}, {for: 1500ms}]', '--quiet'],
];

function armOf(result: Result, name: string): ArmResult {
  return result.arms.find((arm) => arm.name === name)!;
}

function decrypts({ kms }: ArmResult): number {
  return kms!.calls.Decrypt ?? 0;
}

/** `planned 12, issued + unissued 12` → 12 */
function plannedOperations({ identities }: ArmResult): number {
  const { detail } = identities.find(({ name }) => name.startsWith('planned'))!;
  return Number(/^planned (\d+)/.exec(detail)![1]);
}

describe('keep-alive against fresh connections', () => {
  let result: Result;
  beforeAll(async () => {
    ({ result } = await measure([workload('keep-alive-vs-fresh'), ...SHORT]));
  }, 60_000);

  it('checks every identity of every arm', () => {
    const broken = result.arms.flatMap(({ identities }) => identities.filter(({ state }) => state !== 'ok'));
    expect(broken).toEqual([]);
    expect(result.arms.map(({ identities }) => identities.length)).toEqual([7, 7, 7]);
  });

  it('fresh: as many Decrypt calls and full handshakes as operations', () => {
    const fresh = armOf(result, 'fresh');
    expect(fresh.operations_total).toBeGreaterThan(50);
    expect(decrypts(fresh)).toBe(fresh.operations_total);
    expect(fresh.connections).toMatchObject({
      opened: fresh.operations_total,
      tls_full: fresh.operations_total,
      tls_resumed: 0,
    });
    expect(fresh.kms!.calls_per_op).toBe(1);
  });

  it('resumed: as many Decrypt calls as operations, and one full handshake a caller', () => {
    const resumed = armOf(result, 'resumed');
    expect(decrypts(resumed)).toBe(resumed.operations_total);
    expect(resumed.connections).toMatchObject({
      opened: resumed.operations_total + CALLERS,
      tls_full: CALLERS,
      tls_resumed: resumed.operations_total,
    });
  });

  it('keep-alive: as many Decrypt calls and handshakes as connections', () => {
    const kept = armOf(result, 'keep-alive');
    const connections = CALLERS * PER_CALLER;
    expect(decrypts(kept)).toBe(connections);
    expect(kept.connections).toMatchObject({ opened: connections, tls_full: connections, tls_resumed: 0 });
    expect(kept.cache).toMatchObject({ misses: connections, hits: kept.operations_total - connections });
  });

  it('counts the same requests on both sides of the wire', () => {
    for (const { connections, server, operations_total } of result.arms) {
      expect(connections!.requests).toBe(operations_total);
      expect(server.requests).toBe(operations_total);
    }
  });

  it('replays the same operations in every arm', () => {
    const [kept, ...others] = result.arms.map(plannedOperations);
    expect(others).toEqual([kept! - CALLERS * PER_CALLER, kept! - CALLERS * PER_CALLER]);
  });

  it('leaves no temporary directory behind', () => {
    expect(leftovers()).toEqual([]);
  });
});

/** Decrypt calls expected of an arm of two callers with two connections each, and a key that is loaded only once. */
const ARMS: Record<string, { settings: string; decrypts: [number, number] }> = {
  'customer-managed': { settings: '{}', decrypts: [4, 4] },
  'aws-managed': { settings: '{ table: { encryption: aws-managed } }', decrypts: [4, 4] },
  'aws-owned': { settings: '{ table: { encryption: aws-owned } }', decrypts: [4, 4] },
  none: { settings: '{ table: { encryption: none } }', decrypts: [0, 0] },
  caller: { settings: '{ system: { keyCache: { scope: caller } } }', decrypts: [2, 2] },
  'caller-fresh': {
    settings: '{ system: { keyCache: { scope: caller }, storage: memory }, connections: { mode: fresh } }',
    decrypts: [2, 2],
  },
  // Which host a connection belongs to is decided by a hash.
  'two-hosts': { settings: '{ system: { hosts: 2, keyCache: { scope: host } } }', decrypts: [2, 4] },
  process: { settings: '{ system: { keyCache: { scope: process } } }', decrypts: [1, 1] },
};

const CACHES = `
name: caches
callers: 2
connections: { perCaller: 2, tls: false }
system: { kms: { tls: false } }
table: { items: 25, itemBytes: 128 }
operations: { get: 50, put: 30, update: 10, delete: 10 }
arrivals: { rate: 40/s, process: constant }
phases: [{ for: 300ms }]
arms:
${Object.entries(ARMS)
  .map(([name, { settings }]) => `  ${name}: ${settings}`)
  .join('\n')}
compare: { blocks: 2 }
`;

describe('encryption types, cache scopes and engines', () => {
  let result: Result;
  beforeAll(async () => {
    const path = join(folder, 'caches.yaml');
    writeFileSync(path, CACHES);
    ({ result } = await measure([path, '--quiet']));
  }, 60_000);

  it.each(Object.entries(ARMS))(
    '%s: Decrypt calls as its scope says',
    (name, { decrypts: [least, most] }) => {
      const arm = armOf(result, name);
      expect(decrypts(arm)).toBeGreaterThanOrEqual(least);
      expect(decrypts(arm)).toBeLessThanOrEqual(most);
      expect(arm.cache!.lookups).toBe(name === 'none' ? 0 : arm.operations_total);
    },
  );

  it('adds up in every arm, and no operation fails', () => {
    for (const { name, identities, operations } of result.arms) {
      expect(identities.filter(({ state }) => state === 'broken')).toEqual([]);
      expect(operations.all.errors, name).toEqual({});
    }
  });
});

const LANES = `
name: lanes
callers: 4
connections: { perCaller: 2 }
table: { items: 25, itemBytes: 128 }
operations: { get: 50, put: 50 }
phases: [{ for: 500ms }]
arms:
  http: { arrivals: { rate: 60/s }, connections: { tls: false } }
  envelope: { arrivals: { rate: 60/s }, driver: envelope }
  noop: { arrivals: { rate: 60/s }, driver: noop }
  closed: { arrivals: { loop: closed, concurrency: 4 }, connections: { tls: false } }
compare: { blocks: 2 }
`;

describe('drivers, loops and lanes', () => {
  let one: Result;
  let two: Result;
  beforeAll(async () => {
    const path = join(folder, 'lanes.yaml');
    writeFileSync(path, LANES);
    ({ result: one } = await measure([path, '--quiet', '--lanes', '1']));
    ({ result: two } = await measure([path, '--quiet', '--lanes', '2']));
  }, 90_000);

  it('use as many lanes as asked for', () => {
    expect([one.lanes, two.lanes]).toEqual([1, 2]);
  });

  it.each(['http', 'envelope', 'noop'])('%s: two lanes do what one lane does', (name) => {
    const arms = [one, two].map((result) => armOf(result, name));
    expect(plannedOperations(arms[0]!)).toBeGreaterThan(20);
    expect(plannedOperations(arms[1]!)).toBe(plannedOperations(arms[0]!));
    const issued = arms.map(({ operations, unissued }) => ({
      get: operations.get?.count,
      put: operations.put?.count,
      unissued,
    }));
    // On a machine that stalls, operations go unissued; of which kind they were is not told.
    if (issued.every(({ unissued }) => unissued === 0)) expect(issued[1]).toEqual(issued[0]);
  });

  it.each(['http', 'envelope', 'closed'])(
    '%s: a Decrypt call for each connection, whatever the lanes',
    (name) => {
      for (const arm of [armOf(one, name), armOf(two, name)]) {
        expect(decrypts(arm)).toBe(8);
        expect(arm.operations_total).toBeGreaterThan(8);
        expect(arm.identities.filter(({ state }) => state === 'broken')).toEqual([]);
        expect(arm.operations.all.errors).toEqual({});
      }
    },
  );

  it('say what the envelope and the noop driver can not know', () => {
    expect(armOf(one, 'envelope').server.requests).toBeNull();
    expect(armOf(one, 'envelope').cost_usd_per_million_ops).not.toBeNull();
    const noop = armOf(one, 'noop');
    expect([noop.kms, noop.cache, noop.cost_usd_per_million_ops]).toEqual([null, null, null]);
    expect(noop.connections!.requests).toBe(0);
    expect(noop.identities.map(({ state }) => state)).toEqual([
      'ok',
      'ok',
      'not checked',
      'not checked',
      'not checked',
      'not checked',
      'not checked',
    ]);
  });

  it('count a closed loop’s operations without a plan', () => {
    const closed = armOf(one, 'closed');
    expect(closed.rate.planned_per_s).toBeNull();
    expect(closed.unissued).toBe(0);
    expect(closed.connections!.requests).toBe(closed.operations_total);
  });
});
