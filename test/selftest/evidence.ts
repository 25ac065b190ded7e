import { LatencyHistogram } from '../../src/recording/recording.ts';
import type { ArmResult, Summary } from '../../src/result/result.ts';
import type { Evidence, ServerCounts } from '../../src/selftest/types.ts';

/** What a tool could have said of a server, and what the server has in its log. */
export interface Told {
  /** ns; the tool's successes. */
  responses: readonly number[];
  services?: readonly number[];
  lags?: readonly number[];
  errors?: Record<string, number>;
  opened?: number;
  requests?: number;
  transportErrors?: number;
  rate_per_s?: number;
  broken?: number;
  stoppedAfter_ns?: number;
  log: { stays: readonly number[]; received?: readonly number[]; counts: Partial<ServerCounts> } | null;
}

export function evidenceOf(told: Told): Evidence {
  const { responses, services = responses, lags = [], errors = {}, log, broken = 0, rate_per_s = 0 } = told;
  const failed = Object.values(errors).reduce((sum, count) => sum + count, 0);
  const counts = { requests: 0, connections: 0, throttled: 0, resets: 0, ...log?.counts };
  const all = {
    count: responses.length + failed,
    early: 0,
    missing: 0,
    errors,
    response_ns: summaryOf(responses, failed),
    service_ns: summaryOf(services, failed),
  };
  const arm: Partial<ArmResult> = {
    operations: { all },
    schedule_lag_ns: summaryOf(lags, 0),
    rate: { planned_per_s: rate_per_s, offered_per_s: rate_per_s, achieved_per_s: rate_per_s },
    connections: {
      opened: told.opened ?? counts.connections,
      tls_full: 0,
      tls_resumed: 0,
      requests: told.requests ?? counts.requests,
      transport_errors: told.transportErrors ?? 0,
      abandoned: 0,
    },
    identities: Array.from({ length: broken }, () => ({ name: 'x', state: 'broken', detail: '' })),
  };
  return {
    arm: arm as ArmResult,
    interrupted: false,
    stopped_after_ns: told.stoppedAfter_ns ?? null,
    log: log && {
      received_ns: Float64Array.from(log.received ?? []),
      stays_ns: Float64Array.from(log.stays),
      stretch: counts,
      total: counts,
    },
  };
}

/** As a result has it, by the rules on samples and censored operations. */
function summaryOf(values: readonly number[], failed: number): Summary {
  const histogram = new LatencyHistogram();
  for (const value of values) histogram.record(value);
  const percentile = (p: number, least: number) => {
    const count = values.length + failed;
    const rank = Math.ceil((p / 100) * count);
    return count < least || rank > values.length ? null : histogram.valueAtRank(rank);
  };
  const complete = values.length > 0 && failed === 0;
  return {
    count: values.length,
    min: values.length > 0 ? histogram.min_ns : null,
    mean: complete ? histogram.mean_ns : null,
    max: complete ? histogram.max_ns : null,
    p50: percentile(50, 10),
    p90: percentile(90, 100),
    p99: percentile(99, 1000),
    p999: percentile(99.9, 10_000),
    hdr: histogram.encode(),
  };
}
