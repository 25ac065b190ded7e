/** Checks, and what they decide. */
import { floorOf } from './machine.ts';
import type {
  Bound,
  Case,
  CaseResult,
  Check,
  CheckResult,
  CheckState,
  Evidence,
  FloorShare,
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
    floor = null,
  }: { expected: number; logged?: number | null; measured: number | null; floor?: FloorShare | null },
  { share, beside = 0 }: { share: number; beside?: number },
): Check {
  return { what, unit: 'ns', expected, logged, measured, bound: { kind: 'near', share, beside }, floor };
}

export function exactly(what: string, expected: number, measured: number | null): Check {
  return { what, unit: 'count', expected, logged: null, measured, bound: { kind: 'exactly' }, floor: null };
}

export function limit(
  what: string,
  kind: 'at most' | 'at least',
  expected: number,
  {
    measured,
    logged = null,
    unit = 'ns',
    floor = null,
  }: {
    measured: number | null;
    logged?: number | null;
    unit?: Check['unit'];
    floor?: FloorShare | null;
  },
): Check {
  return { what, unit, expected, logged, measured, bound: { kind }, floor };
}

/**
 * Whether a figure keeps its bound, or goes beyond it by no more than `floor_ns`. A figure that the measurement withholds
 * is no figure: it fails.
 */
export function holds({ expected, logged, measured, bound }: Check, floor_ns = 0): boolean {
  if (measured === null || Number.isNaN(measured)) return false;
  if (bound.kind !== 'near') return within(measured, expected, bound, floor_ns);
  const truths = logged === null ? [expected] : [expected, logged];
  return truths.every((truth) => within(measured, truth, bound, floor_ns));
}

function within(measured: number, truth: number, bound: Bound, floor_ns: number): boolean {
  switch (bound.kind) {
    case 'near':
      return Math.abs(measured - truth) <= bound.share * Math.abs(truth) + bound.beside + floor_ns;
    case 'exactly':
      return measured === truth;
    case 'at most':
      return measured <= truth + floor_ns;
    case 'at least':
      return measured >= truth;
  }
}

/** The defects that cases are there for move times by more than that: a machine that adds it tells nothing of the tool. */
const MOST_FLOOR_NS = 25e6;

function judge(check: Check, { looks }: MachineState): CheckResult {
  const floor_ns = check.floor && floorOf(looks, check.floor);
  return { ...check, floor_ns, state: stateOf(check, floor_ns) };
}

function stateOf(check: Check, floor_ns: number | null): CheckState {
  if (holds(check)) return 'pass';
  return floor_ns !== null && floor_ns <= MOST_FLOOR_NS && holds(check, floor_ns) ? 'floor' : 'off';
}

/** So much of the cores in others' hands, and more than one request in a hundred has had to wait for them. */
const OTHERS_SHARE = 0.02;

/** Whether others had the machine too much to tell what a failure is of. Counts are exact on any machine. */
function isExcused({ unit, floor_ns }: CheckResult, others_share: number): boolean {
  if (unit === 'count') return false;
  return others_share > OTHERS_SHARE || (floor_ns ?? 0) > MOST_FLOOR_NS;
}

export function decide(
  { name, shows, checks }: Case,
  evidence: Evidence,
  { machine, repeated }: { machine: MachineState; repeated: boolean },
): CaseResult {
  const results = checks(evidence).map((check) => judge(check, machine));
  const { others_share } = machine;
  return { name, shows, outcome: outcomeOf(results, others_share), repeated, others_share, checks: results };
}

function outcomeOf(results: readonly CheckResult[], others_share: number): Outcome {
  const failed = results.filter(({ state }) => state === 'off');
  if (failed.length > 0) return failed.every((check) => isExcused(check, others_share)) ? 'busy' : 'fail';
  return results.some(({ state }) => state === 'floor') ? 'floor' : 'pass';
}

export function verdictOf(cases: readonly CaseResult[]): Exclude<Outcome, 'floor'> {
  const outcomes = cases.map(({ outcome }) => outcome);
  if (outcomes.includes('fail')) return 'fail';
  return outcomes.includes('busy') ? 'busy' : 'pass';
}

export function hasPassed(outcome: Outcome): boolean {
  return outcome === 'pass' || outcome === 'floor';
}
