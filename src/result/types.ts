import type { TurnRecording } from '../recording/types.ts';
import type { Environment } from '../std/environment.ts';
import type { Arm, EventRecord, OperationKind, Workload } from '../workload/types.ts';

export const RESULT_SCHEMA = 'sealbench/result/1';

// --- what a run hands in -------------------------------------------------------------------------------------------

/** Counters of the system under test, cumulative since set-up began. Null where the target can't supply them. */
export interface SystemSample {
  store: {
    requests: number | null;
    cache: {
      lookups: number;
      hits: number;
      misses: number;
      coalesced: number;
      duplicates: number;
      refreshes: number;
      expired: number;
      evicted: number;
    };
    /** Decrypt calls that no cache lookup began: the store's own, to change a key and the like. */
    ownDecrypts: number;
    /** Attempts sent to the KMS, and those among them that repeat one, by operation. */
    kmsAttempts: Record<string, number>;
    kmsRetries: Record<string, number>;
    cpu_us: number | null;
  } | null;
  kms: {
    /** By operation, from the KMS's own request log. */
    calls: Record<string, number>;
    throttled: number;
    failed: number;
    cpu_us: number;
  } | null;
}

/** One turn of an arm, lanes merged. */
export interface TurnEvidence {
  /** −1: the warm-up turn. */
  block: number;
  measured: boolean;
  /** Cut short by an interruption: it counts in the arm's figures and is no block to compare. */
  interrupted: boolean;
  recording: TurnRecording;
  /** Just before and just after the turn, nothing in flight. */
  before: SystemSample;
  after: SystemSample;
  /** What all cores of the machine did meanwhile; null where that isn't known. */
  machine: { idle_ms: number; total_ms: number } | null;
}

export interface ArmEvidence {
  arm: Arm;
  /** Opening the connections and touching the table on each. */
  setup: TurnRecording;
  turns: TurnEvidence[];
  /** What was made to happen, in its order. */
  events?: readonly EventRecord[];
  /** Why the turns after these were not played: what became of the target. */
  lost?: string;
  /** From the start of set-up (all zero) to the end of the last drain. */
  total: SystemSample;
  /** Duration of KMS calls as the store saw them, base64 HdrHistogram V2, ns; null when not supplied. */
  kmsTimeHdr: string | null;
  /** Where the run streamed its seconds away as it went; made from the turns' seconds where it is absent. */
  timeline?: Timeline;
}

export interface RunEvidence {
  workload: Workload;
  environment: Environment;
  startedAt: string;
  lanes: number;
  interrupted: boolean;
  arms: ArmEvidence[];
}

// --- what it becomes -----------------------------------------------------------------------------------------------

/**
 * Of successes, in ns. A percentile is null when too few samples lie beyond it, or when it falls among censored
 * operations (failed or never started, and so of unknown length); mean and maximum are null with the first of those.
 */
export interface Summary {
  count: number;
  min: number | null;
  mean: number | null;
  max: number | null;
  p50: number | null;
  p90: number | null;
  p99: number | null;
  p999: number | null;
  /** base64, HdrHistogram V2. */
  hdr: string;
}

export interface OperationSummary {
  /** All that ended: successes, reads that found nothing, failures. */
  count: number;
  errors: Record<string, number>;
  /** Reads that found nothing where an insert of the plan adds an item: not acknowledged yet, or failed. In no time. */
  early: number;
  /** Reads that found nothing where an item was when measuring began. In no time. */
  missing: number;
  response_ns: Summary;
  service_ns: Summary;
}

export interface Identity {
  name: string;
  /** `ok`, `broken`, or `not checked` for want of a counter. */
  state: 'ok' | 'broken' | 'not checked';
  detail: string;
}

export interface BlockSummary {
  block: number;
  operations: number;
  errors: number;
  duration_ns: number;
  kms_calls: number | null;
  cache: { lookups: number; hits: number; misses: number; coalesced: number } | null;
  connections_opened: number | null;
  cpu_us: { lanes: number | null; store: number | null; kms: number | null };
  /** base64, HdrHistogram V2, all kinds together. */
  response_hdr: string;
  service_hdr: string;
}

export interface TimelineRow {
  /** The first of the row's seconds. */
  second: number;
  measured: boolean;
  count: number;
  errors: number;
  p50: number | null;
  p99: number | null;
  max: number | null;
  /** Operations in each latency bucket. */
  buckets: number[];
}

export interface Timeline {
  /** Width of a row. */
  row_s: number;
  /** Upper edges of the latency buckets, ns; at most 64. */
  buckets_ns: number[];
  rows: TimelineRow[];
}

/** How the load generator and the machine fared in the measured turns; null where it isn't known or has no meaning. */
export interface GeneratorSummary {
  /** response − schedule lag: what the generator did not add itself. */
  undelayed_ns: Summary;
  /** Share of the gaps between operations that are not the plan's, to a tolerance that a target would not notice. */
  displaced: number | null;
  /** Share of the time that the lanes with callers were on a CPU, on average. */
  lanes_cpu: number | null;
  /** Share of the time that the event loop of the busiest lane had work, on a CPU or waiting for one. */
  busiest_lane: number | null;
  /** Share of the time that the lanes' garbage collectors paused them, on average, and the longest pause. */
  gc_share: number | null;
  gc_max_ns: number | null;
  /** Mean of operations in flight, from looks at random moments. */
  in_flight_looks: number | null;
  /** Idle share of all the machine's cores, whoever used them. */
  machine_idle: number | null;
  /** CPU of the embedded system's processes, in cores. */
  server_cores: { store: number | null; kms: number | null };
}

/**
 * Means over sampled operations that succeeded, ns; null where it wasn't measured. `wire` is the way between client and
 * store, both ends of it included; without a store that tells its own parts, the store is in it.
 */
export interface Breakdown {
  lag: number;
  queue: number;
  connect: number | null;
  kms: number | null;
  crypto: number | null;
  storage: number | null;
  server_other: number | null;
  wire: number | null;
  /** Mean response − all of the above: may be below 0. */
  unaccounted: number;
}

/** What happened to an arm, and what followed. */
export interface Happened {
  events: HappenedEvent[];
  /** Events that the run ended before. */
  unplayed: number;
  /** The arm's time line, cut where events begin, and where they end or a second later. */
  windows: WindowSummary[];
}

/** An event, and what followed it up to the next one. Null where there was no such answer. */
export interface HappenedEvent extends EventRecord {
  /** After the event was done. */
  first_failure_ns: number | null;
  /** After it was done, or after a fault was over. */
  last_failure_ns: number | null;
  /** After a key was taken away: how long it went on working. Null unless failures alone came then. */
  last_success_ns: number | null;
  /** After it was done, or after a fault was over. */
  first_success_ns: number | null;
}

/** Operations that were due in a stretch of the arm's time line. Percentiles by the same rules as everywhere. */
export interface WindowSummary {
  from_ns: number;
  to_ns: number;
  operations: number;
  errors: number;
  p50: number | null;
  p90: number | null;
  p99: number | null;
  max: number | null;
}

export interface ArmResult {
  name: string;
  /** The arm as resolved. */
  settings: Arm;
  /** `notes` are findings about the target, which take nothing from the measurement. */
  verdict: { value: 'valid' | 'suspect' | 'invalid'; reasons: string[]; notes?: string[] };
  /** `all` and every kind that occurred; measured phases only. */
  operations: { all: OperationSummary } & Partial<Record<OperationKind, OperationSummary>>;
  /** Null where no time was measured; planned also in a closed loop. */
  rate: { planned_per_s: number | null; offered_per_s: number | null; achieved_per_s: number | null };
  schedule_lag_ns: Summary;
  in_flight_mean: number | null;
  /** Absent from results of before it was measured. */
  generator?: GeneratorSummary;
  /** Operations from set-up to drain, touches of the set-up included: the divisor of calls and cost per operation. */
  operations_total: number;
  kms: {
    calls: Record<string, number>;
    throttled: number;
    failed: number;
    calls_per_op: number | null;
    time_ns: Summary | null;
  } | null;
  cache: {
    lookups: number;
    hits: number;
    misses: number;
    coalesced: number;
    /** Both absent from older results: misses beside a load of the same key, and loads ahead of an expiry. */
    duplicates?: number;
    refreshes?: number;
    expired: number;
    evicted: number;
    hit_rate: number | null;
  } | null;
  /** Null where the driver, a module of the user's own, does not count. */
  connections: {
    opened: number;
    tls_full: number;
    tls_resumed: number;
    requests: number;
    transport_errors: number;
    abandoned: number;
  } | null;
  unissued: number;
  server: { requests: number | null };
  identities: Identity[];
  /** Null where too little was sampled, and of a driver that tells nothing; absent from older results. */
  breakdown_ns?: Breakdown | null;
  breakdown_samples?: number;
  /** Over the measured turns, so that nobody pays for the warm-up's compiling. */
  cpu_us_per_op: {
    lanes: number | null;
    store: number | null;
    kms: number | null;
    /** Of the threads that wake the lanes: beside the measurement, and in no sum. */
    pacing: number | null;
  };
  cost_usd_per_million_ops: { kms: number; cloudtrail: number; total: number } | null;
  blocks: BlockSummary[];
  timeline: Timeline;
  /** Absent without events. */
  happened?: Happened;
}

export interface Comparison {
  metric: string;
  base: string;
  arm: string;
  /** arm / base; null where it is withheld: `note` then says why. */
  ratio: number | null;
  /** Null where no interval exists (an exact counter); `note` then says why. */
  low: number | null;
  high: number | null;
  confidence: number;
  blocks: number;
  note?: string;
}

export interface Result {
  schema: typeof RESULT_SCHEMA;
  workload: unknown;
  name: string;
  seed: number;
  startedAt: string;
  interrupted: boolean;
  lanes: number;
  environment: Environment;
  arms: ArmResult[];
  comparisons: Comparison[];
  gates: unknown[];
}
