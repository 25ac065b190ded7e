/** A workload resolved into numbers, arm by arm: every unit parsed, every default filled in, units last in the names. */

export const OPERATION_KINDS = ['get', 'put', 'update', 'delete'] as const;
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
  };
  hosts: number;
  storage: 'lmdb' | 'memory';
  /** The server's side of signing. */
  auth: 'sigv4' | 'none';
}

export type Popularity = { kind: 'uniform' } | { kind: 'zipf'; s: number };

export type Arrivals =
  | { loop: 'open'; process: 'constant' | 'poisson'; rate_per_s: number }
  | { loop: 'closed'; concurrency: number };

export interface Phase {
  name: string;
  duration_ns: number;
  measured: boolean;
}

export interface Arm {
  name: string;
  driver: 'http' | 'envelope' | 'noop';
  /** `embedded`, or the endpoint's URL. */
  target: string;
  /** The KMS of an endpoint, for its counters; none when absent. */
  kmsTarget?: string;
  callers: number;
  connections: {
    mode: ConnectionMode;
    perCaller: number;
    tls: boolean;
    timeout_ms: number;
    maxInFlight: number;
  };
  sign: boolean;
  system: SystemSettings;
  table: { name: string; encryption: Encryption; items: number; itemBytes: number };
  keys: { popularity: Popularity };
  /** Shares that add up to 1, one for each kind. */
  operations: Record<OperationKind, number>;
  arrivals: Arrivals;
  /** Unmeasured phases come first. */
  phases: Phase[];
  cost: { kms_usd_per_10k: number; cloudtrail_usd_per_100k: number; cloudtrail_paid_copies: number };
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
