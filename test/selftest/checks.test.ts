import { describe, expect, it } from 'vitest';
import { decide, exactly, holds, isExcused, limit, near, verdictOf } from '../../src/selftest/checks.ts';
import type { CaseResult, Check, Evidence, MachineState } from '../../src/selftest/types.ts';

const QUIET: MachineState = { oversleep_ns: { p50: 60e3, p99: 130e3 }, others_share: 0.005 };
const TAKEN: MachineState = { ...QUIET, others_share: 0.1 };
const LATE: MachineState = { ...QUIET, oversleep_ns: { p50: 60e3, p99: 2e6 } };
const P99 = { share: 0.05, beside: 1e6 };

const p99 = (measured: number | null, logged: number | null = null): Check =>
  near('p99', { expected: 5e6, logged, measured }, P99);

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

describe('an excuse', () => {
  it('is a machine in the hands of others, for times and not for counts', () => {
    expect(isExcused(p99(9e6), QUIET)).toBe(false);
    expect(isExcused(p99(9e6), TAKEN)).toBe(true);
    expect(isExcused(exactly('n', 20, 19), TAKEN)).toBe(false);
  });

  it('is a thread that wakes later than the bound leaves room for', () => {
    expect(isExcused(p99(9e6), LATE)).toBe(true);
    expect(isExcused(near('p99', { expected: 100e6, measured: 120e6 }, P99), LATE)).toBe(false);
    expect(isExcused(limit('lag', 'at most', 200e3, { measured: 3e6 }), LATE)).toBe(true);
    expect(isExcused(limit('lag', 'at most', 200e3, { measured: 3e6 }), QUIET)).toBe(false);
    expect(isExcused(p99(9e6), { ...QUIET, oversleep_ns: null })).toBe(false);
  });
});

describe('a case', () => {
  const decided = (checks: Check[], machine: MachineState): CaseResult =>
    decide({ name: 'x', shows: '', checks: () => checks }, {} as Evidence, { machine, repeated: false });

  it('fails when any of its failures has no excuse', () => {
    expect(decided([p99(5e6)], TAKEN).outcome).toBe('pass');
    expect(decided([p99(9e6)], TAKEN).outcome).toBe('busy');
    expect(decided([p99(9e6)], QUIET).outcome).toBe('fail');
    expect(decided([p99(9e6), exactly('n', 20, 19)], TAKEN).outcome).toBe('fail');
  });

  it('decides for all together: a failure outweighs what could not be decided', () => {
    const [pass, busy, fail] = [
      decided([p99(5e6)], QUIET),
      decided([p99(9e6)], TAKEN),
      decided([p99(9e6)], QUIET),
    ];
    expect(verdictOf([pass, pass])).toBe('pass');
    expect(verdictOf([pass, busy])).toBe('busy');
    expect(verdictOf([busy, fail, pass])).toBe('fail');
  });
});
