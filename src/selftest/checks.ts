/** Checks, and what they decide. */
import type { Bound, Case, CaseResult, Check, CheckResult, Evidence, Outcome } from './types.ts';

/** Off by no more than `share` of the expectation and `beside`, from the law and from the server's log. */
export function near(
  what: string,
  {
    expected,
    logged = null,
    measured,
  }: { expected: number; logged?: number | null; measured: number | null },
  { share, beside = 0 }: { share: number; beside?: number },
): Check {
  return { what, unit: 'ns', expected, logged, measured, bound: { kind: 'near', share, beside } };
}

export function exactly(what: string, expected: number, measured: number | null): Check {
  return { what, unit: 'count', expected, logged: null, measured, bound: { kind: 'exactly' } };
}

export function limit(
  what: string,
  kind: 'at most' | 'at least',
  expected: number,
  {
    measured,
    logged = null,
    unit = 'ns',
  }: { measured: number | null; logged?: number | null; unit?: Check['unit'] },
): Check {
  return { what, unit, expected, logged, measured, bound: { kind } };
}

/** A figure that the measurement withholds is no figure: it fails. */
export function holds({ expected, logged, measured, bound }: Check): boolean {
  if (measured === null || Number.isNaN(measured)) return false;
  if (bound.kind !== 'near') return within(measured, expected, bound);
  return [expected, ...(logged === null ? [] : [logged])].every((truth) => within(measured, truth, bound));
}

function within(measured: number, truth: number, bound: Bound): boolean {
  switch (bound.kind) {
    case 'near':
      return Math.abs(measured - truth) <= bound.share * Math.abs(truth) + bound.beside;
    case 'exactly':
      return measured === truth;
    case 'at most':
      return measured <= truth;
    case 'at least':
      return measured >= truth;
  }
}

/** A thread that sleeps this much too long, in one sleep of a hundred, makes times that say nothing of the tool. */
export const BUSY_OVERSLEEP_P99_NS = 2e6;

/** @param oversleep_p99_ns of the machine meanwhile; null when nobody looked */
export function decide(
  { name, shows, checks }: Case,
  evidence: Evidence,
  { oversleep_p99_ns, repeated }: { oversleep_p99_ns: number | null; repeated: boolean },
): CaseResult {
  const results = checks(evidence).map((check): CheckResult => ({ ...check, passed: holds(check) }));
  const busy = oversleep_p99_ns !== null && oversleep_p99_ns > BUSY_OVERSLEEP_P99_NS;
  return { name, shows, outcome: outcomeOf(results, busy), repeated, checks: results };
}

/** Counts are exact on any machine. */
function outcomeOf(results: readonly CheckResult[], busy: boolean): Outcome {
  const failed = results.filter(({ passed }) => !passed);
  if (failed.length === 0) return 'pass';
  return busy && failed.every(({ unit }) => unit !== 'count') ? 'busy' : 'fail';
}

export function verdictOf(cases: readonly CaseResult[]): Outcome {
  const outcomes = cases.map(({ outcome }) => outcome);
  if (outcomes.includes('fail')) return 'fail';
  return outcomes.includes('busy') ? 'busy' : 'pass';
}
