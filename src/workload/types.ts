/** A workload resolved into numbers, arm by arm: every unit parsed, every default filled in, units last in the names. */
import type { TraceFormat, TraceSurvey } from '../trace/types.ts';

/** `put` overwrites an item that is there, `insert` adds a new one; `readModifyWrite` is a get, then an update. */
export const OPERATION_KINDS = [
  'get',
  'put',
  'insert',
  'update',
  'delete',
  'scan',
  'readModifyWrite',
] as const;
export type OperationKind = (typeof OPERATION_KINDS)[number];

export type ConnectionMode = 'keep-alive' | 'resumed' | 'fresh';
export type Encryption = 'none' | 'aws-owned' | 'aws-managed' | 'customer-managed';

export interface SystemSettings {
  kms: {
    region: string;
    latency?: { p50_ms: number; p99_ms: number };
    quota_per_s?: number;
    /** The store's connections to the KMS. */
    connections: 'keep-alive' | 'fresh';
    tls: boolean;
  };
  keyCache: {
    scope: 'connection' | 'caller' | 'host' | 'process';
    ttl_ms: number;
    expiry: 'absolute' | 'sliding';
    entries: number;
    singleFlight: boolean;
    /** 0: none. */
    earlyRefresh_ms: number;
    /** Share of a life that may be cut off, below 1. */
    jitter: number;
  };
  hosts: number;
  /** Other Regions that every table has a replica in. */
  replicas: string[];
  storage: 'lmdb' | 'memory';
  /** The server's side of signing. */
  auth: 'sigv4' | 'none';
}

/** Which keys are asked for, and how unevenly. */
export type Popularity =
  | { kind: 'uniform' }
  /** The rank-th most popular key in proportion to rank^−s, popular keys spread over the key space. */
  | { kind: 'zipf'; s: number }
  /** As zipf, ranked by age: the key inserted last is the most popular one. */
  | { kind: 'latest'; s: number }
  /** `operations` of the operations go to `items` of the items, both as shares. */
  | { kind: 'hotspot'; items: number; operations: number }
  /** Key after key, from the first again after the last. */
  | { kind: 'sequential' };

/** Whole numbers (bytes, items) that are drawn anew for each use. */
export type Sizes =
  | { kind: 'fixed'; value: number }
  /** Every whole number from min to max alike. */
  | { kind: 'uniform'; min: number; max: number }
  /** Cut off at the ends of what is allowed. */
  | { kind: 'log-normal'; p50: number; p99: number }
  /** Shares add up to 1. */
  | { kind: 'histogram'; classes: { value: number; share: number }[] };

/** How fast operations fall due over the length of a phase. */
export type RateShape =
  | { kind: 'constant'; rate_per_s: number }
  | { kind: 'ramp'; from_per_s: number; to_per_s: number }
  /** Each for an equal share of the phase. */
  | { kind: 'steps'; rates_per_s: number[] }
  | { kind: 'spike'; base_per_s: number; spike_per_s: number; at_ns: number; for_ns: number }
  /** Begins at the mean and rises. */
  | { kind: 'sine'; mean_per_s: number; amplitude_per_s: number; period_ns: number };

/** What a user of a closed loop does between an answer and the next operation. */
export type ThinkTime = { kind: 'constant' | 'exponential'; mean_ns: number };

export type Arrivals =
  /** `recorded`: a trace says when. */
  | { loop: 'open'; process: 'constant' | 'poisson' | 'recorded' }
  | { loop: 'closed'; concurrency: number; think: ThinkTime };

/** Ends after a time, or after a count of operations. */
export interface Phase {
  name: string;
  /** Whole ns. Null in a closed loop's phase by count, which lasts as long as its operations take. */
  duration_ns: number | null;
  /** Null in a phase by time. */
  operations: number | null;
  /** Null in a closed loop and of recorded traffic; constant in a phase by count. */
  rate: RateShape | null;
  measured: boolean;
}

/** Recorded traffic: where it is, how it is read, and what a look into it found. */
export interface TraceSettings {
  /** Absolute path. */
  file: string;
  format: TraceFormat;
  /** Times as fast as recorded; null: as fast as answers come. */
  speed: number | null;
  survey: TraceSurvey;
}

/** Kinds of key that a table's may be changed to. */
export type KeyKind = Exclude<Encryption, 'none'>;

/** What may be made to happen; `for_ns` is of the arm's time line. */
export type EventAction =
  | {
      do:
        | 'disable-key'
        | 'disable-replica-key'
        | 'enable-key'
        | 'rotate-key'
        | 'schedule-key-deletion'
        | 'cancel-key-deletion'
        | 'wipe-cache';
    }
  | { do: 'change-key'; to: KeyKind }
  | { do: 'kms-outage' | 'kms-throttle'; for_ns: number }
  | { do: 'kms-latency'; for_ns: number; p50_ms: number; p99_ms: number }
  /** Of cache and lifecycle time. */
  | { do: 'advance-clock'; by_ms: number };

/** Once, at that moment of the arm's time line. */
export type WorkloadEvent = { at_ns: number } & EventAction;

/** A change that was seen while lifecycle time was moved ahead. */
export interface Observation {
  what: string;
  /** Lifecycle time by which the clock had then been moved. */
  after_ms: number;
  /** How long it had been what it was before; null where it was that from the beginning. */
  before_ms: number | null;
}

/** An event as it was. Times are of the arm's time line. */
export interface EventRecord {
  event: WorkloadEvent;
  began_ns: number;
  ended_ns: number;
  /** What was seen of the system meanwhile, in its order. */
  observed: Observation[];
  /** What kept it from happening; null where nothing did. */
  error: string | null;
}

export const EVENT_ACTIONS = [
  'disable-key',
  'disable-replica-key',
  'enable-key',
  'rotate-key',
  'schedule-key-deletion',
  'cancel-key-deletion',
  'change-key',
  'kms-outage',
  'kms-throttle',
  'kms-latency',
  'advance-clock',
  'wipe-cache',
] as const satisfies readonly EventAction['do'][];

export const DRIVERS = ['http', 'envelope', 'sdk', 'autocannon', 'noop'] as const;

export interface Arm {
  name: string;
  /** `module`: a user's own, at `module`. */
  driver: (typeof DRIVERS)[number] | 'module';
  /** Absolute path of a user's own driver. */
  module?: string;
  /** `embedded`, or the endpoint's URL. */
  target: string;
  /** The KMS of an endpoint, for its counters; none when absent. */
  kmsTarget?: string;
  callers: number;
  /** Each caller's share of the operations, adding up to 1; equal shares without it. */
  callerShares?: number[];
  connections: {
    mode: ConnectionMode;
    perCaller: number;
    /**
     * Operations that a connection carries before another takes its place, drawn anew for each connection. Without it,
     * keep-alive connections carry all and others one.
     */
    operations?: { min: number; max: number };
    tls: boolean;
    timeout_ms: number;
    maxInFlight: number;
  };
  sign: boolean;
  system: SystemSettings;
  /** Recorded traffic in place of arrivals, operations and keys. */
  trace?: TraceSettings;
  /** Cache and lifecycle time pass so many times as fast as real time. */
  clock: { speed: number };
  /** In the order of their moments. */
  events: WorkloadEvent[];
  /** What is emulated between client and store. */
  network: { rtt_ns: number };
  table: {
    /** With more than one table, `-1`, `-2`, … follow it. */
    name: string;
    count: number;
    encryption: Encryption;
    /** Of all tables together: key k is in table k modulo count. */
    items: number;
    /** Of an item by DynamoDB's rule, key included. */
    itemBytes: Sizes;
    /** Attributes that the item's bytes are divided among, beside the key: `data`, or `field0`, `field1`, …. */
    fields: number;
  };
  /** `scanItems`: how many items a scan asks for. */
  keys: { popularity: Popularity; scanItems: Sizes };
  /** Shares that add up to 1, one for each kind. */
  operations: Record<OperationKind, number>;
  arrivals: Arrivals;
  /** Unmeasured phases come first. */
  phases: Phase[];
  cost: { kms_usd_per_10k: number; cloudtrail_usd_per_100k: number; cloudtrail_paid_copies: number };
}

/** Whether operations wait for a connection of their caller, instead of bringing their own. */
export function keepsConnections({ connections: { mode, operations } }: Pick<Arm, 'connections'>): boolean {
  return mode === 'keep-alive' || operations !== undefined;
}

export interface Workload {
  name: string;
  seed: number;
  arms: Arm[];
  compare: { base: string; blocks: number; confidence: number };
  /** Path of the file, for messages. */
  source: string;
  /** The file as written, overrides applied: what the result keeps. */
  written: unknown;
}
