/** `events:` of a workload: what is made to happen at moments of an arm's time line. */
import * as z from 'zod';
import { duration } from './fields.ts';
import { EVENT_ACTIONS, type WorkloadEvent } from './types.ts';

const event = z.strictObject({
  at: duration("When, on the arm's own time line, from the start of its first phase", '0', '7d'),
  do: z
    .enum(EVENT_ACTIONS)
    .describe(
      'disable-key, enable-key, rotate-key, schedule-key-deletion, cancel-key-deletion: of the customer managed key of the arm. disable-replica-key: of that of the first of its replicas. change-key: UpdateTable to another key. kms-outage, kms-throttle, kms-latency: faults of the KMS, for a time. advance-clock: cache and lifecycle time jump ahead. wipe-cache: the store forgets every cached key.',
    ),
  for: duration('kms-outage, kms-throttle, kms-latency: how long', '1ms', '7d').optional(),
  p50: duration('kms-latency: median', '1us', '10m').optional(),
  p99: duration('kms-latency: 99th percentile, at least the median', '1us', '10m').optional(),
  to: z
    .enum(['aws-owned', 'aws-managed', 'customer-managed'])
    .describe('change-key: the kind of the new key; customer-managed, the default, is a new one of the arm.')
    .optional(),
  by: duration('advance-clock: how far', '1ms', '3650d').optional(),
});

export type WrittenEvent = z.output<typeof event>;

export const events = z.array(event).max(1000).meta({
  id: 'events',
  description:
    "What happens to the embedded system, once each, at moments of the arm's time line: its phases one after the other, which goes on from turn to turn. An arm's list replaces the base's.",
});

/** Fields beside `at` and `do`: those that an action needs, and those that it may have. */
export const EVENT_FIELDS: Readonly<
  Record<WorkloadEvent['do'], { needs: readonly EventField[]; may?: readonly EventField[] }>
> = {
  'disable-key': { needs: [] },
  'disable-replica-key': { needs: [] },
  'enable-key': { needs: [] },
  'rotate-key': { needs: [] },
  'schedule-key-deletion': { needs: [] },
  'cancel-key-deletion': { needs: [] },
  'change-key': { needs: [], may: ['to'] },
  'kms-outage': { needs: ['for'] },
  'kms-throttle': { needs: ['for'] },
  'kms-latency': { needs: ['for', 'p50', 'p99'] },
  'advance-clock': { needs: ['by'] },
  'wipe-cache': { needs: [] },
};

export type EventField = 'for' | 'p50' | 'p99' | 'to' | 'by';

/** In the order of their moments, those of one moment as written. A field that is missing, which a check says, is 0. */
export function resolveEvents(written: readonly WrittenEvent[]): WorkloadEvent[] {
  return written.map(resolveEvent).sort((a, b) => a.at_ns - b.at_ns);
}

function resolveEvent(written: WrittenEvent): WorkloadEvent {
  const at_ns = Math.round(written.at);
  const for_ns = Math.round(written.for ?? 0);
  switch (written.do) {
    case 'change-key':
      return { at_ns, do: written.do, to: written.to ?? 'customer-managed' };
    case 'kms-outage':
    case 'kms-throttle':
      return { at_ns, do: written.do, for_ns };
    case 'kms-latency':
      return {
        at_ns,
        do: written.do,
        for_ns,
        p50_ms: (written.p50 ?? 0) / 1e6,
        p99_ms: (written.p99 ?? 0) / 1e6,
      };
    case 'advance-clock':
      return { at_ns, do: written.do, by_ms: (written.by ?? 0) / 1e6 };
    default:
      return { at_ns, do: written.do };
  }
}
