import { z } from 'zod';
import { RESULT_SCHEMA, type Result } from './types.ts';

/**
 * The shape that readers of a result rely on. Objects are loose: a newer minor version may add fields, and they
 * survive being read.
 */
const number = z.number();
const known = number.nullable();
const counts = z.record(z.string(), number);

const summary = z.looseObject({
  count: number,
  min: known,
  mean: known,
  max: known,
  p50: known,
  p90: known,
  p99: known,
  p999: known,
  hdr: z.string(),
});

const operation = z.looseObject({
  count: number,
  errors: counts,
  // Results of before reads of nothing were counted have none.
  early: number.default(0),
  missing: number.default(0),
  response_ns: summary,
  service_ns: summary,
});

const cacheCounts = { lookups: number, hits: number, misses: number, coalesced: number };

const block = z.looseObject({
  block: number,
  operations: number,
  errors: number,
  duration_ns: number,
  kms_calls: known,
  cache: z.looseObject(cacheCounts).nullable(),
  connections_opened: known,
  cpu_us: z.looseObject({ lanes: known, store: known, kms: known }),
  response_hdr: z.string(),
  service_hdr: z.string(),
});

const timelineRow = z.looseObject({
  second: number,
  measured: z.boolean(),
  count: number,
  errors: number,
  p50: known,
  p99: known,
  max: known,
  buckets: z.array(number),
});

/** A number: as written before sizes could vary. */
const sizes = z.union([number, z.looseObject({ kind: z.string() })]);

const settings = z.looseObject({
  name: z.string(),
  driver: z.string(),
  target: z.string(),
  callers: number,
  connections: z.looseObject({ mode: z.string(), perCaller: number, tls: z.boolean() }),
  sign: z.boolean(),
  system: z.looseObject({
    keyCache: z.looseObject({ scope: z.string(), ttl_ms: number, expiry: z.string() }),
  }),
  table: z.looseObject({ encryption: z.string(), items: number, itemBytes: sizes }),
  keys: z.looseObject({ popularity: z.looseObject({ kind: z.string() }) }),
  operations: counts,
  arrivals: z.looseObject({ loop: z.string() }),
  cost: z.looseObject({
    kms_usd_per_10k: number,
    cloudtrail_usd_per_100k: number,
    cloudtrail_paid_copies: number,
  }),
});

const generator = z.looseObject({
  undelayed_ns: summary,
  displaced: known,
  lanes_cpu: known,
  busiest_lane: known,
  gc_share: known,
  gc_max_ns: known,
  in_flight_looks: known,
  machine_idle: known,
  server_cores: z.looseObject({ store: known, kms: known }),
});

const happenedEvent = z.looseObject({
  event: z.looseObject({ at_ns: number, do: z.string(), for_ns: number.optional() }),
  began_ns: number,
  ended_ns: number,
  error: z.string().nullable(),
  // Results of before anything was observed have none.
  observed: z
    .array(z.looseObject({ what: z.string(), after_ms: number, before_ms: known.optional() }))
    .default([]),
  first_failure_ns: known,
  last_failure_ns: known,
  last_success_ns: known,
  first_success_ns: known,
});

const happened = z.looseObject({
  events: z.array(happenedEvent).max(1000),
  unplayed: number,
  windows: z
    .array(
      z.looseObject({
        from_ns: number,
        to_ns: number,
        operations: number,
        errors: number,
        p50: known,
        p90: known,
        p99: known,
        max: known,
      }),
    )
    .max(2001),
});

const arm = z.looseObject({
  name: z.string(),
  settings,
  verdict: z.looseObject({
    value: z.enum(['valid', 'suspect', 'invalid']),
    reasons: z.array(z.string()),
    notes: z.array(z.string()).optional(),
  }),
  operations: z.looseObject({
    all: operation,
    get: operation.optional(),
    put: operation.optional(),
    insert: operation.optional(),
    update: operation.optional(),
    delete: operation.optional(),
    scan: operation.optional(),
    readModifyWrite: operation.optional(),
  }),
  rate: z.looseObject({ planned_per_s: known, offered_per_s: known, achieved_per_s: known }),
  schedule_lag_ns: summary,
  in_flight_mean: known,
  generator: generator.optional(),
  operations_total: number,
  kms: z
    .looseObject({
      calls: counts,
      throttled: number,
      failed: number,
      calls_per_op: known,
      time_ns: summary.nullable(),
    })
    .nullable(),
  cache: z
    .looseObject({
      ...cacheCounts,
      duplicates: number.optional(),
      refreshes: number.optional(),
      expired: number,
      evicted: number,
      hit_rate: known,
    })
    .nullable(),
  connections: z
    .looseObject({
      opened: number,
      tls_full: number,
      tls_resumed: number,
      requests: number,
      transport_errors: number,
      abandoned: number,
    })
    .nullable(),
  unissued: number,
  server: z.looseObject({ requests: known }),
  identities: z.array(
    z.looseObject({ name: z.string(), state: z.enum(['ok', 'broken', 'not checked']), detail: z.string() }),
  ),
  breakdown_ns: z
    .looseObject({
      lag: number,
      queue: number,
      connect: known,
      kms: known,
      crypto: known,
      storage: known,
      server_other: known,
      wire: known,
      unaccounted: number,
    })
    .nullable()
    .optional(),
  breakdown_samples: number.optional(),
  /** `pacing` since it is measured. */
  cpu_us_per_op: z.looseObject({ lanes: known, store: known, kms: known, pacing: known.optional() }),
  cost_usd_per_million_ops: z.looseObject({ kms: number, cloudtrail: number, total: number }).nullable(),
  blocks: z.array(block).max(100),
  timeline: z.looseObject({
    row_s: number,
    buckets_ns: z.array(number).max(64),
    rows: z.array(timelineRow).max(600),
  }),
  happened: happened.optional(),
});

const comparison = z.looseObject({
  metric: z.string(),
  base: z.string(),
  arm: z.string(),
  ratio: known,
  low: known,
  high: known,
  confidence: number,
  blocks: number,
  note: z.string().optional(),
});

const resultShape = z.looseObject({
  schema: z.literal(RESULT_SCHEMA),
  workload: z.unknown(),
  name: z.string(),
  seed: number,
  startedAt: z.string(),
  interrupted: z.boolean(),
  lanes: number,
  environment: z.looseObject({
    sealbench: z.string(),
    node: z.string(),
    platform: z.string(),
    cpu: z.string(),
    cores: number,
    memory_bytes: number,
    git: z.string().nullable(),
  }),
  arms: z.array(arm),
  comparisons: z.array(comparison),
  gates: z.array(z.unknown()),
});

export interface ShapeProblem {
  /** E.g. `arms[0].rate.achieved_per_s`. */
  path: string;
  message: string;
}

/** The value as a result, or the first of what is wrong with it. */
export function checkShape(value: unknown): { result: Result } | { problem: ShapeProblem } {
  const checked = resultShape.safeParse(value);
  // The settings are checked where reports read them; the rest of an arm belongs to the workload's own schema.
  if (checked.success) return { result: checked.data as unknown as Result };
  const issue = checked.error.issues[0]!;
  const path = issue.path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return { problem: { path: path.replace(/^\./, ''), message: issue.message } };
}
