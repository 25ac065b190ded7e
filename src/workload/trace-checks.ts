import type { Check } from './checks.ts';

/** What recorded traffic decides, and a workload can't decide beside it. */
const DECIDED: readonly (readonly [string, (written: Parameters<Check['find']>[1]) => unknown, string])[] = [
  ['arrivals.rate', ({ arrivals }) => arrivals?.rate, "Set 'trace.speed' instead, or remove the trace."],
  ['arrivals.process', ({ arrivals }) => arrivals?.process, 'Remove it.'],
  ['operations', ({ operations }) => operations, 'Remove it.'],
  ['keys.popularity', ({ keys }) => keys?.popularity, 'Remove it.'],
];

export const TRACE_CHECKS: readonly Check[] = [
  ...DECIDED.map(
    ([field, read, remedy]): Check => ({
      reads: [field, 'trace'],
      find: ({ trace }, written) =>
        trace !== undefined && read(written) !== undefined && { what: 'the trace decides this.', remedy },
    }),
  ),
  {
    reads: ['trace.columns', 'trace.format'],
    find: (_, { trace }) => {
      if (!trace) return undefined;
      const csv = (trace.format ?? 'csv') === 'csv';
      if (csv && !trace.columns) {
        return {
          what: 'a CSV file needs to be told where it has what.',
          remedy: "Name its columns: 'columns: { time: ts, key: object }'.",
        };
      }
      const extra = trace.columns ?? trace.timeUnit ?? trace.operations;
      return (
        !csv &&
        extra !== undefined && {
          what: `format '${trace.format}' has its columns, units and words by itself.`,
          remedy: "Remove 'columns', 'timeUnit' and 'operations', or use 'format: csv'.",
        }
      );
    },
  },
  {
    reads: ['arrivals', 'trace.speed'],
    find: (_, { arrivals, trace }) =>
      trace !== undefined &&
      trace.speed !== 'max' &&
      (arrivals?.loop !== undefined ||
        arrivals?.concurrency !== undefined ||
        arrivals?.think !== undefined) && {
        what: 'at recorded times there are no users that wait for answers.',
        remedy: "Remove it, or set 'trace.speed: max'.",
      },
  },
  {
    reads: ['arrivals.loop', 'trace.speed'],
    find: (_, { arrivals, trace }) =>
      trace?.speed === 'max' &&
      arrivals?.loop === 'open' && {
        what: 'as fast as answers come is a closed loop.',
        remedy: "Remove it, or set 'trace.speed' to a number.",
      },
  },
  {
    reads: ['phases', 'trace.speed'],
    find: (_, { phases = [], trace }) =>
      trace?.speed === 'max' &&
      new Set(phases.map(({ count }) => count === undefined)).size > 1 && {
        what: 'some phases go by time and some by count: which records a count begins with would be chance.',
        remedy: "Give all of them 'for', or all of them 'count'.",
      },
  },
  {
    reads: ['phases', 'trace'],
    find: (_, { phases, trace }) => {
      const odd = trace && phases?.some(({ rate }) => rate !== undefined);
      return odd && { what: 'the trace decides the rate of every phase.', remedy: "Remove 'rate'." };
    },
  },
];
