/** Events that are impossible by themselves, or with the rest of the arm. */
import type { Check, Clash } from './checks.ts';
import { traitsOf } from './driver-traits.ts';
import { EVENT_FIELDS, type EventField, type WrittenEvent } from './events.ts';
import { isRemote } from './resolve.ts';
import type { Arm } from './types.ts';

/** A store process of this run is what events act on. */
const reach: Check = {
  reads: ['events', 'target', 'driver'],
  find({ events, target, driver }) {
    if (events.length === 0) return false;
    if (isRemote(target)) {
      const what = `nothing can be made to happen to ${target}.`;
      return { what, remedy: "Remove it, or use 'target: embedded'." };
    }
    return (
      traitsOf({ driver }).needs !== 'server' && {
        what: `driver '${driver}' has no store process for anything to happen to.`,
        remedy: "Remove it, or use 'driver: http'.",
      }
    );
  },
};

/** A check of each event by itself. Reports the first that it finds, in its line. */
function ofEach(reads: readonly string[], find: (event: WrittenEvent, arm: Arm) => Clash | false): Check {
  return {
    reads: ['events', ...reads],
    find(arm, { events = [] }) {
      for (const [index, event] of events.entries()) {
        const found = find(event, arm);
        if (found) return { ...found, at: [index, ...(found.at ?? [])] };
      }
      return undefined;
    },
  };
}

const EXAMPLES: Readonly<Record<EventField, string>> = {
  for: 'for: 5s',
  p50: 'p50: 50ms',
  p99: 'p99: 200ms',
  to: 'to: aws-owned',
  by: 'by: 5m',
};

const fields: Check[] = [
  ofEach([], (event) => {
    const missing = EVENT_FIELDS[event.do].needs.find((field) => event[field] === undefined);
    return (
      missing !== undefined && {
        what: `${event.do} needs '${missing}'.`,
        remedy: `Add it: '${EXAMPLES[missing]}'.`,
      }
    );
  }),
  ofEach([], (event) => {
    const { needs, may = [] } = EVENT_FIELDS[event.do];
    const known: readonly string[] = [...needs, ...may, 'at', 'do'];
    const foreign = Object.keys(event).find((field) => !known.includes(field));
    return (
      foreign !== undefined && {
        at: [foreign],
        what: `${event.do} has no '${foreign}'.`,
        remedy: 'Remove it.',
      }
    );
  }),
  ofEach(
    [],
    ({ p50 = 0, p99 = Number.POSITIVE_INFINITY }) =>
      p99 < p50 && {
        at: ['p99'],
        what: `p99 (${p99 / 1e6} ms) is below p50 (${p50 / 1e6} ms).`,
        remedy: 'Give a p99 of at least the p50.',
      },
  ),
];

const times: Check[] = [
  {
    reads: ['events', 'phases'],
    find: ({ events, phases }) =>
      events.length > 0 &&
      phases.some(({ duration_ns }) => duration_ns === null) && {
        what: 'phases by count last as long as they take, so that nobody knows when events are due.',
        remedy: "Give the phases 'for'.",
      },
  },
  ofEach(['phases'], ({ at }, { phases }) => {
    const length_ns = phases.reduce((sum, { duration_ns }) => sum + (duration_ns ?? 0), 0);
    return (
      at >= length_ns &&
      phases.every(({ duration_ns }) => duration_ns !== null) && {
        at: ['at'],
        what: `the phases are over after ${length_ns / 1e9} s.`,
        remedy: 'Lower it, or lengthen a phase.',
      }
    );
  }),
  {
    reads: ['events'],
    find: ({ events }, { events: written = [] }) => {
      const faults = inOrder(written).filter(({ event }) => event.for !== undefined);
      const late = faults.findIndex(
        ({ event }, i) => i > 0 && event.at < faults[i - 1]!.event.at + faults[i - 1]!.event.for!,
      );
      return (
        events.length > 0 &&
        late > 0 && {
          at: [faults[late]!.index],
          what: `${faults[late]!.event.do} begins before ${faults[late - 1]!.event.do} is over; the KMS has one fault at a time.`,
          remedy: 'Move one of them.',
        }
      );
    },
  },
];

function inOrder(written: readonly WrittenEvent[]): { event: WrittenEvent; index: number }[] {
  return written.map((event, index) => ({ event, index })).sort((a, b) => a.event.at - b.event.at);
}

const OF_CUSTOMER_KEYS: readonly string[] = [
  'disable-key',
  'enable-key',
  'rotate-key',
  'schedule-key-deletion',
  'cancel-key-deletion',
];

const keys: Check[] = [
  {
    reads: ['events', 'system.replicas', 'table.encryption'],
    find({ system, table }, { events = [] }) {
      const index = events.findIndex((event) => event.do === 'disable-replica-key');
      if (index === -1) return undefined;
      if (system.replicas.length === 0) {
        const remedy = "Give it one: 'system: { replicas: [eu-west-1] }'.";
        return { at: [index], what: 'the table has no replica.', remedy };
      }
      return (
        table.encryption !== 'customer-managed' && {
          at: [index],
          what: `disable-replica-key is for a customer managed key, and the replica of a table under ${table.encryption} has none.`,
          remedy: "Use 'table.encryption: customer-managed'.",
        }
      );
    },
  },
  {
    reads: ['events', 'table.encryption'],
    find({ table }, { events = [] }) {
      let kind = table.encryption;
      for (const { event, index } of inOrder(events)) {
        if (OF_CUSTOMER_KEYS.includes(event.do) && kind !== 'customer-managed') {
          return {
            at: [index],
            what: `${event.do} is for a customer managed key, and the table's is then ${kind}.`,
            remedy: "Use 'table.encryption: customer-managed', or a change-key before it.",
          };
        }
        if (event.do !== 'change-key') continue;
        const to = event.to ?? 'customer-managed';
        if (kind === 'none' || (to === kind && to !== 'customer-managed')) {
          const what =
            kind === 'none'
              ? 'a table without encryption stays without'
              : `the table's key is ${kind} already`;
          return { at: [index], what: `${what}.`, remedy: 'Remove it, or choose another kind.' };
        }
        kind = to;
      }
      return undefined;
    },
  },
];

export const EVENT_CHECKS: readonly Check[] = [reach, ...fields, ...times, ...keys];
