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

/** Where a thread sleeps this much too long once in a hundred times, or others take this much of the cores, … */
export const BUSY = { oversleep_p99_ns: 2e6, others_share: 0.1 } as const;

/** … times say nothing of the tool. */
export function isBusy({ oversleep_ns, others_share }: MachineState): boolean {
  const oversleep_p99_ns = oversleep_ns?.p99 ?? 0;
  return oversleep_p99_ns > BUSY.oversleep_p99_ns || others_share > BUSY.others_share;
}

export function decide(
  { name, shows, checks }: Case,
  evidence: Evidence,
  { machine, repeated }: Pick<CaseResult, 'machine' | 'repeated'>,
): CaseResult {
  const results = checks(evidence).map((check): CheckResult => ({ ...check, passed: holds(check) }));
  return { name, shows, outcome: outcomeOf(results, isBusy(machine)), repeated, machine, checks: results };
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
