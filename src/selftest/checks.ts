/** Checks, and what they decide. */
import type {
  Bound,
  Case,
  CaseResult,
  Check,
  CheckResult,
  Evidence,
  MachineState,
  Outcome,
} from './types.ts';

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

/** So much of the cores in others' hands, and more than one request in a hundred has had to wait for them. */
const OTHERS_SHARE = 0.02;

/**
 * Whether the machine alone explains a failure: others had its cores, or a thread that only slept woke later (p99) than
 * the bound leaves room for. Counts are exact on any machine.
 */
export function isExcused(
  { unit, expected, bound }: Check,
  { oversleep_ns, others_share }: MachineState,
): boolean {
  if (unit === 'count') return false;
  if (others_share > OTHERS_SHARE) return true;
  const room_ns = bound.kind === 'near' ? bound.share * expected + bound.beside : expected;
  return unit === 'ns' && (oversleep_ns?.p99 ?? 0) > room_ns;
}

export function decide(
  { name, shows, checks }: Case,
  evidence: Evidence,
  { machine, repeated }: Pick<CaseResult, 'machine' | 'repeated'>,
): CaseResult {
  const results = checks(evidence).map((check): CheckResult => ({ ...check, passed: holds(check) }));
  const failed = results.filter(({ passed }) => !passed);
  const excused = failed.every((check) => isExcused(check, machine));
  const outcome = failed.length === 0 ? 'pass' : excused ? 'busy' : 'fail';
  return { name, shows, outcome, repeated, machine, checks: results };
}

export function verdictOf(cases: readonly CaseResult[]): Outcome {
  const outcomes = cases.map(({ outcome }) => outcome);
  if (outcomes.includes('fail')) return 'fail';
  return outcomes.includes('busy') ? 'busy' : 'pass';
}
