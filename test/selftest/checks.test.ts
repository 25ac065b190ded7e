import { describe, expect, it } from 'vitest';
import { decide, exactly, holds, limit, near, verdictOf } from '../../src/selftest/checks.ts';
import { floorOf } from '../../src/selftest/machine.ts';
import type { CaseResult, Check, Evidence, MachineState } from '../../src/selftest/types.ts';

/** Each look like the others: so are their percentiles. */
function looking(overslept_ns: number, echo_ns: number, others_share = 0.005): MachineState {
  return { looks: Array.from({ length: 500 }, () => ({ overslept_ns, echo_ns })), others_share };
}
const QUIET = looking(130e3, 200e3);
const TAKEN = looking(130e3, 200e3, 0.1);
const LATE = looking(2e6, 200e3);
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
    expect(floorOf(QUIET.looks, RESPONSE_P99)).toBe(2 * 130e3 + 200e3);
    expect(floorOf(QUIET.looks, { wakes: 2, trips: 0, p: 0.5 })).toBe(2 * 130e3);
    expect(floorOf([], RESPONSE_P99)).toBe(null);
    expect(floorOf(QUIET.looks.slice(0, 1), RESPONSE_P99)).toBe(null);
  });

  it('takes late looks as they come, and not the worst of each together', () => {
    // One look in fifty is late: two in a row have one of them one time in 25, and never two.
    const looks = Array.from({ length: 5000 }, (_, look) => ({
      overslept_ns: look % 50 === 0 ? 5e6 : 100e3,
      echo_ns: 200e3,
    }));
    expect(floorOf(looks, { wakes: 2, trips: 1, p: 0.99 })).toBe(5e6 + 100e3 + 200e3);
    expect(floorOf(looks, { wakes: 2, trips: 1, p: 0.9 })).toBe(100e3 + 100e3 + 200e3);
  });

  it('widens a bound on both sides, and no exact one', () => {
    expect([3.3e6, 6.7e6].map((measured) => holds(p99(measured), 460e3))).toEqual([true, true]);
    expect([3.2e6, 6.8e6].map((measured) => holds(p99(measured), 460e3))).toEqual([false, false]);
    expect(holds(exactly('n', 20, 19), 1e9)).toBe(false);
    expect(holds(limit('lag', 'at most', 200e3, { measured: 600e3 }), 460e3)).toBe(true);
    expect(holds(limit('fastest', 'at least', 5e6, { measured: 4.9e6 }), 460e3)).toBe(false);
  });

  it('is known with the certainty of its samples', () => {
    const looks = Array.from({ length: 1000 }, (_, look) => ({ overslept_ns: look + 1, echo_ns: 0 }));
    const limit = (p: 0.5 | 0.9 | 0.99) => floorOf(looks, { wakes: 1, trips: 0, p });
    // Ranks 500 + 1.645 √250, 900 + 1.645 √90, 990 + 1.645 √9.9.
    expect([limit(0.5), limit(0.9), limit(0.99)]).toEqual([527, 916, 996]);
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
    const stuck = looking(130e3, 26e6);
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
