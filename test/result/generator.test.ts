/** How the load generator and the machine fared, and the rules that go by it. */
import { describe, expect, it } from 'vitest';
import { LatencyHistogram } from '../../src/recording/recording.ts';
import { unexplained } from '../../src/result/generator.ts';
import { buildResult, type RunEvidence } from '../../src/result/result.ts';
import { type FakeArm, fakeRun } from './evidence.ts';

function armOf(spoil: (arm: RunEvidence['arms'][0]) => void, fake: Partial<FakeArm> = {}) {
  const evidence = fakeRun([{ name: 'arm', ...fake }]);
  spoil(evidence.arms[0]!);
  return buildResult(evidence).arms[0]!;
}

function histogram(values: readonly number[]) {
  const recorded = new LatencyHistogram();
  for (const value of values) recorded.record(value);
  return recorded.snapshot();
}

describe('the share of gaps that a tolerance does not explain', () => {
  const even = Array.from({ length: 1000 }, () => 10e6);
  it.each([
    ['none for equal ones', even, even, 0],
    ['none within the tolerance', even, even.map((gap, i) => gap + (i % 2 ? 2e6 : -2e6)), 0],
    ['those that moved further', even, even.map((gap, i) => (i % 4 === 0 ? gap + 5e6 : gap)), 0.25],
    ['nearly all of bursts', even, even.map((_, i) => (i % 10 === 0 ? 100e6 : 1)), 0.9],
  ])('is %s', (_, planned, actual, expected) => {
    expect(unexplained(histogram(planned), histogram(actual), 2.5e6)).toBeCloseTo(expected, 10);
  });
});

describe('an arm is suspect', () => {
  it('when a lane had work most of the time, though not on a CPU', () => {
    const { verdict, generator } = armOf(({ turns }) => {
      for (const { recording } of turns) {
        const pauses = histogram([1e5]);
        recording.threads = [0.3, 0.85].map((share) => ({ active_ns: share * 1.5e9, pauses }));
      }
    });
    expect(generator!.busiest_lane).toBeCloseTo(0.85, 3);
    expect(verdict.reasons.join()).toMatch(/^A lane had work 85 % of the time/);
  });

  it('when pauses of the collector reach into a percentile, and not when they are too rare for it', () => {
    const paused = (pauses: number[]) =>
      armOf(({ turns }) => {
        for (const { recording } of turns) {
          recording.threads = [1, 2].map(() => ({ active_ns: 1e8, pauses: histogram(pauses) }));
        }
      }).verdict;
    // Twice 20 ms in 1.5 s are 2.7 % of the time: more than the 1 % that p99 leaves.
    expect(paused([20e6, 20e6]).reasons.join()).toMatch(
      /garbage collector of more than a tenth of response p99/,
    );
    expect(paused([10e6]).value).toBe('valid');
    // Short ones add nothing that shows, however many they are.
    expect(paused(Array(1000).fill(5e4)).value).toBe('valid');
  });

  it('when the machine had no time left', () => {
    const idle = (idle_ms: number) =>
      armOf(({ turns }) => {
        for (const turn of turns) turn.machine = { idle_ms, total_ms: 3000 };
      }).verdict;
    expect(idle(330).value).toBe('valid');
    expect(idle(240).reasons.join()).toMatch(/^The machine's cores were idle 8.0 % of the time/);
  });

  it('when users of a closed loop neither waited nor thought', () => {
    const { verdict } = armOf(
      ({ arm }) => {
        if (arm.arrivals.loop === 'closed') arm.arrivals.think.mean_ns = 50e6;
      },
      { closed: true },
    );
    expect(verdict.reasons.join()).toMatch(/^Users of the closed loop spent 3\d % of their time neither/);
  });

  it('when hardly anything was measured', () => {
    const evidence = fakeRun([{ name: 'arm' }], { perBlock: 9 });
    evidence.arms[0]!.arm.phases[1]!.rate = { kind: 'constant', rate_per_s: 6 };
    expect(buildResult(evidence).arms[0]!.verdict).toMatchObject({
      value: 'suspect',
      reasons: [expect.stringMatching(/^90 operations succeeded in measured phases: too few/)],
    });
  });
});

it('a saturated server is a finding about the target: the arm stays valid', () => {
  const { verdict } = armOf(({ turns }) => {
    for (const [i, turn] of turns.entries()) {
      turn.before.store!.cpu_us = i * 1.5e6;
      turn.after.store!.cpu_us = i * 1.5e6 + 1.44e6;
    }
  });
  expect(verdict).toMatchObject({
    value: 'valid',
    reasons: [],
    notes: [expect.stringMatching(/^The store process used 96 % of a core: it is saturated/)],
  });
});

it('an arm that is overloaded says what it held', () => {
  const { verdict, rate } = armOf(() => {}, { unissued: 40 });
  expect(rate.achieved_per_s).toBeCloseTo(100, 0);
  expect(verdict.reasons[0]).toContain('the arm cannot carry this rate; it held about 100/s.');
});

it('a target that was lost makes its arm invalid, with what was measured until then', () => {
  const { verdict, operations } = armOf((arm) => {
    arm.lost = 'the embedded store ended (SIGKILL)';
  });
  expect(verdict.value).toBe('invalid');
  expect(verdict.reasons[0]).toMatch(/^The target was lost before the end \(the embedded store ended/);
  expect(operations.all.response_ns.p50).not.toBeNull();
});
