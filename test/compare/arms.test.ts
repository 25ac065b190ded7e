import { describe, expect, it } from 'vitest';
import { compareArms } from '../../src/compare/compare.ts';
import { type ArmResult, buildResult, type Comparison } from '../../src/result/result.ts';
import { type FakeArm, type FakeRun, fakeRun } from '../result/evidence.ts';

function armsOf(fakes: FakeArm[], run: FakeRun = {}): ArmResult[] {
  return buildResult(fakeRun(fakes, run)).arms;
}

const KEEP: FakeArm = { name: 'keep-alive' };
const FRESH: FakeArm = { name: 'fresh', mode: 'fresh', p50_ms: 6 };
const OPTIONS = { base: 'keep-alive', confidence: 0.95 };

function comparison(arms: readonly ArmResult[], metric: string, options = OPTIONS): Comparison {
  return compareArms(arms, options).find((one) => one.metric === metric)!;
}

describe('arms of a run', () => {
  const arms = armsOf([FRESH, KEEP, { name: 'resumed', mode: 'resumed', p50_ms: 3 }]);

  it('are each compared with the base, wherever it stands', () => {
    const pairs = new Set(compareArms(arms, OPTIONS).map(({ arm, base }) => `${arm} / ${base}`));
    expect([...pairs]).toEqual(['fresh / keep-alive', 'resumed / keep-alive']);
  });

  it('get an interval from blocks that holds the true ratio and the ratio of the pooled figures', () => {
    const { ratio, low, high, blocks, confidence, note } = comparison(arms, 'response_p50');
    const pooled = arms[0]!.operations.all.response_ns.p50! / arms[1]!.operations.all.response_ns.p50!;
    for (const within of [5, pooled, ratio!]) {
      expect(within).toBeGreaterThan(low!);
      expect(within).toBeLessThan(high!);
    }
    expect(high! / low!).toBeLessThan(1.3);
    expect({ blocks, confidence, note }).toEqual({ blocks: 10, confidence: 0.95, note: undefined });
  });

  it('compare counts exactly', () => {
    expect(comparison(arms, 'kms_calls_per_op')).toEqual({
      metric: 'kms_calls_per_op',
      base: 'keep-alive',
      arm: 'fresh',
      ratio: expect.closeTo(1666 / 16, 9),
      low: null,
      high: null,
      confidence: 0.95,
      blocks: 0,
      note: 'exact count, no sampling error',
    });
  });

  it('compare CPU over all processes', () => {
    expect(comparison(arms, 'cpu_us_per_op').ratio).toBeCloseTo((1900 + 2400 + 600) / (300 + 400), 6);
  });

  it('compare rates in closed loops only', () => {
    const closed = armsOf([KEEP, FRESH].map((arm) => ({ ...arm, closed: true })));
    expect(comparison(arms, 'achieved_per_s')).toBeUndefined();
    expect(comparison(closed, 'achieved_per_s').ratio).toBeCloseTo(1, 1);
  });

  it('with more confidence asked for get a wider interval', () => {
    const [usual, surer] = [0.95, 0.99].map((confidence) =>
      comparison(arms, 'response_p99', { ...OPTIONS, confidence }),
    );
    expect(surer!.low).toBeLessThan(usual!.low!);
    expect(surer!.high).toBeGreaterThan(usual!.high!);
  });

  it('pair by block, so that an order changes nothing and a missing block is left out', () => {
    const reordered = [arms[0]!, { ...arms[1]!, blocks: arms[1]!.blocks.toReversed() }, arms[2]!];
    expect(comparison(reordered, 'response_p50').low).toBeCloseTo(comparison(arms, 'response_p50').low!, 10);
    const shorter = [{ ...arms[0]!, blocks: arms[0]!.blocks.slice(2) }, arms[1]!];
    expect(comparison(shorter, 'response_p50').blocks).toBe(8);
  });
});

describe('a comparison is withheld', () => {
  it('when an arm is invalid, all of it', () => {
    const comparisons = compareArms(armsOf([KEEP, { ...FRESH, unissued: 5 }]), OPTIONS);
    expect(comparisons.length).toBeGreaterThan(5);
    for (const { ratio, low, note } of comparisons) {
      expect({ ratio, low, note }).toEqual({ ratio: null, low: null, note: 'withheld: fresh invalid' });
    }
  });

  it('when the percentile itself is', () => {
    const arms = armsOf([KEEP, FRESH], { blocks: 5 });
    expect(comparison(arms, 'response_p50').ratio).not.toBeNull();
    expect(comparison(arms, 'response_p99')).toMatchObject({
      ratio: null,
      note: 'keep-alive has too few samples for it, or too many failures',
    });
  });

  it('when one block cannot tell', () => {
    const arms = armsOf([KEEP, FRESH]);
    const blocks = arms[1]!.blocks.map((block, i) => (i === 3 ? { ...block, errors: 1_000 } : block));
    expect(comparison([arms[0]!, { ...arms[1]!, blocks }], 'response_p50')).toMatchObject({
      ratio: null,
      note: 'a block of fresh has too few operations for it, or too many failures',
    });
  });

  it('when blocks are too short for a percentile: it would be their maximum', () => {
    const p99 = (perBlock: number) =>
      comparison(armsOf([KEEP, FRESH], { blocks: 20, perBlock }), 'response_p99');
    expect(p99(100).ratio).not.toBeNull();
    expect(p99(99)).toMatchObject({
      ratio: null,
      note: 'a block of keep-alive has too few operations for it, or too many failures',
    });
  });

  it('of response times between an open loop and a closed one, which has no queue to tell of', () => {
    const arms = armsOf([KEEP, { ...FRESH, closed: true }]);
    expect(comparison(arms, 'response_p50')).toBeUndefined();
    expect(comparison(arms, 'service_p50').ratio).toBeGreaterThan(4);
  });

  it('when a count is 0 in the base, or not supplied', () => {
    const free = armsOf([{ ...KEEP, encryption: 'none' }, FRESH]);
    expect(comparison(free, 'kms_calls_per_op')).toMatchObject({ ratio: null, note: 'no ratio to 0' });
    const none = armsOf([KEEP, FRESH].map((arm) => ({ ...arm, encryption: 'none' as const })));
    expect(comparison(none, 'cost_usd_per_million_ops')).toMatchObject({ ratio: null, note: 'both are 0' });
    const remote = armsOf([KEEP, FRESH].map((arm) => ({ ...arm, remote: true })));
    expect(comparison(remote, 'kms_calls_per_op')).toMatchObject({
      ratio: null,
      note: 'not counted by the target',
    });
  });

  it('as to its interval, when there is one block only', () => {
    const { ratio, low, note } = comparison(armsOf([KEEP, FRESH], { blocks: 1 }), 'response_p50');
    expect(ratio).toBeGreaterThan(4);
    expect({ low, note }).toEqual({ low: null, note: 'one block: no interval' });
  });

  it('when there is nothing to compare with', () => {
    expect(compareArms(armsOf([KEEP]), OPTIONS)).toEqual([]);
    expect(compareArms(armsOf([FRESH, KEEP]), { ...OPTIONS, base: 'gone' })).toEqual([]);
  });
});
