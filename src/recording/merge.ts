import { OPERATION_KINDS, type OperationKind } from '../workload/types.ts';
import { mergeBreakdowns } from './breakdown.ts';
import { mergeSnapshots } from './histogram.ts';
import { noConnections } from './recorder.ts';
import type { ConnectionCounters, KindRecording, SecondRow, ThreadLoad, TurnRecording } from './types.ts';
import { mergeWindows } from './windows.ts';

/** The lanes of one turn as one: everything adds up but the length of the turn, which they share. */
export function mergeLanes(lanes: readonly TurnRecording[]): TurnRecording {
  return {
    ...mergeTurns(lanes),
    threads: lanes.flatMap((lane) => lane.threads),
    duration_ns: Math.max(0, ...lanes.map((lane) => lane.duration_ns)),
    elapsed_ns: Math.max(0, ...lanes.map((lane) => lane.elapsed_ns)),
  };
}

/** Several turns as one: everything adds up; equal seconds become one row, measured if all of it was. */
export function mergeTurns(turns: readonly TurnRecording[]): TurnRecording {
  const sum = (field: (turn: TurnRecording) => number) =>
    turns.reduce((total, turn) => total + field(turn), 0);
  return {
    planned: sum((turn) => turn.planned),
    issued: sum((turn) => turn.issued),
    unissued: sum((turn) => turn.unissued),
    kinds: Object.fromEntries(
      OPERATION_KINDS.map((kind) => [kind, mergeKinds(turns.map((turn) => turn.kinds[kind]))]),
    ) as Record<OperationKind, KindRecording>,
    lag: mergeSnapshots(turns.map((turn) => turn.lag)),
    undelayed: mergeSnapshots(turns.map((turn) => turn.undelayed)),
    gaps: {
      planned: mergeSnapshots(turns.map((turn) => turn.gaps.planned)),
      actual: mergeSnapshots(turns.map((turn) => turn.gaps.actual)),
    },
    breakdown: mergeBreakdowns(turns.map((turn) => turn.breakdown)),
    connections: mergeConnections(turns.map((turn) => turn.connections)),
    inFlight_ns: sum((turn) => turn.inFlight_ns),
    inFlightLooks_ns: sum((turn) => turn.inFlightLooks_ns),
    duration_ns: sum((turn) => turn.duration_ns),
    elapsed_ns: sum((turn) => turn.elapsed_ns),
    cpu_us: sumUnlessUnknown(turns.map((turn) => turn.cpu_us)),
    pacing_cpu_us: sumUnlessUnknown(turns.map((turn) => turn.pacing_cpu_us)),
    threads: mergeThreads(turns.map((turn) => turn.threads)),
    seconds: mergeSeconds(turns.flatMap((turn) => turn.seconds)),
    windows: mergeWindows(turns.map((turn) => turn.windows)),
  };
}

/** The threads of one lane in several turns as one. */
function mergeThreads(turns: readonly (readonly ThreadLoad[])[]): ThreadLoad[] {
  const lanes = Math.max(0, ...turns.map((threads) => threads.length));
  return Array.from({ length: lanes }, (_, lane) => {
    const own = turns.flatMap((threads) => threads[lane] ?? []);
    return {
      active_ns: own.reduce((total, { active_ns }) => total + active_ns, 0),
      pauses: mergeSnapshots(own.map(({ pauses }) => pauses)),
    };
  });
}

function sumUnlessUnknown(values: readonly (number | null)[]): number | null {
  return values.reduce<number | null>(
    (total, value) => (total === null || value === null ? null : total + value),
    0,
  );
}

/** All kinds of operations, or one kind of several turns, as one. */
export function mergeKinds(kinds: readonly KindRecording[]): KindRecording {
  const errors = new Map<string, number>();
  for (const kind of kinds) {
    for (const [code, count] of Object.entries(kind.errors))
      errors.set(code, (errors.get(code) ?? 0) + count);
  }
  const sum = (field: (kind: KindRecording) => number) =>
    kinds.reduce((total, kind) => total + field(kind), 0);
  return {
    count: sum((kind) => kind.count),
    errors: Object.fromEntries(errors),
    early: sum((kind) => kind.early),
    missing: sum((kind) => kind.missing),
    foundNothing_ns: sum((kind) => kind.foundNothing_ns),
    response: mergeSnapshots(kinds.map((kind) => kind.response)),
    service: mergeSnapshots(kinds.map((kind) => kind.service)),
  };
}

/** Operations that neither succeeded nor found nothing. */
export function failedIn({ count, response, early, missing }: KindRecording): number {
  return count - response.count - early - missing;
}

function mergeConnections(counters: readonly (ConnectionCounters | null)[]): ConnectionCounters | null {
  const total = noConnections();
  for (const one of counters) {
    if (one === null) return null;
    for (const name of Object.keys(total) as (keyof ConnectionCounters)[]) total[name] += one[name];
  }
  return total;
}

/** One row for each second, in order. */
export function mergeSeconds(rows: readonly SecondRow[]): SecondRow[] {
  const bySecond = new Map<number, SecondRow[]>();
  for (const row of rows) {
    const same = bySecond.get(row.second);
    if (same) same.push(row);
    else bySecond.set(row.second, [row]);
  }
  return [...bySecond]
    .sort(([a], [b]) => a - b)
    .map(([second, same]) => ({
      second,
      measured: same.every((row) => row.measured),
      errors: same.reduce((total, row) => total + row.errors, 0),
      response: mergeSnapshots(same.map((row) => row.response)),
    }));
}
