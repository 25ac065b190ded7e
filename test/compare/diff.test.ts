import { describe, expect, it } from 'vitest';
import { diffResults } from '../../src/compare/compare.ts';
import { buildResult } from '../../src/result/result.ts';
import { type FakeArm, type FakeRun, fakeRun } from '../result/evidence.ts';

const resultOf = (arms: FakeArm[], run: FakeRun = {}) => buildResult(fakeRun(arms, run));
const KEEP: FakeArm = { name: 'keep-alive' };
const FRESH: FakeArm = { name: 'fresh', mode: 'fresh', p50_ms: 6 };

describe('two runs', () => {
  const a = resultOf([KEEP, FRESH], { seed: 1 });
  const b = resultOf([{ ...KEEP, p50_ms: 1.5 }, { name: 'new' }], { seed: 2 });
  const diff = diffResults(a, b, { confidence: 0.95 });

  it('are compared by arms of the same name', () => {
    expect(new Set(diff.comparisons.map(({ base, arm }) => `${base} ${arm}`))).toEqual(
      new Set(['keep-alive keep-alive']),
    );
    expect([diff.onlyInA, diff.onlyInB]).toEqual([['fresh'], ['new']]);
  });

  it('show a slowdown as a ratio above 1 whose interval holds it', () => {
    const sure = diffResults(a, b, { confidence: 0.999 });
    const { ratio, low, high } = sure.comparisons.find((one) => one.metric === 'response_p50')!;
    expect(low).toBeGreaterThan(1);
    expect(ratio).toBeGreaterThan(low!);
    expect(low).toBeLessThan(1.25);
    expect(high).toBeGreaterThan(1.25);
  });

  it('carry cautions about all that differs besides', () => {
    expect(diff.cautions.join('\n')).toMatch(/different times.*\n.*seeds differ \(1 \/ 2\)/);
    const other = structuredClone(a);
    other.environment.cpu = 'Other CPU';
    other.arms[1]!.settings.callers = 8;
    const { cautions } = diffResults(a, other, { confidence: 0.95 });
    expect(cautions).toContain('The environments differ: cpu Fake CPU / Other CPU.');
    expect(cautions).toContain('Arm fresh was set up differently: callers.');
  });

  it('are equal to themselves', () => {
    for (const { ratio, low, high } of diffResults(a, structuredClone(a), { confidence: 0.95 }).comparisons) {
      expect(ratio).toBeCloseTo(1, 12);
      if (low !== null) {
        expect(low).toBeLessThanOrEqual(1);
        expect(high).toBeGreaterThanOrEqual(1);
      }
    }
  });

  it('withhold what an invalid arm says', () => {
    const invalid = resultOf([{ ...KEEP, unissued: 9 }]);
    const { comparisons } = diffResults(a, invalid, { confidence: 0.95 });
    expect(
      comparisons.every(({ ratio, note }) => ratio === null && note === 'withheld: keep-alive invalid'),
    ).toBe(true);
  });
});
