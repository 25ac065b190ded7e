import { describe, expect, it } from 'vitest';
import { LatencyHistogram } from '../../src/recording/recording.ts';
import { decide, exactly, floorOf, holds, limit, near, verdictOf } from '../../src/selftest/checks.ts';
import { limitsOf } from '../../src/selftest/machine.ts';
import type { CaseResult, Check, Evidence, MachineState } from '../../src/selftest/types.ts';

const QUIET: MachineState = {
  oversleep_ns: { 0.5: 60e3, 0.9: 80e3, 0.99: 130e3 },
  echo_ns: { 0.5: 90e3, 0.9: 120e3, 0.99: 200e3 },
  others_share: 0.005,
};
const TAKEN: MachineState = { ...QUIET, others_share: 0.1 };
const LATE: MachineState = { ...QUIET, oversleep_ns: { 0.5: 60e3, 0.9: 80e3, 0.99: 2e6 } };
const P99 = { share: 0.05, beside: 1e6 };
const RESPONSE_P99 = { wakes: 2, trips: 1, p: 0.99 } as const;

const p99 = (measured: number | null, logged: number | null = null): Check =>
  near('p99', { expected: 5e6, logged, measured, floor: RESPONSE_P99 }, P99);

describe('a check', () => {
  it('allows the share and what is beside it, on both sides', () => {
    expect([3.75e6, 5e6, 6.25e6].map((measured) => holds(p99(measured)))).toEqual([true, true, true]);
    expect([3.74e6, 6.26e6].map((measured) => holds(p99(measured)))).toEqual([false, false]);
  });

  it('holds against the law and against the log', () => {
    expect(holds(p99(6.2e6, 5.5e6))).toBe(true);
    expect(holds(p99(6.2e6, 4e6))).toBe(false);
    expect(holds(p99(6.2e6, Number.NaN))).toBe(false);
  });

  it('fails without a figure', () => {
    expect(holds(p99(null))).toBe(false);
    expect(holds(p99(Number.NaN))).toBe(false);
    expect(holds(exactly('n', 0, null))).toBe(false);
  });

  it('is exact, or one-sided', () => {
    expect([19, 20, 21].map((measured) => holds(exactly('n', 20, measured)))).toEqual([false, true, false]);
    expect([9, 10, 11].map((measured) => holds(limit('n', 'at most', 10, { measured })))).toEqual([
      true,
      true,
      false,
    ]);
    expect([9, 10, 11].map((measured) => holds(limit('n', 'at least', 10, { measured })))).toEqual([
      false,
      true,
      true,
    ]);
  });
});

describe('the floor of a figure', () => {
  it('is what the machine made its operation wait, as often as that waits', () => {
    expect(floorOf(p99(5e6), QUIET)).toBe(2 * 130e3 + 200e3);
    expect(floorOf(p99(5e6), { ...QUIET, echo_ns: null })).toBe(null);
    expect(floorOf(exactly('n', 20, 19), QUIET)).toBe(null);
  });

  it('widens a bound on both sides, and no exact one', () => {
    expect([3.3e6, 6.7e6].map((measured) => holds(p99(measured), 460e3))).toEqual([true, true]);
    expect([3.2e6, 6.8e6].map((measured) => holds(p99(measured), 460e3))).toEqual([false, false]);
    expect(holds(exactly('n', 20, 19), 1e9)).toBe(false);
    expect(holds(limit('lag', 'at most', 200e3, { measured: 600e3 }), 460e3)).toBe(true);
    expect(holds(limit('fastest', 'at least', 5e6, { measured: 4.9e6 }), 460e3)).toBe(false);
  });

  it('is known with the certainty of its samples', () => {
    const histogram = new LatencyHistogram();
    expect(limitsOf(histogram)).toBe(null);
    for (let value = 1; value <= 1000; value++) histogram.record(value * 1000);
    const limits = limitsOf(histogram)!;
    // Ranks 500 + 1.645 √250, 900 + 1.645 √90, 990 + 1.645 √9.9.
    for (const [p, rank] of [
      [0.5, 527],
      [0.9, 916],
      [0.99, 996],
    ] as const) {
      expect(Math.abs(limits[p] / (rank * 1000) - 1)).toBeLessThan(0.002);
    }
  });
});

describe('a case', () => {
  const decided = (checks: Check[], machine: MachineState): CaseResult =>
    decide({ name: 'x', shows: '', checks: () => checks }, {} as Evidence, { machine, repeated: false });

  it('passes with the floor of the machine, and fails beyond it', () => {
    expect(decided([p99(5e6)], QUIET).outcome).toBe('pass');
    expect(decided([p99(6.6e6)], QUIET)).toMatchObject({ outcome: 'floor', checks: [{ state: 'floor' }] });
    expect(decided([p99(6.8e6)], QUIET)).toMatchObject({ outcome: 'fail', checks: [{ state: 'off' }] });
    expect(decided([p99(9e6)], LATE).outcome).toBe('floor');
    expect(decided([p99(null)], LATE).outcome).toBe('fail');
  });

  it('is not decided where others have the machine, or it adds more than could tell anything', () => {
    expect(decided([p99(9e6)], TAKEN).outcome).toBe('busy');
    expect(decided([p99(9e6), exactly('n', 20, 19)], TAKEN).outcome).toBe('fail');
    const stuck = { ...QUIET, echo_ns: { 0.5: 90e3, 0.9: 120e3, 0.99: 11e6 } };
    expect(decided([p99(9e6)], stuck).outcome).toBe('busy');
    expect(decided([near('p99', { expected: 5e6, measured: 9e6 }, P99)], stuck).outcome).toBe('fail');
  });

  it('decides for all together: a failure outweighs what could not be decided', () => {
    const [pass, busy, fail] = [
      decided([p99(5e6)], QUIET),
      decided([p99(9e6)], TAKEN),
      decided([p99(9e6)], QUIET),
    ];
    expect(verdictOf([pass, pass, decided([p99(6.6e6)], QUIET)])).toBe('pass');
    expect(verdictOf([pass, busy])).toBe('busy');
    expect(verdictOf([busy, fail, pass])).toBe('fail');
  });
});
