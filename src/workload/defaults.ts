/**
 * What a workload means where it says nothing. `arrivals.rate`, `arrivals.concurrency` and `phases` have no default:
 * they are the question. `connections.tls`, `sign` and `system.auth` follow from driver, target and `sign`.
 */
export const DEFAULTS = {
  driver: 'http',
  target: 'embedded',
  callers: 1,
  connections: { mode: 'keep-alive', perCaller: 1, timeout_ms: 10_000, maxInFlight: 10_000 },
  kms: { region: 'us-east-1', connections: 'keep-alive', tls: true },
  keyCache: {
    scope: 'connection',
    ttl_ms: 300_000,
    expiry: 'absolute',
    entries: 100_000,
    singleFlight: true,
    earlyRefresh_ms: 0,
    jitter: 0,
  },
  clock: { speed: 1 },
  hosts: 1,
  storage: 'lmdb',
  table: { count: 1, encryption: 'customer-managed', items: 1000, itemBytes: 1024, fields: 1 },
  popularity: { kind: 'zipf', s: 0.99 },
  /** As YCSB's workload E. */
  scanItems: { kind: 'uniform', min: 1, max: 100 },
  operations: { get: 95, put: 5 },
  arrivals: { loop: 'open', process: 'poisson' },
  /** The first copy of CloudTrail's management events is free, so none is paid for. */
  cost: { kms_usd_per_10k: 0.03, cloudtrail_usd_per_100k: 2, cloudtrail_paid_copies: 0 },
  compare: { blocks: 10, confidence: 0.95 },
  seed: 1,
} as const;
