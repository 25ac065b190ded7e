import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describePlan, planTurns, WARM_UP_BLOCK } from '../../src/plan/plan.ts';
import { workloadOf } from './arms.ts';

const PHASES =
  'phases: [ { for: 2s, measured: false }, { for: 1s, measured: false }, { for: 7s }, { for: 3s } ]';
const ARMS = 'arms: { a: {}, b: {}, c: {} }';

describe('turns', () => {
  const workload = workloadOf(`${PHASES}\n${ARMS}\ncompare: { blocks: 6 }`);
  const turns = planTurns(workload);

  test('each arm warms up first, in one go', () => {
    expect(turns.slice(0, 3)).toEqual(
      [0, 1, 2].map((arm) => ({ arm, block: WARM_UP_BLOCK, from_ns: 0, to_ns: 3e9, measured: false })),
    );
  });

  test('each block has one turn of each arm, in changing order', () => {
    const orders = new Set<string>();
    for (let block = 0; block < 6; block++) {
      const arms = turns.slice(3 + block * 3, 6 + block * 3).map((turn) => {
        expect(turn.block).toBe(block);
        return turn.arm;
      });
      orders.add(arms.join());
      expect(arms.toSorted()).toEqual([0, 1, 2]);
    }
    expect(orders.size).toBeGreaterThan(2);
    expect(turns).toHaveLength(3 + 18);
  });

  test('every arm goes first about as often, over many blocks', () => {
    const many = planTurns(workloadOf(`phases: [ { for: 100s } ]\n${ARMS}\ncompare: { blocks: 100 }`));
    for (const arm of [0, 1, 2]) {
      const first = many.filter((turn, i) => i % 3 === 0 && turn.arm === arm).length;
      expect(Math.abs(first - 100 / 3)).toBeLessThan(15);
    }
  });

  test('depend on the seed alone', () => {
    expect(planTurns(workload)).toEqual(turns);
    expect(planTurns({ ...workload, seed: 2 })).not.toEqual(turns);
  });

  test("an arm's turns follow each other without gap to the end of its phases, evenly", () => {
    const blocks = fc.integer({ min: 2, max: 100 });
    const property = fc.property(blocks, fc.integer({ min: 10_000, max: 99_999 }), (count, measured_ms) => {
      const uneven = workloadOf(
        `phases: [ { for: 1s, measured: false }, { for: ${measured_ms}ms } ]\n${ARMS}\ncompare: { blocks: ${count} }`,
      );
      for (const arm of [0, 1, 2]) {
        const own = planTurns(uneven).filter((turn) => turn.arm === arm);
        expect(own.every((turn, i) => turn.from_ns === (own[i - 1]?.to_ns ?? 0))).toBe(true);
        expect(own.at(-1)!.to_ns).toBe(1e9 + measured_ms * 1e6);
        const lengths = own.slice(1).map((turn) => turn.to_ns! - turn.from_ns);
        expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(1);
      }
    });
    fc.assert(property, { seed: 5, numRuns: 40 });
  });

  test('a count is cut into blocks evenly, after a warm-up of time and then of count', () => {
    const property = fc.property(
      fc.integer({ min: 2, max: 100 }),
      fc.integer({ min: 100, max: 9999 }),
      (blocks, count) => {
        const counted = workloadOf(
          `arrivals: { loop: closed, concurrency: 3 }\nphases: [ { for: 1s, measured: false }, { count: 7, measured: false }, { count: 40 }, { count: ${count} } ]\n${ARMS}\ncompare: { blocks: ${blocks} }`,
        );
        for (const arm of [0, 1, 2]) {
          const [first, second, ...measured] = planTurns(counted).filter((turn) => turn.arm === arm);
          expect(first).toMatchObject({ block: WARM_UP_BLOCK, from_ns: 0, to_ns: 1e9, measured: false });
          expect(second).toMatchObject({
            block: WARM_UP_BLOCK,
            from_ns: 1e9,
            to_ns: null,
            operations: 7,
            measured: false,
          });
          const operations = measured.map((turn) => turn.operations!);
          expect(measured.every((turn) => turn.measured && turn.to_ns === null)).toBe(true);
          expect(operations.reduce((sum, some) => sum + some, 0)).toBe(count + 40);
          expect(Math.max(...operations) - Math.min(...operations)).toBeLessThanOrEqual(1);
        }
      },
    );
    fc.assert(property, { seed: 6, numRuns: 40 });
  });

  test('one arm alone has blocks too, and an arm without warm-up none', () => {
    const alone = planTurns(workloadOf('phases: [ { for: 10s } ]'));
    expect(alone.map(({ block }) => block)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});

describe('description of a plan', () => {
  const describeOne = (lines: string) => describePlan(workloadOf(lines)).arms[0]!;

  test('says what will be done and how long it takes', () => {
    const plan = describePlan(
      workloadOf(`callers: 2\nconnections: { perCaller: 3 }\n${PHASES}\n${ARMS}\ncompare: { blocks: 6 }`),
    );
    expect(plan).toMatchObject({
      name: 'test',
      seed: 1,
      blocks: 6,
      turns: 21,
      play_s: 39,
      servers: { stores: 3, kms: 1 },
    });
    expect(plan.estimated_s).toBeGreaterThan(39);
    expect(plan.arms[0]).toEqual({
      name: 'a',
      driver: 'http',
      target: 'embedded',
      mode: 'keep-alive',
      encryption: 'customer-managed',
      items: 1000,
      itemBytes: { kind: 'fixed', value: 1024 },
      loop: 'open',
      rate_per_s: 1000,
      concurrency: null,
      warmUp_s: 3,
      measured_s: 10,
      operations: 13_000,
      keptConnections: 6,
      decryptCalls: 6,
      warmUpCount: 0,
      measuredCount: 0,
    });
  });

  test.each<[string, string, number | null]>([
    ['fresh connections pay for every operation', 'connections: { mode: fresh }', 60_000],
    ['resumed sessions too', 'connections: { mode: resumed }', 60_000],
    [
      'unless callers share',
      'callers: 3\nconnections: { mode: fresh }\nsystem: { keyCache: { scope: caller } }',
      3,
    ],
    ['one entry for everybody', 'callers: 3\nsystem: { keyCache: { scope: process } }', 1],
    [
      'an entry for each caller on each host',
      'callers: 3\nconnections: { perCaller: 9 }\nsystem: { hosts: 2, keyCache: { scope: host } }',
      6,
    ],
    ['no more hosts than connections', 'system: { hosts: 9, keyCache: { scope: host } }', 1],
    ['entries that expire', 'system: { keyCache: { ttl: 10s } }', 6],
    ['entries in use that never expire', 'system: { keyCache: { ttl: 10s, expiry: sliding } }', 1],
    [
      'entries that expire between two operations',
      'arrivals: { rate: 2/s }\nsystem: { keyCache: { ttl: 1ms, expiry: sliding } }',
      121,
    ],
    ['nothing to decrypt', 'table: { encryption: none }', 0],
    ['nothing sent', 'driver: noop', 0],
    ['a cache that is not ours', 'target: http://h\ntable: { encryption: aws-owned }', null],
    [
      'as many as the loop manages',
      'arrivals: { loop: closed, concurrency: 4 }\nconnections: { mode: fresh }',
      null,
    ],
    [
      'a closed loop on kept connections',
      'arrivals: { loop: closed, concurrency: 4 }\ncallers: 4\nsystem: { keyCache: { expiry: sliding } }',
      4,
    ],
  ])('KMS calls: %s', (_, lines, calls) => {
    expect(describeOne(lines).decryptCalls).toBe(calls);
  });

  test('a rate that changes has an average and a range', () => {
    const arm = describeOne(
      'phases: [ { for: 10s, rate: { from: 0/s, to: 100/s } }, { for: 10s, rate: { mean: 300/s, amplitude: 50/s, period: 5s } } ]',
    );
    expect(arm).toMatchObject({
      operations: 3500,
      rate_per_s: 175,
      rateRange: { min_per_s: 0, max_per_s: 350 },
    });
  });

  test('a count of a closed loop is known, and how long it takes is not', () => {
    const lines =
      'arrivals: { loop: closed, concurrency: 4, think: exponential 50ms }\nphases: [ { for: 2s, measured: false }, { count: 100, measured: false }, { count: 500 } ]';
    expect(describeOne(lines)).toMatchObject({
      operations: null,
      warmUp_s: 2,
      warmUpCount: 100,
      measuredCount: 500,
    });
    expect(describeOne(lines)).toMatchObject({
      think: { kind: 'exponential', mean_ns: 50e6 },
      decryptCalls: null,
    });
    expect(describePlan(workloadOf(lines))).toMatchObject({ turns: 12, countedTurns: 11, play_s: 2 });
    const counted = 'arrivals: { loop: closed, concurrency: 4 }\nphases: [ { count: 500 } ]';
    expect(describeOne(`${counted}\nconnections: { mode: fresh }`)).toMatchObject({
      operations: 500,
      decryptCalls: 500,
    });
    expect(describeOne(counted).rate_per_s).toBeNull();
  });

  test('a closed loop has users and no rate', () => {
    expect(describeOne('arrivals: { loop: closed, concurrency: 4 }')).toMatchObject({
      loop: 'closed',
      concurrency: 4,
      rate_per_s: null,
      operations: null,
    });
  });

  test('arms with other KMS settings have a KMS of their own; drivers without a wire no store', () => {
    const servers = (lines: string) => describePlan(workloadOf(lines)).servers;
    expect(servers('arms: { a: {}, b: { system: { kms: { quota: 5/s } } } }')).toEqual({ stores: 2, kms: 2 });
    // What one arm takes of a quota must not be missing in the other's turn.
    expect(servers('system: { kms: { quota: 5/s } }\narms: { a: {}, b: {} }')).toEqual({ stores: 2, kms: 2 });
    expect(servers('driver: envelope')).toEqual({ stores: 0, kms: 1 });
    expect(servers('driver: noop')).toEqual({ stores: 0, kms: 0 });
    expect(servers('target: http://h\ntable: { encryption: none }')).toEqual({ stores: 0, kms: 0 });
  });
});
