/** What a workload made happen, and what followed: read off the windows between the events. */
import { LatencyHistogram, spanOf, type WindowRecording } from '../recording/recording.ts';
import {
  type EventRecord,
  eventBoundaries_ns,
  eventLength_ns,
  type WorkloadEvent,
} from '../workload/workload.ts';
import { percentileOf } from './percentiles.ts';
import type { Happened, WindowSummary } from './types.ts';

/** Without the key, operations fail once nothing remembers it. */
const LOSES_ACCESS: readonly WorkloadEvent['do'][] = ['disable-key', 'schedule-key-deletion'];

interface Window extends WindowRecording {
  from_ns: number;
  to_ns: number;
}

/**
 * @param events as they were, in the order of their moments
 * @param recordings between the boundaries of all the arm's events
 * @param end_ns of the arm's time line, as far as it was played
 */
export function summariseHappened(
  planned: readonly WorkloadEvent[],
  events: readonly EventRecord[],
  recordings: readonly WindowRecording[],
  end_ns: number,
): Happened | undefined {
  if (planned.length === 0) return undefined;
  const edges = [0, ...eventBoundaries_ns(planned), Number.POSITIVE_INFINITY];
  const windows = recordings.map((recording, index) => ({
    ...recording,
    from_ns: edges[index]!,
    to_ns: edges[index + 1]!,
  }));
  return {
    events: events.map((record, index) => {
      const next_ns = events[index + 1]?.event.at_ns ?? Number.POSITIVE_INFINITY;
      return { ...record, ...whatFollowed(record, windows, next_ns) };
    }),
    unplayed: planned.length - events.length,
    windows: windows.filter(({ from_ns }) => from_ns < end_ns).map((window) => summarise(window, end_ns)),
  };
}

/** Between an event and the next one. */
function whatFollowed({ event, ended_ns }: EventRecord, windows: readonly Window[], next_ns: number) {
  // A fault has a window of its own, as long as it lasts.
  const lasts_ns = 'for_ns' in event ? eventLength_ns(event) : 0;
  const over_ns = lasts_ns > 0 ? event.at_ns + lasts_ns : ended_ns;
  const from = (from_ns: number) =>
    windows.filter((window) => window.from_ns >= from_ns && window.from_ns < next_ns);
  const successes = spanOf(from(event.at_ns).map(({ success }) => success));
  const failures = spanOf(from(event.at_ns).map(({ failure }) => failure));
  const recovered = spanOf(from(event.at_ns + lasts_ns).map(({ success }) => success));
  const onlyFailures = successes !== null && failures !== null && failures.last_ns > successes.last_ns;
  const since = (from_ns: number, moment_ns: number | undefined) =>
    moment_ns === undefined ? null : Math.max(0, moment_ns - from_ns);
  return {
    first_failure_ns: since(ended_ns, failures?.first_ns),
    last_failure_ns: since(over_ns, failures?.last_ns),
    last_success_ns:
      LOSES_ACCESS.includes(event.do) && onlyFailures ? since(ended_ns, successes.last_ns) : null,
    first_success_ns: since(over_ns, recovered?.first_ns),
  };
}

function summarise({ from_ns, to_ns, errors, response }: Window, end_ns: number): WindowSummary {
  const histogram = LatencyHistogram.from(response);
  const percentile = (p: number) => percentileOf(histogram, p, errors);
  return {
    from_ns,
    to_ns: Math.min(to_ns, end_ns),
    operations: histogram.count + errors,
    errors,
    p50: percentile(50),
    p90: percentile(90),
    p99: percentile(99),
    max: histogram.count > 0 && errors === 0 ? histogram.max_ns : null,
  };
}
