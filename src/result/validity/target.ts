/** Rules about what was measured: did the target carry the load, and did the run happen as planned? */
import { failedIn, mergeKinds } from '../../recording/recording.ts';
import { median } from '../../std/stats.ts';
import { turnLength_ns } from '../blocks.ts';
import { codes, type Facts, type Finding, failedOf, milliseconds, percent, perSecond } from './facts.ts';

/** Median overrun of the turns: how much longer than planned they took to answer, as a share. */
const OVERRUN_SUSPECT = 0.1;
const OVERRUN_INVALID = 0.5;
/** Below it no percentile but the median is printed. */
const OPERATIONS_MIN = 100;
/** Of one core: a server's one thread of JavaScript has hardly more. */
const SATURATED = 0.9;
const LATE_EVENT_NS = 100e6;

export function somethingWasMeasured({ all }: Facts): Finding | undefined {
  if (all.response_ns.count > 0) return undefined;
  const failed =
    failedOf(all) > 0
      ? `All ${all.count} measured operations failed (${codes(all.errors)}).`
      : all.count > 0
        ? `All ${all.count} measured operations read items that are not there.`
        : 'No operation ended in a measured phase.';
  return { severity: 'invalid', reason: `${failed} Check the target, or lengthen the measured phase.` };
}

export function nothingVanished({ vanished }: Facts): Finding | undefined {
  if (vanished === 0) return undefined;
  return {
    severity: 'invalid',
    reason: `The target lost items: ${vanished} reads found nothing where an item was put before measuring began, and no operation of this arm deletes any. Look for other clients of the table, or for items that expire.`,
  };
}

export function enoughWasMeasured({ all }: Facts): Finding | undefined {
  const { count } = all.response_ns;
  if (count === 0 || count >= OPERATIONS_MIN) return undefined;
  return {
    severity: 'suspect',
    reason: `${count} operations succeeded in measured phases: too few for any percentile but the median (${OPERATIONS_MIN} are needed for p90, 1000 for p99). Lengthen the measured phase, or raise the rate.`,
  };
}

export function targetLived({ lost }: Facts): Finding | undefined {
  if (lost === undefined) return undefined;
  return {
    severity: 'invalid',
    reason: `The target was lost before the end (${lost}): its later turns were not played, and the last one has its end in it. Find out what ended it, and run again.`,
  };
}

export function everythingWasIssued(facts: Facts): Finding | undefined {
  const { unissued, measured } = facts;
  if (unissued === 0) return undefined;
  const where = measured.unissued === unissued ? '' : ` (${measured.unissued} of them in measured phases)`;
  return {
    severity: 'invalid',
    reason: `${unissued} operations fell due and were never started${where}: the arm cannot carry this rate${heldRate(facts)}. Lower arrivals.rate, or raise connections.perCaller or maxInFlight.`,
  };
}

/**
 * A backlog that grows in every turn is answered after it, and starts from nothing in the next one: response times
 * tell how long turns are then. The median, so that one stall or time-out is not taken for that.
 */
export function carriedTheRate(facts: Facts): Finding | undefined {
  const { openLoop, blocks } = facts;
  const timed = blocks.filter(({ duration_ns }) => duration_ns > 0);
  const overruns = timed.map((turn) => turnLength_ns(turn) / turn.duration_ns - 1);
  const overrun = overruns.length === 0 ? 0 : median(overruns);
  if (!openLoop || overrun <= OVERRUN_SUSPECT) return undefined;
  const what = `The last answers came ${percent(overrun)} of a turn's length after its end (the median of the turns)`;
  return overrun > OVERRUN_INVALID
    ? {
        severity: 'invalid',
        reason: `${what}: the arm cannot carry this rate${heldRate(facts)}, and its response times depend on how long turns last. Lower arrivals.rate.`,
      }
    : {
        severity: 'suspect',
        reason: `${what}: either the arm cannot carry this rate, or its turns are short against its response times. Lower arrivals.rate, or take longer phases or fewer blocks.`,
      };
}

/** What was answered while there was always more to do is what can be carried. */
function heldRate({ achieved_per_s, all }: Facts): string {
  if (achieved_per_s === null || all.response_ns.count < OPERATIONS_MIN) return '';
  return `; it held about ${perSecond(achieved_per_s)}`;
}

export function ranToItsEnd({ interrupted }: Facts): Finding | undefined {
  return interrupted
    ? {
        severity: 'suspect',
        reason: 'The run was interrupted: later blocks are missing. Run it again to its end.',
      }
    : undefined;
}

/** Where something is made to happen, what fails is what is looked at. */
export function noErrors({ all, arm }: Facts): Finding | undefined {
  const failed = failedOf(all);
  if (failed === 0 || all.response_ns.count === 0) return undefined;
  return {
    severity: arm.events.length > 0 ? 'note' : 'suspect',
    reason: `${failed} of ${all.count} operations failed (${percent(failed / all.count)}: ${codes(all.errors)}). Percentiles count them as infinitely slow; see what the target logged.`,
  };
}

/** An arm to which something else happened than its workload says shows something else. */
export function everythingHappened({ arm, events, interrupted }: Facts): Finding[] {
  const failed = events.flatMap(({ event, error }) => {
    if (error === null) return [];
    const reason = `${event.do} at ${event.at_ns / 1e9} s did not happen: ${error.replace(/[.]?$/, '.')} What followed is not what the workload asks about.`;
    return { severity: 'invalid' as const, reason };
  });
  const late = events.filter(({ event, began_ns }) => began_ns - event.at_ns > LATE_EVENT_NS);
  const [worst] = late.toSorted((a, b) => b.began_ns - b.event.at_ns - (a.began_ns - a.event.at_ns));
  const lateness: Finding[] =
    worst === undefined
      ? []
      : [
          {
            severity: 'suspect',
            reason: `${worst.event.do} began ${milliseconds(worst.began_ns - worst.event.at_ns)} late: operations that were due before it count as if it had happened. Give the run a quieter machine.`,
          },
        ];
  const missed = arm.events.length - events.length;
  if (missed === 0 || interrupted) return [...failed, ...lateness];
  const left = `${missed} of ${arm.events.length} events were not reached: the run ended before them.`;
  return [...failed, ...lateness, { severity: 'invalid', reason: left }];
}

export function preparedWell({ preparation }: Facts): Finding | undefined {
  const kinds = mergeKinds(Object.values(preparation.kinds));
  const { count, errors } = kinds;
  const failed = failedIn(kinds);
  if (failed === 0) return undefined;
  return {
    severity: 'suspect',
    reason: `${failed} of ${count} operations of set-up and warm-up failed (${codes(errors)}): connections or key caches may have been colder than planned when measuring began. See what the target logged.`,
  };
}

/** A finding about the target: its numbers stand, and say what it does at its limit. */
export function targetHadTime({ generator }: Facts): Finding[] {
  return (['store', 'kms'] as const).flatMap((server) => {
    const cores = generator.server_cores[server];
    if (cores === null || cores <= SATURATED) return [];
    const name = server === 'kms' ? 'KMS' : server;
    return {
      severity: 'note',
      reason: `The ${name} process used ${percent(cores)} of a core: it is saturated, and what was measured is its limit.`,
    };
  });
}
