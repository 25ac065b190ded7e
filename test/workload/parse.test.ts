import { describe, expect, test } from 'vitest';
import { parseWorkload, type WorkloadOverrides } from '../../src/workload/workload.ts';
import { problemsOf, SOUND } from './problems.ts';

const NONE = { get: 0, put: 0, insert: 0, update: 0, delete: 0, scan: 0, readModifyWrite: 0 };
const PER_SECOND_100 = { kind: 'constant', rate_per_s: 100 };

const parse = (lines: string, overrides: WorkloadOverrides = {}) =>
  parseWorkload(SOUND + lines, 'w.yaml', overrides);
const armOf = (lines: string, overrides: WorkloadOverrides = {}) => parse(lines, overrides).arms[0]!;

test('what a file does not say has its documented default', () => {
  expect(parse('')).toEqual({
    name: 'sound',
    seed: 1,
    arms: [
      {
        name: 'default',
        driver: 'http',
        target: 'embedded',
        callers: 1,
        connections: { mode: 'keep-alive', perCaller: 1, tls: true, timeout_ms: 10_000, maxInFlight: 10_000 },
        sign: true,
        system: {
          kms: { region: 'us-east-1', connections: 'keep-alive', tls: true },
          keyCache: {
            scope: 'connection',
            ttl_ms: 300_000,
            expiry: 'absolute',
            entries: 100_000,
            singleFlight: true,
            earlyRefresh_ms: 0,
            jitter: 0,
          },
          hosts: 1,
          replicas: [],
          storage: 'lmdb',
          auth: 'sigv4',
        },
        clock: { speed: 1 },
        events: [],
        network: { rtt_ns: 0 },
        table: {
          name: 'sealbench-default',
          count: 1,
          encryption: 'customer-managed',
          items: 1000,
          itemBytes: { kind: 'fixed', value: 1024 },
          fields: 1,
        },
        keys: {
          popularity: { kind: 'zipf', s: 0.99 },
          scanItems: { kind: 'uniform', min: 1, max: 100 },
        },
        operations: { ...NONE, get: 0.95, put: 0.05 },
        arrivals: { loop: 'open', process: 'poisson' },
        phases: [
          { name: 'phase-1', duration_ns: 15e9, operations: null, rate: PER_SECOND_100, measured: true },
        ],
        cost: { kms_usd_per_10k: 0.03, cloudtrail_usd_per_100k: 2, cloudtrail_paid_copies: 0 },
      },
    ],
    compare: { base: 'default', blocks: 10, confidence: 0.95 },
    source: 'w.yaml',
    written: { name: 'sound', arrivals: { rate: '100/s' }, phases: [{ for: '15s' }] },
  });
});

test('every field is read, in its unit', () => {
  const arm = armOf(`
callers: 2k
connections: { mode: resumed, perCaller: 3, tls: true, timeout: 1.5s, maxInFlight: 2k }
sign: false
system:
  kms: { region: eu-west-1, latency: { p50: 500us, p99: 0.02s }, quota: 6k/m, connections: fresh, tls: false }
  keyCache: { scope: host, ttl: 2m, expiry: sliding, entries: 5k }
  hosts: 3
  storage: memory
  auth: none
table: { name: my.table, encryption: aws-owned, items: 0.5k, itemBytes: 4KB }
keys: { popularity: zipf 1 }
operations: { get: 1, put: 1, update: 1, delete: 1 }
cost: { kms: 0.1, cloudtrail: 3, paidCopies: 2 }
`);
  expect(arm).toMatchObject({
    callers: 2000,
    connections: { mode: 'resumed', perCaller: 3, tls: true, timeout_ms: 1500, maxInFlight: 2000 },
    sign: false,
    system: {
      kms: {
        region: 'eu-west-1',
        latency: { p50_ms: 0.5, p99_ms: 20 },
        quota_per_s: 100,
        connections: 'fresh',
        tls: false,
      },
      keyCache: { scope: 'host', ttl_ms: 120_000, expiry: 'sliding', entries: 5000 },
      hosts: 3,
      storage: 'memory',
      auth: 'none',
    },
    table: {
      name: 'my.table',
      encryption: 'aws-owned',
      items: 500,
      itemBytes: { kind: 'fixed', value: 4000 },
    },
    keys: { popularity: { kind: 'zipf', s: 1 } },
    operations: { ...NONE, get: 0.25, put: 0.25, update: 0.25, delete: 0.25 },
    cost: { kms_usd_per_10k: 0.1, cloudtrail_usd_per_100k: 3, cloudtrail_paid_copies: 2 },
  });
});

describe('settings that follow from others', () => {
  test('signing off turns verification off', () => {
    expect(armOf('sign: false').system.auth).toBe('none');
  });

  test('a driver without a wire neither encrypts nor signs it', () => {
    expect(armOf('driver: envelope')).toMatchObject({
      connections: { tls: false },
      sign: false,
      system: { auth: 'none' },
    });
  });

  test('the scheme of the target decides on TLS', () => {
    const tlsOf = (target: string) => armOf('table: { encryption: none }', { target }).connections.tls;
    expect(tlsOf('https://localhost:8000')).toBe(true);
    expect(tlsOf('http://localhost:8000')).toBe(false);
  });
});

describe('arms', () => {
  const armsOf = (lines: string) => new Map(parse(lines).arms.map((arm) => [arm.name, arm]));

  test('merge field by field over the base, in the order of the file', () => {
    const arms = armsOf(`
connections: { perCaller: 4, timeout: 1s }
system: { kms: { latency: { p50: 1ms, p99: 2ms } }, keyCache: { scope: caller, ttl: 1s } }
arms:
  base:
  changed:
    connections: { mode: fresh }
    system: { keyCache: { ttl: 9s } }
`);
    expect([...arms.keys()]).toEqual(['base', 'changed']);
    expect(arms.get('base')?.connections.mode).toBe('keep-alive');
    const changed = arms.get('changed')!;
    expect(changed.connections).toMatchObject({ mode: 'fresh', perCaller: 4, timeout_ms: 1000 });
    expect(changed.system.keyCache).toMatchObject({ scope: 'caller', ttl_ms: 9000 });
    expect(changed.system.kms.latency).toEqual({ p50_ms: 1, p99_ms: 2 });
    expect(changed.table.name).toBe('sealbench-changed');
  });

  test('replace the mix of operations as a whole', () => {
    const arms = armsOf(
      'operations: { get: 90, put: 10 }\narms: { deletes: { operations: { delete: 1 } } }\n',
    );
    expect(arms.get('deletes')?.operations).toEqual({ ...NONE, delete: 1 });
  });

  test('keep the base arrivals within a loop, and none of them in the other', () => {
    const arms = armsOf(
      'arms: { slow: { arrivals: { rate: 5/s } }, users: { arrivals: { loop: closed, concurrency: 8 } } }\n',
    );
    expect(arms.get('slow')?.arrivals).toEqual({ loop: 'open', process: 'poisson' });
    expect(arms.get('slow')?.phases[0]?.rate).toEqual({ kind: 'constant', rate_per_s: 5 });
    expect(arms.get('users')?.arrivals).toEqual({
      loop: 'closed',
      concurrency: 8,
      think: { kind: 'constant', mean_ns: 0 },
    });
  });

  test('may leave the embedded system, and its settings, behind', () => {
    const arms = armsOf(`
system: { hosts: 5 }
table: { encryption: aws-owned }
arms: { here: {}, there: { target: 'http://localhost:8000' } }
`);
    expect(arms.get('here')?.system.hosts).toBe(5);
    expect(arms.get('there')).toMatchObject({ target: 'http://localhost:8000', system: { hosts: 1 } });
  });

  test('the first is what the others are compared with', () => {
    expect(parse('arms: { z: {}, a: {} }\n').compare.base).toBe('z');
  });
});

describe('overrides', () => {
  test('replace, add and remove fields, and show in what is kept', () => {
    const workload = parse('arms: { fresh: { connections: { mode: fresh } }, other: {} }\n', {
      set: [
        'arms.fresh.connections.mode=resumed',
        'phases[0].for=3s',
        'phases.0.name=steady',
        'table.items=2k',
        'operations={ put: 1 }',
        'arms.other=null',
        'compare.blocks=4',
      ],
    });
    expect(workload.arms).toHaveLength(1);
    expect(workload.arms[0]).toMatchObject({
      connections: { mode: 'resumed' },
      phases: [{ name: 'steady', duration_ns: 3e9 }],
      table: { items: 2000 },
      operations: { get: 0, put: 1 },
    });
    expect(workload.compare.blocks).toBe(4);
    expect(workload.written).toMatchObject({
      arms: { fresh: { connections: { mode: 'resumed' } } },
      phases: [{ for: '3s', name: 'steady' }],
    });
  });

  test('the later of two wins, and the options of their own count as later', () => {
    expect(parse('', { set: ['seed=1', 'seed=2'] }).seed).toBe(2);
    expect(parse('', { set: ['seed=1'], seed: 3 }).seed).toBe(3);
  });

  test('a file for the embedded system can be pointed at an endpoint as it is', () => {
    const arm = armOf('system: { hosts: 5 }', {
      target: 'http://localhost:8000/',
      kms: 'http://localhost:4000',
    });
    expect(arm).toMatchObject({
      target: 'http://localhost:8000',
      kmsTarget: 'http://localhost:4000',
      system: { hosts: 1 },
    });
  });

  test.each<[string, WorkloadOverrides, string]>([
    [
      'no value',
      { set: ['seed'] },
      '--set: expected path=value, got "seed". Write a path and a value: --set phases[1].for=3s.',
    ],
    [
      'no path',
      { set: ['=3'] },
      '--set: expected path=value, got "=3". Write a path and a value: --set phases[1].for=3s.',
    ],
    [
      'a path to the prototype',
      { set: ['__proto__.x=3'] },
      '--set: expected path=value, got "__proto__.x=3". Write a path and a value: --set phases[1].for=3s.',
    ],
    [
      'an unknown field',
      { set: ['tabel.items=3'] },
      "--set tabel.items: tabel: unknown field. Did you mean 'table'?",
    ],
    [
      'an unknown field within',
      { set: ['table.itms=3'] },
      "--set table.itms: table.itms: unknown field. Did you mean 'items'?",
    ],
    [
      'a wrong unit',
      { set: ['phases[0].for=3'] },
      '--set phases[0].for: phases[0].for: expected a duration from 1ms to 7d, got 3. Write 3s or 3m.',
    ],
    [
      'an entry that is not there',
      { set: ['phases[7].for=3s'] },
      '--set phases[7].for: phases has 1 entries, and no 7. Entries count from 0: phases[0].',
    ],
    [
      'a field of a plain value',
      { set: ['name.x=3'] },
      '--set name.x: name is a plain value without fields.',
    ],
    [
      'broken YAML',
      { set: ['arms={ a: [ }'] },
      '--set arms: the value is not YAML: Flow sequence in block collection must be sufficiently indented and end with a ].',
    ],
    ['an alias', { set: ['arms=*a'] }, '--set arms: the value is not YAML without aliases.'],
    [
      'a bad target',
      { target: 'localhost' },
      '--target: target: expected embedded, or http(s)://host:port, got "localhost".',
    ],
    ['a bad seed', { seed: -1 }, '--seed: seed: expected a number of at least 0, got -1.'],
    [
      'a target with settings for the embedded system',
      { target: 'http://h', set: ['system.hosts=3', 'table.encryption=none'] },
      "--set system.hosts: system: has no effect on http://h, which runs by its own settings. Remove it, or use 'target: embedded'.",
    ],
  ])('%s', (_, overrides, message) => {
    expect(problemsOf(SOUND, overrides)).toContain(message);
  });

  test('a cross-check blames the option that caused it', () => {
    expect(
      problemsOf(`${SOUND}connections: { mode: resumed }\n`, { set: ['connections.tls=false'] }),
    ).toEqual([
      "w.yaml:4: connections.mode: 'resumed' resumes TLS sessions, and there is no TLS here. Set 'connections.tls: true' or an https target, or leave the arm out.",
    ]);
    expect(problemsOf(SOUND, { set: ['connections.mode=resumed', 'connections.tls=false'] })[0]).toMatch(
      /^--set connections\.mode: connections\.mode: /,
    );
  });
});
