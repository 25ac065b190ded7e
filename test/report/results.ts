import { compareArms } from '../../src/compare/compare.ts';
import { buildResult, type Result } from '../../src/result/result.ts';
import { type FakeArm, type FakeRun, fakeRun } from '../result/evidence.ts';

/** A result with its comparisons, as a run hands it to a report. */
export function resultOf(arms: readonly FakeArm[], run: FakeRun = {}): Result {
  const evidence = fakeRun(arms, run);
  const result = buildResult(evidence);
  return { ...result, comparisons: compareArms(result.arms, evidence.workload.compare) };
}

export const THREE_ARMS: readonly FakeArm[] = [
  { name: 'keep-alive' },
  { name: 'resumed', mode: 'resumed', p50_ms: 4.4 },
  { name: 'fresh', mode: 'fresh', p50_ms: 6.2, failEvery: 75 },
];
