/** What a workload made happen, and what followed, in words and a small table. */
import type { ArmResult, HappenedEvent, WindowSummary } from '../result/types.ts';
import type { Observation, WorkloadEvent } from '../workload/types.ts';
import { count, duration, lifetime, percent, setting_ns } from './format.ts';

/** What failed before may succeed again. */
const GIVES_ACCESS: readonly WorkloadEvent['do'][] = ['enable-key', 'kms-outage', 'kms-throttle'];

export const WINDOW_HEADER = ['from', 'to', 'operations', 'failed', 'p50', 'p90', 'p99', 'max'] as const;

export function armsWithEvents(arms: readonly ArmResult[]): ArmResult[] {
  return arms.filter(({ happened }) => happened !== undefined);
}

/** One line an event: when, what, how long it took, what followed. */
export function eventLines({ happened, settings }: ArmResult): string[] {
  // Results of before clocks could be set have none.
  const speed = settings.clock?.speed ?? 1;
  const lines = happened!.events.map((event) => eventLine(event, speed));
  if (happened!.unplayed > 0) lines.push(`${happened!.unplayed} events were not reached.`);
  return lines;
}

function eventLine(happened: HappenedEvent, speed: number): string {
  const { event, began_ns, ended_ns, observed, error } = happened;
  const took = `${setting_ns(event.at_ns)} ${eventWords(event)}, done in ${duration(ended_ns - began_ns)}`;
  if (error !== null) return `${setting_ns(event.at_ns)} ${eventWords(event)}: did not happen (${error})`;
  return [took, ...observed.map(observationWords), ...whatFollowed(happened, speed)].join('; ');
}

function observationWords({ what, after_ms, before_ms }: Observation): string {
  const words = `${what} after ${lifetime(after_ms)} of lifecycle time`;
  return before_ms === null ? words : `${words}, ${lifetime(before_ms)} later`;
}

function whatFollowed(happened: HappenedEvent, speed: number): string[] {
  const { event, first_failure_ns, last_failure_ns, last_success_ns, first_success_ns } = happened;
  const after = (time_ns: number) =>
    speed === 1 ? duration(time_ns) : `${duration(time_ns)} (${duration(time_ns * speed)} of cache time)`;
  const that = 'for_ns' in event ? 'its end' : 'that';
  if (last_success_ns !== null)
    return [`last success ${after(last_success_ns)} after that, first failure ${after(first_failure_ns!)}`];
  const words = [
    first_failure_ns === null
      ? 'no operation failed'
      : `first failure ${after(first_failure_ns)} after ${'for_ns' in event ? 'its beginning' : 'that'}`,
  ];
  if (last_failure_ns !== null && last_failure_ns > 0)
    words.push(`last failure ${after(last_failure_ns)} after ${that}`);
  if (first_success_ns !== null && GIVES_ACCESS.includes(event.do))
    words.push(`first success ${after(first_success_ns)} after ${that}`);
  return words;
}

export function eventWords(event: WorkloadEvent): string {
  switch (event.do) {
    case 'change-key':
      return `change-key to ${event.to}`;
    case 'kms-outage':
    case 'kms-throttle':
      return `${event.do} for ${setting_ns(event.for_ns)}`;
    case 'kms-latency':
      return `kms-latency of ${event.p50_ms} ms (p50), ${event.p99_ms} ms (p99) for ${setting_ns(event.for_ns)}`;
    case 'advance-clock':
      return `advance-clock by ${setting_ns(event.by_ms * 1e6)}`;
    default:
      return event.do;
  }
}

/** A row a stretch of the time line. */
export function windowRows({ happened }: ArmResult): string[][] {
  return happened!.windows.map(windowCells);
}

function windowCells({ from_ns, to_ns, operations, errors, p50, p90, p99, max }: WindowSummary): string[] {
  const failed = errors === 0 ? '0' : `${count(errors)} (${percent(errors / operations)})`;
  return [
    setting_ns(from_ns),
    setting_ns(to_ns),
    count(operations),
    failed,
    ...[p50, p90, p99, max].map(duration),
  ];
}
