import type { WorkloadEvent } from './types.ts';

/** What follows an event at once is told apart from what comes later. */
const AT_ONCE_NS = 1e9;

/** How long an event does something: a fault as long as it says; others are over, but for what follows at once. */
export function eventLength_ns(event: WorkloadEvent): number {
  return 'for_ns' in event ? event.for_ns : AT_ONCE_NS;
}

/** Moments of the arm's time line between which operations are told apart: where events begin, and where they end. */
export function eventBoundaries_ns(events: readonly WorkloadEvent[]): number[] {
  const moments = events.flatMap((event) => [event.at_ns, event.at_ns + eventLength_ns(event)]);
  return [...new Set(moments)].sort((a, b) => a - b);
}
