import { describe, expect, test } from 'vitest';
import { describePlan } from '../../src/plan/plan.ts';
import { workloadOf } from './arms.ts';
import { predictConnections } from './connections.ts';

describe('KMS calls expected of connections that carry so many operations', () => {
  test.each([
    ['one, as fresh ones do', 'connections: { perCaller: 4, operations: 1 }'],
    ['seven', 'callers: 2\nconnections: { perCaller: 4, operations: 7 }'],
    ['between two numbers', 'callers: 4\nconnections: { perCaller: 4, operations: [10, 100] }'],
    ['so many that a few are opened', 'callers: 4\nconnections: { perCaller: 4, operations: [50, 300] }'],
    [
      'and of several tables',
      'callers: 2\nconnections: { perCaller: 4, operations: [2, 20] }\ntable: { count: 5 }',
    ],
    ['fewer than there are tables', 'connections: { perCaller: 4, operations: 3 }\ntable: { count: 8 }'],
  ])('%s', (_, lines) => {
    const workload = workloadOf(`${lines}\nkeys: { popularity: uniform }\nphases: [ { for: 4s } ]`);
    const arm = workload.arms[0]!;
    const seeds = Array.from({ length: 12 }, (_, seed) => seed);
    const drawn = seeds.map((seed) => predictConnections(arm, seed).loads);
    const mean = drawn.reduce((sum, loads) => sum + loads, 0) / seeds.length;
    const expected = describePlan(workload).arms[0]!.decryptCalls!;
    expect(Math.abs(expected / mean - 1)).toBeLessThan(0.02);
  });

  test('is a matter of the loop where that is closed', () => {
    const workload = workloadOf('connections: { operations: 5 }\narrivals: { loop: closed, concurrency: 1 }');
    expect(describePlan(workload).arms[0]!.decryptCalls).toBeNull();
  });

  test.each([
    ['what is made to happen', 'events: [ { at: 1s, do: wipe-cache } ]'],
    ['chance', 'system: { keyCache: { jitter: 10% } }'],
    ['who else misses', 'system: { keyCache: { singleFlight: false } }'],
    ['replication', 'system: { replicas: [eu-west-1] }'],
  ])('are not told beforehand where they depend on %s', (_, lines) => {
    const workload = workloadOf(`${lines}\nphases: [ { for: 4s } ]`);
    expect(describePlan(workload).arms[0]!.decryptCalls).toBeNull();
  });

  test.each([
    ['every table on every connection', 'connections: { perCaller: 3 }\ntable: { count: 4 }', 12],
    [
      'every table of a caller',
      'callers: 2\ntable: { count: 4 }\nsystem: { keyCache: { scope: caller } }',
      8,
    ],
    [
      'all hosts, when connections come and go',
      'connections: { operations: 9 }\nsystem: { hosts: 3, keyCache: { scope: host } }',
      3,
    ],
  ])('%s', (_, lines, calls) => {
    expect(describePlan(workloadOf(lines)).arms[0]!.decryptCalls).toBe(calls);
  });
});
