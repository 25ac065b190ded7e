/** Rules about the books: do things that were counted apart agree? */
import { expectedOperations } from '../../plan/plan.ts';
import type { TurnRecording } from '../../recording/recording.ts';
import { variance } from '../../std/stats.ts';
import { type Arm, traitsOf } from '../../workload/workload.ts';
import { turnLength_ns } from '../blocks.ts';
import { type Facts, type Finding, failedOf, percent, perSecond, sum } from './facts.ts';

const LITTLE_TOLERANCE = 0.05;
const LITTLE_SAMPLES = 100;
/** Standard errors that what was looked at may lie from what durations add up to. */
const LITTLE_ERRORS = 4;
/** The recorder looks so often. */
const LOOK_EVERY_NS = 250e3;
const RATE_TOLERANCE = 0.01;
/** Standard deviations of a Poisson count. */
const RATE_ERRORS = 3.5;
const USERS_LOST = 0.1;

export function identitiesHold({ identities }: Facts): Finding[] {
  return identities
    .filter((identity) => identity.state === 'broken')
    .map(({ name, detail }) => ({
      severity: 'invalid',
      reason: `The counters disagree: ${name} (${detail}). Something was lost or counted twice; look for other clients of the target.`,
    }));
}

/** What was offered against what the workload asks for, not against what the plan happened to draw. */
export function offeredAsAsked({ arm, turns, measured, unissued }: Facts): Finding | undefined {
  const expected = expectedIn(arm);
  const duration_ns = sum(arm.phases, (phase) => (phase.measured ? (phase.duration_ns ?? 0) : 0));
  const played_ns = sum(turns, (turn) => turn.duration_ns);
  if (expected === null || expected.count === 0 || unissued > 0) return undefined;
  if (Math.abs(played_ns / duration_ns - 1) > 1e-6) return undefined;
  const off = measured.issued / expected.count - 1;
  const chance = expected.random ? RATE_ERRORS / Math.sqrt(expected.count) : 0;
  if (Math.abs(off) <= Math.max(RATE_TOLERANCE, chance)) return undefined;
  const [offered, asked] = [measured.issued, expected.count].map((count) =>
    perSecond((count * 1e9) / duration_ns),
  );
  return {
    severity: 'suspect',
    reason: `${offered} were offered where the workload asks for ${asked} (${percent(off)}; ${allowance(Math.max(RATE_TOLERANCE, chance))} allowed): the schedule lost or added operations. This is a defect of the load generator; please report it.`,
  };
}

function expectedIn(arm: Arm): { count: number; random: boolean } | null {
  if (arm.arrivals.loop !== 'open') return null;
  const phases = arm.phases.filter((phase) => phase.measured);
  const count = expectedOperations(phases);
  const random = arm.arrivals.process === 'poisson' && phases.some(({ operations }) => operations === null);
  return count === null ? null : { count, random };
}

/**
 * N = X · R (Little 1961): operations in flight are what their times add up to. Held against the integral of the
 * recorder's own count, and against looks at that count at random moments, which know of no duration.
 */
export function littlesLaw({ turns, all, measured }: Facts): Finding | undefined {
  // What failed or was withdrawn was in flight too, for times that nobody kept.
  const untimed = failedOf(all) + measured.unissued;
  if (untimed > 0 || all.count < LITTLE_SAMPLES) return undefined;
  const spent_ns = sum(turns, spentIn_ns);
  const booked = { off: measured.inFlight_ns / spent_ns - 1, allowed: LITTLE_TOLERANCE };
  const looked = { off: measured.inFlightLooks_ns / spent_ns - 1, allowed: lookTolerance(turns, spent_ns) };
  const worse = [booked, looked].find(({ off, allowed }) => Math.abs(off) > allowed);
  if (worse === undefined) return undefined;
  const length_s = sum(turns, turnLength_ns) / 1e9;
  return {
    severity: 'suspect',
    reason: `Operations in flight over ${length_s.toFixed(1)} s do not add up to their response times (${percent(worse.off)} off, ${allowance(worse.allowed)} allowed; Little's law): time was lost in the load generator. Use more lanes.`,
  };
}

/** What operations took from when they were taken up, reads of nothing included. */
function spentIn_ns({ undelayed, kinds }: TurnRecording): number {
  return undelayed.sum_ns + sum(Object.values(kinds), (kind) => kind.foundNothing_ns);
}

/** By how much looks may miss by chance: what turns show of it, and never less than so many independent looks have. */
function lookTolerance(turns: readonly TurnRecording[], spent_ns: number): number {
  if (turns.length < 2) return Number.POSITIVE_INFINITY;
  const misses = turns.map((turn) => turn.inFlightLooks_ns - spentIn_ns(turn));
  const shown = Math.sqrt(variance(misses) * turns.length) / spent_ns;
  const least = Math.sqrt(LOOK_EVERY_NS / spent_ns);
  return Math.max(LITTLE_TOLERANCE, LITTLE_ERRORS * Math.max(shown, least));
}

/**
 * A closed loop has its own law, with a number that nobody measured: users do nothing but wait for answers and think.
 * What is left of their time went by in the generator.
 */
export function usersWereBusy({ arm, blocks, all, measured }: Facts): Finding | undefined {
  const { needs, inLane } = traitsOf(arm);
  if (arm.arrivals.loop === 'open' || needs === 'nothing' || inLane) return undefined;
  const { concurrency, think } = arm.arrivals;
  const had_ns = concurrency * sum(blocks, (turn) => turn.duration_ns);
  const untimed = failedOf(all) + measured.unissued;
  if (had_ns === 0 || untimed > 0 || all.count < LITTLE_SAMPLES) return undefined;
  const waited_ns = sum(blocks, (turn) =>
    sum(Object.values(turn.kinds), (kind) => kind.response.sum_ns + kind.foundNothing_ns),
  );
  const thought_ns = think.mean_ns * sum(blocks, (turn) => turn.issued);
  const lost = 1 - (waited_ns + thought_ns) / had_ns;
  const chance = think.kind === 'exponential' ? (4 * thought_ns) / had_ns / Math.sqrt(all.count) : 0;
  if (lost <= USERS_LOST + chance) return undefined;
  return {
    severity: 'suspect',
    reason: `Users of the closed loop spent ${percent(lost)} of their time neither waiting for an answer nor thinking (10 % allowed): the load generator kept them, and the rate is its own as much as the target's. Use more lanes, or fewer users.`,
  };
}

/** `5 %`, `7.3 %`. */
function allowance(share: number): string {
  return `${Number((share * 100).toPrecision(2))} %`;
}

export function withinRange({ measured }: Facts): Finding | undefined {
  const clamped =
    measured.lag.clamped +
    sum(Object.values(measured.kinds), (kind) => kind.response.clamped + kind.service.clamped);
  if (clamped === 0) return undefined;
  return {
    severity: 'suspect',
    reason: `${clamped} times lay outside of 0 to one hour and were recorded as the nearer end: the clock moved back, or an operation outlasted the range.`,
  };
}
