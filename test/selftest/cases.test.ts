/** What each case says of a tool that sees its server as it is, and of one with the defect that it is there for. */
import { describe, expect, it } from 'vitest';
import { EXPERIMENTS } from '../../src/selftest/cases/cases.ts';
import { holds } from '../../src/selftest/checks.ts';
import { exponentialQuantile, queueResponses, stratifiedExponential } from '../../src/selftest/laws.ts';
import { parseWorkload } from '../../src/workload/workload.ts';
import { evidenceOf, type Told } from './evidence.ts';

const MS = 1e6;

/** Names of the checks that fail. */
function failures(name: string, told: Told): string[] {
  const found = EXPERIMENTS.flatMap(({ cases }) => cases).find((one) => one.name === name)!;
  return found
    .checks(evidenceOf(told))
    .filter((check) => !holds(check))
    .map(({ what }) => what);
}

const many = (count: number, value: number): number[] => Array.from({ length: count }, () => value);
const every = (count: number, gap: number): number[] =>
  Array.from({ length: count }, (_, index) => index * gap);
const bursts = (count: number, rate: number): number[] =>
  Array.from({ length: count }, (_, index) => Math.floor(index / rate) * 1e9 + (index % rate) * 0.5 * MS);

describe('every experiment', () => {
  it('is a workload that the tool takes', () => {
    for (const { name, behaviour, workload } of EXPERIMENTS) {
      const target = behaviour === null ? { driver: 'noop' } : { target: 'http://127.0.0.1:1' };
      const file = { name, ...target, table: { encryption: 'none' }, compare: { blocks: 1 }, ...workload };
      expect(parseWorkload(JSON.stringify(file), name).arms, name).toHaveLength(1);
    }
  });

  it('has names of its own', () => {
    const names = EXPERIMENTS.flatMap(({ cases }) => cases.map(({ name }) => name));
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('constant-delay', () => {
  const log = { stays: many(1200, 5.03 * MS), counts: {} };

  it('passes within its bounds, and not a step outside', () => {
    expect(failures('constant-delay', { responses: many(1200, 5.3 * MS), log })).toEqual([]);
    const late = [...many(1100, 5.2 * MS), ...many(100, 6.4 * MS)];
    expect(failures('constant-delay', { responses: late, services: many(1200, 5.2 * MS), log })).toEqual([
      'response p99',
    ]);
    expect(failures('constant-delay', { responses: many(1200, 5.6 * MS), log })).toEqual([
      'response p50',
      'service p50',
    ]);
  });

  it('does not take a withheld p99 for a good one', () => {
    expect(failures('constant-delay', { responses: many(900, 5.1 * MS), log })).toEqual([
      'response p99',
      'service p99',
    ]);
  });
});

describe('exponential-delay', () => {
  const stays = stratifiedExponential(2000, 10 * MS);

  it('takes the distribution, and no other of the same mean', () => {
    const log = { stays, counts: {} };
    expect(failures('exponential-delay', { responses: stays.map((stay) => stay + 0.2 * MS), log })).toEqual(
      [],
    );
    expect(failures('exponential-delay', { responses: many(2000, 10 * MS), log })).toHaveLength(6);
  });

  it('holds the server to its law too', () => {
    const slow = stays.map((stay) => stay * 1.2);
    const wrong = failures('exponential-delay', { responses: slow, log: { stays: slow, counts: {} } });
    expect(wrong).toContain('response p50');
    expect(exponentialQuantile(0.5, 10) * 1.05).toBeLessThan(exponentialQuantile(0.5, 12));
  });
});

describe('stall', () => {
  const stays = many(1000, MS).map((stay, index) => (index === 450 ? 1000 * MS : stay));
  const responses = queueResponses(every(1000, 10 * MS), stays);
  const log = { stays, counts: {} };

  it('wants everybody who waited', () => {
    expect(failures('stall', { responses, services: stays, log })).toEqual([]);
  });

  it('finds coordinated omission: the one that was sent, and not those that should have been', () => {
    expect(failures('stall', { responses: stays, services: stays, log })).toEqual([
      'response p95',
      'response p99',
    ]);
  });

  it('finds a service time that holds the wait', () => {
    expect(failures('stall', { responses, services: responses, log })).toEqual(['service p95']);
  });
});

describe('the generator', () => {
  it('is on time, at its rate', () => {
    const on = { responses: [], log: null, rate_per_s: 2000 };
    expect(failures('on-time', { ...on, lags: many(6000, 150e3) })).toEqual([]);
    expect(failures('on-time', { ...on, lags: many(6000, 1.1 * MS) })).toEqual(['lag p99']);
    expect(failures('on-time', { ...on, lags: many(6000, 1e3), rate_per_s: 1997 })).toEqual([
      'planned rate',
      'achieved rate',
    ]);
  });

  it('sends evenly, or at random, and not in a burst each second', () => {
    const seen = (received: number[]): Told => ({ responses: [], log: { stays: [], received, counts: {} } });
    expect(failures('even-rate', seen(every(1200, 5 * MS)))).toEqual([]);
    expect(failures('even-rate', seen(bursts(1200, 200)))).toEqual(['gap p1', 'gap p99']);
    expect(failures('poisson-arrivals', seen(every(1200, 5 * MS)))).toEqual(['distance']);
    const gaps = stratifiedExponential(1200, 5 * MS);
    let at = 0;
    expect(failures('poisson-arrivals', seen([0, ...gaps.map((gap) => (at += gap))]))).toEqual([]);
  });

  it('tells times below a millisecond apart', () => {
    const log = { stays: many(1200, 3e3), counts: { requests: 1200 } };
    const fine = every(1200, 300).map((more) => 200e3 + more);
    expect(failures('sub-millisecond', { responses: fine, log })).toEqual([]);
    expect(failures('sub-millisecond', { responses: many(1200, 0), log })).toEqual([
      'fastest',
      'distinct times',
    ]);
  });

  it('invents no times', () => {
    const log = { stays: many(20, 100 * MS), counts: { requests: 20 } };
    expect(failures('no-invented-times', { responses: many(20, 100.4 * MS), log })).toEqual([]);
    const invented = Array.from({ length: 2000 }, (_, index) => ((index % 100) + 1) * MS);
    expect(failures('no-invented-times', { responses: invented, log })).toEqual([
      'times recorded',
      'fastest',
      'response p50',
    ]);
  });

  it('ends when it is stopped, with what it has', () => {
    const log = { stays: many(50, 10 * MS), counts: { requests: 50 } };
    expect(failures('stop', { responses: many(50, 10 * MS), stoppedAfter_ns: 20 * MS, log })).toEqual([]);
    expect(failures('stop', { responses: [], log })).toEqual(['ended after', 'answers']);
  });
});

describe('faults', () => {
  it('throttled requests are errors and no fast successes', () => {
    const log = { stays: many(343, 5 * MS), counts: { requests: 400, throttled: 57 } };
    const right = { responses: many(343, 5.1 * MS), errors: { ThrottlingException: 57 }, log };
    expect(failures('throttle', right)).toEqual([]);
    const mixed = { responses: [...many(343, 5.1 * MS), ...many(57, 0.2 * MS)], log };
    expect(failures('throttle', mixed)).toEqual(['throttled', 'successes', 'fastest success']);
    expect(failures('throttle', { ...right, broken: 1 })).toEqual(['counters that disagree']);
  });

  it('a reset costs one request and delays none', () => {
    const log = { stays: many(228, 50 * MS), counts: { requests: 240, resets: 12 } };
    const right: Told = {
      responses: many(228, 50.5 * MS),
      errors: { ECONNRESET: 12 },
      transportErrors: 12,
      log,
    };
    expect(failures('reset', right)).toEqual([]);
    expect(failures('reset', { ...right, responses: many(228, 100 * MS) })).toEqual([
      'response p50',
      'service p90',
    ]);
    expect(failures('reset', { ...right, errors: { ECONNRESET: 1 }, transportErrors: 1 })).toEqual([
      'transport errors',
      'failed',
    ]);
  });

  it('a server that hangs up gets a connection a request, and times do not pile up', () => {
    const log = { stays: many(120, 50 * MS), counts: { requests: 220, connections: 220 } };
    expect(failures('connection-close', { responses: many(120, 50.8 * MS), log })).toEqual([]);
    const piled = every(120, 50 * MS).map((more) => more + 53 * MS);
    expect(failures('connection-close', { responses: piled, log })).toEqual(['response p50', 'service p90']);
    expect(failures('connection-close', { responses: many(120, 50.8 * MS), opened: 219, log })).toEqual([
      'connections',
    ]);
  });

  it('every fresh connection counts', () => {
    const log = { stays: many(400, 0), counts: { requests: 400, connections: 400 } };
    expect(failures('fresh-connections', { responses: many(400, MS), log })).toEqual([]);
    expect(failures('fresh-connections', { responses: [], opened: 0, requests: 0, log })).toEqual([
      'answers',
      'connections',
      'requests sent',
    ]);
  });

  it('a round trip is paid once on a kept connection, and twice on a new one', () => {
    const log = { stays: many(150, 0), counts: { requests: 150 } };
    expect(failures('round-trip', { responses: many(150, 20.6 * MS), log })).toEqual([]);
    expect(failures('round-trip', { responses: many(150, 40.6 * MS), log })).toEqual([
      'service p50',
      'service p90',
    ]);
    expect(failures('fresh-round-trip', { responses: many(150, 40.6 * MS), log })).toEqual([]);
    expect(failures('fresh-round-trip', { responses: many(150, 20.6 * MS), log })).toEqual([
      'service p50',
      'service p90',
    ]);
  });
});
