import type { OperationKind } from '../workload/types.ts';

/**
 * A histogram at rest, small enough to pass between threads: the non-empty cells of the HdrHistogram layout
 * (lowest 1 ns, highest 3.6e12 ns, 3 significant digits) with the exact count, min, max and sum beside.
 */
export interface HistogramSnapshot {
  count: number;
  /** 0 when count is 0, as are max_ns and sum_ns. */
  min_ns: number;
  max_ns: number;
  sum_ns: number;
  /** Values outside of the range (or not numbers), moved to its nearer end: counted above, and inexact. */
  clamped: number;
  /** index, count, index, count, … ascending. */
  cells: Uint32Array;
}

export interface KindRecording {
  /** Completed, answered well or not. */
  count: number;
  /** Failed ones by code (`ThrottlingException`, `ECONNRESET`, `Timeout`, …). They are in no histogram. */
  errors: Record<string, number>;
  /**
   * Reads that found nothing, apart from both: of an item that an insert of this plan adds (not acknowledged yet, or
   * failed), and of one that was there when measuring began.
   */
  early: number;
  missing: number;
  /** Sum over those of their time since they were taken up: end − due − lag. */
  foundNothing_ns: number;
  /** end − due, successes. */
  response: HistogramSnapshot;
  /** end − start, successes. */
  service: HistogramSnapshot;
}

export interface ConnectionCounters {
  opened: number;
  tls_full: number;
  tls_resumed: number;
  /** Requests put on a connection. */
  requests: number;
  /** Requests that got no answer because the connection failed. */
  transport_errors: number;
  /** Requests given up: timed out, or still unanswered when the drain ended. */
  abandoned: number;
}

/** A second of an arm's time line: operations are counted in the second in which they were due. */
export interface SecondRow {
  /** Whole seconds since the arm's time line began. */
  second: number;
  measured: boolean;
  errors: number;
  response: HistogramSnapshot;
}

/** Where time goes beside the lane: measured by a driver, and by the store for it. */
export type BreakdownPart = 'connect' | 'kms' | 'crypto' | 'storage' | 'server_other' | 'wire';

/** Sums over sampled operations that succeeded, ns. */
export interface BreakdownRecording {
  samples: number;
  /** end − due */
  response_ns: number;
  lag_ns: number;
  /** Waiting for a connection that is busy, in the lane or in the driver. */
  queue_ns: number;
  /** Null where the driver can't tell. */
  parts: Record<BreakdownPart, number | null>;
}

/** A stretch of the arm's time line. */
export interface WindowRecording {
  /** Of the operations that were due in it. */
  errors: number;
  /** When in it the first and the last operation ended well, on the arm's time line; null where none did. */
  success: { first_ns: number; last_ns: number } | null;
  /** Likewise of those that failed. */
  failure: { first_ns: number; last_ns: number } | null;
  /** end − due, successes that were due in it. */
  response: HistogramSnapshot;
}

/** How the thread of a lane fared in a turn. */
export interface ThreadLoad {
  /** Its event loop had work and did not wait for any, on a CPU or in want of one. */
  active_ns: number;
  /** Pauses of its garbage collection. */
  pauses: HistogramSnapshot;
}

/**
 * What one lane saw of one turn. Merging turns adds every field up; so does merging the lanes of one turn, except
 * for its length (`duration_ns`, `elapsed_ns`), which they share.
 */
export interface TurnRecording {
  /** Operations the plan held for this turn. */
  planned: number;
  /** Operations started. */
  issued: number;
  /** Due within the turn and never started. */
  unissued: number;
  kinds: Record<OperationKind, KindRecording>;
  /** start of the work on an operation − its due time, before any wait for a slot. */
  lag: HistogramSnapshot;
  /** response − lag, successes: what the generator did not add itself. */
  undelayed: HistogramSnapshot;
  /** From one operation of a lane to its next one, as planned and as started. */
  gaps: { planned: HistogramSnapshot; actual: HistogramSnapshot };
  /** Null of a driver that tells nothing of where time goes. */
  breakdown: BreakdownRecording | null;
  /** Null where a driver does not count. */
  connections: ConnectionCounters | null;
  /** ∫ operations in flight dt, sampled from the loop's own bookkeeping, ns. */
  inFlight_ns: number;
  /** The same, estimated from looks at seeded random moments. */
  inFlightLooks_ns: number;
  /** Planned length of the turn, or how far it got when the run was interrupted. */
  duration_ns: number;
  /** From the start of the turn to the last completion or the end of the drain. */
  elapsed_ns: number;
  /** CPU of the lane's thread during the turn; null where the runtime can't tell. */
  cpu_us: number | null;
  /** Of the lane's pacer, likewise. */
  pacing_cpu_us: number | null;
  /** By lane: lanes of a turn stand side by side, those of several turns add up. */
  threads: ThreadLoad[];
  seconds: SecondRow[];
  /** Between the boundaries of the arm's events; none without events. */
  windows: WindowRecording[];
}
