import { describe, expect, it } from 'vitest';
import { mergeTurns } from '../../src/recording/recording.ts';
import {
  type ArmResult,
  buildResult,
  RESULT_SCHEMA,
  type RunEvidence,
  readHdr,
} from '../../src/result/result.ts';
import { type FakeArm, type FakeRun, fakeRun } from './evidence.ts';

function armOf(fake: Partial<FakeArm>, run?: FakeRun, spoil?: (evidence: RunEvidence) => void): ArmResult {
  const evidence = fakeRun([{ name: 'arm', ...fake }], run);
  spoil?.(evidence);
  return buildResult(evidence).arms[0]!;
}

describe('a result', () => {
  it('says what was run, and leaves comparisons and gates to others', () => {
    const { arms, ...rest } = buildResult(fakeRun([{ name: 'a' }, { name: 'b' }]));
    expect(rest).toMatchObject({
      schema: RESULT_SCHEMA,
      name: 'keep-alive-vs-fresh',
      seed: 42,
      lanes: 2,
      interrupted: false,
      startedAt: '2026-01-01T12:00:00.000Z',
      comparisons: [],
      gates: [],
    });
    expect(arms.map((arm) => arm.name)).toEqual(['a', 'b']);
  });

  it('does not change the evidence', () => {
    const evidence = fakeRun([{ name: 'arm', failEvery: 7 }], { blocks: 2 });
    const before = structuredClone(evidence);
    buildResult(evidence);
    expect(evidence).toEqual(before);
  });
});

describe('an arm of a healthy run', () => {
  const arm = armOf({ mode: 'fresh', p50_ms: 6 });

  it('is valid, with every identity checked', () => {
    expect(arm.verdict).toEqual({ value: 'valid', reasons: [] });
    expect(arm.identities.map((identity) => identity.state)).toEqual(Array(7).fill('ok'));
  });

  it('summarises measured operations, and each kind that occurred', () => {
    const { all, get, put, update } = arm.operations;
    expect(all.count).toBe(1500);
    expect(get!.count + put!.count).toBe(1500);
    expect(update).toBeUndefined();
    const { p50, p99, p999, min, max, mean } = all.response_ns;
    expect(p50! / 6e6).toBeCloseTo(1, 1);
    expect(p50).toBeLessThan(p99!);
    expect(p99).toBeLessThanOrEqual(max!);
    expect(min).toBeLessThan(mean!);
    expect(p999).toBeNull();
    expect(readHdr(all.response_ns.hdr).count).toBe(1500);
  });

  it('rates the measured turns by their length, drain included', () => {
    expect(arm.rate).toMatchObject({ planned_per_s: 100, offered_per_s: 100 });
    expect(arm.rate.achieved_per_s).toBeGreaterThan(98);
    expect(arm.rate.achieved_per_s).toBeLessThanOrEqual(100);
    // Little's law: 100/s × about 6.5 ms
    expect(arm.in_flight_mean).toBeGreaterThan(0.55);
    expect(arm.in_flight_mean).toBeLessThan(0.75);
  });

  it('counts calls and connections from set-up to drain, and CPU in the measured turns', () => {
    expect(arm.operations_total).toBe(16 + 11 * 150);
    expect(arm.kms).toMatchObject({ calls: { Decrypt: 1666 }, calls_per_op: 1, time_ns: null });
    expect(arm.cache).toMatchObject({ lookups: 1666, misses: 1666, hit_rate: 0 });
    expect(arm.connections).toMatchObject({ opened: 1666, tls_full: 1666, requests: 1666 });
    expect(arm.server.requests).toBe(1666);
    expect(arm.cpu_us_per_op).toEqual({ lanes: 1900, store: 2400, kms: 600, pacing: 20 });
    expect(arm.cost_usd_per_million_ops).toEqual({ kms: 3, cloudtrail: 0, total: 3 });
  });

  it('has a block for each measured turn that adds up to the whole', () => {
    expect(arm.blocks.map((block) => block.block)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const [block] = arm.blocks;
    expect(block).toMatchObject({
      operations: 150,
      errors: 0,
      kms_calls: 150,
      cache: { lookups: 150, hits: 0, misses: 150, coalesced: 0 },
      connections_opened: 150,
      cpu_us: { lanes: 150 * 1900, store: 150 * 2400, kms: 150 * 600 },
    });
    const counts = arm.blocks.map((one) => readHdr(one.response_hdr).count);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(arm.operations.all.count);
  });

  it('has a time line of all turns, the warm-up marked', () => {
    const { rows, row_s } = arm.timeline;
    expect([row_s, rows.length]).toEqual([1, 17]);
    expect(rows.reduce((sum, row) => sum + row.count, 0)).toBe(11 * 150);
    // The second that the warm-up and the first block share counts as warm-up.
    expect(rows.map((row) => row.measured).indexOf(true)).toBe(2);
  });
});

describe('a target without counters', () => {
  it('leaves them null and its identities unchecked, and can still be valid', () => {
    const arm = armOf({ remote: true });
    expect([arm.kms, arm.cache, arm.server.requests, arm.cost_usd_per_million_ops]).toEqual([
      null,
      null,
      null,
      null,
    ]);
    expect(arm.cpu_us_per_op).toEqual({ lanes: 300, store: null, kms: null, pacing: 20 });
    expect(arm.identities.map(({ state }) => state)).toEqual(['ok', 'ok', ...Array(5).fill('not checked')]);
    expect(arm.verdict.value).toBe('valid');
  });
});

describe('a runtime that cannot tell the CPU of a thread', () => {
  it('leaves that of the lanes null', () => {
    const arm = armOf({}, {}, ({ arms }) => {
      for (const turn of arms[0]!.turns) turn.recording.cpu_us = null;
    });
    expect(arm.cpu_us_per_op).toEqual({ lanes: null, store: 400, kms: 0, pacing: 20 });
    expect(arm.blocks[0]!.cpu_us.lanes).toBeNull();
    expect(arm.verdict.value).toBe('valid');
  });
});

describe('failed operations', () => {
  it('lie beyond every percentile, and withhold those among them', () => {
    const { all } = armOf({ failEvery: 30 }).operations;
    expect(all).toMatchObject({ count: 1500, errors: { ThrottlingException: 40 } });
    expect(all.response_ns.count).toBe(1460);
    expect(all.response_ns.p90).not.toBeNull();
    expect(all.response_ns.p99).toBeNull();
  });

  it('raise the percentiles that they do not withhold', () => {
    const [clean, failing] = [armOf({}), armOf({ failEvery: 5 })].map(
      (arm) => arm.operations.all.response_ns.p50!,
    );
    expect(failing).toBeGreaterThan(clean! * 1.05);
  });

  it('do not count as achieved', () => {
    expect(armOf({ failEvery: 5 }).rate.achieved_per_s).toBeLessThan(81);
  });
});

describe('an interrupted run', () => {
  it('counts the turn that was cut short, and does not compare it as a block', () => {
    const arm = armOf({}, { blocks: 3, interrupted: true }, ({ arms }) => {
      const last = arms[0]!.turns.at(-1)!;
      last.interrupted = true;
      last.recording.duration_ns /= 2;
    });
    expect(arm.blocks.map(({ block }) => block)).toEqual([0, 1]);
    expect(arm.operations.all.count).toBe(450);
    expect(arm.verdict.value).toBe('suspect');
  });
});

describe('a run without an operation', () => {
  it('has no rates and no figures per operation, rather than 0', () => {
    const arm = armOf({ mode: 'fresh' }, { blocks: 0 }, ({ arms }) => {
      arms[0]!.turns = [];
      arms[0]!.setup = mergeTurns([]);
    });
    expect(arm.rate).toEqual({ planned_per_s: null, offered_per_s: null, achieved_per_s: null });
    expect([arm.in_flight_mean, arm.kms!.calls_per_op, arm.cost_usd_per_million_ops]).toEqual([
      null,
      null,
      null,
    ]);
  });
});

describe('a closed loop', () => {
  it('has no planned rate and no lag to blame', () => {
    const arm = armOf({ closed: true, lag_us: 5000 });
    expect(arm.rate.planned_per_s).toBeNull();
    expect(arm.verdict.value).toBe('valid');
  });
});

describe('cost', () => {
  const cost = (encryption: FakeArm['encryption'], copies = 0) =>
    armOf({ mode: 'fresh', encryption }, { blocks: 1 }, ({ arms }) => {
      arms[0]!.arm.cost.cloudtrail_paid_copies = copies;
    }).cost_usd_per_million_ops;

  it('is that of the KMS calls for customer and AWS managed keys, and of paid copies of the trail', () => {
    expect(cost('customer-managed')).toEqual({ kms: 3, cloudtrail: 0, total: 3 });
    expect(cost('aws-managed', 2)).toEqual({ kms: 3, cloudtrail: 40, total: 43 });
  });

  it('is nothing for AWS owned keys and without encryption', () => {
    expect(cost('aws-owned', 2)).toEqual({ kms: 0, cloudtrail: 0, total: 0 });
    expect(cost('none', 2)).toEqual({ kms: 0, cloudtrail: 0, total: 0 });
  });
});
