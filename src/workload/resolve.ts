/** The file as understood, arm by arm: merged over the base, defaults filled in, units last in the names. */

import { resolve as resolvePath } from 'node:path';
import { DEFAULTS } from './defaults.ts';
import { traitsOf } from './driver-traits.ts';
import { resolveEvents } from './events.ts';
import type { WrittenArm, WrittenWorkload } from './schema.ts';
import { resolveTrace } from './traces.ts';
import {
  type Arm,
  type Arrivals,
  DRIVERS,
  OPERATION_KINDS,
  type OperationKind,
  type Phase,
} from './types.ts';

/**
 * An arm's fields over the base's. Maps merge field by field; lists, `operations`, and `arrivals` of another loop are
 * replaced whole, since half of one mix with half of another is neither. `system` describes the embedded system, so an
 * arm that leaves it for a URL leaves that behind.
 */
export function mergeArm(base: WrittenArm, arm: WrittenArm): WrittenArm {
  const leavesEmbedded = isRemote(arm.target) && !isRemote(base.target);
  const system = leavesEmbedded ? undefined : base.system;
  const sameLoop = arm.arrivals?.loop === undefined || arm.arrivals.loop === (base.arrivals?.loop ?? 'open');
  return {
    ...base,
    ...arm,
    connections: { ...base.connections, ...arm.connections },
    system: (system ?? arm.system) && {
      ...system,
      ...arm.system,
      kms: { ...system?.kms, ...arm.system?.kms },
      keyCache: { ...system?.keyCache, ...arm.system?.keyCache },
    },
    table: { ...base.table, ...arm.table },
    keys: { ...base.keys, ...arm.keys },
    arrivals: { ...(sameLoop ? base.arrivals : {}), ...arm.arrivals },
    clock: { ...base.clock, ...arm.clock },
    network: { ...base.network, ...arm.network },
    cost: { ...base.cost, ...arm.cost },
  };
}

/** The arms as written, merged, in the order of the file; a file without any has one named `default`. */
export function mergedArms(written: WrittenWorkload): Map<string, WrittenArm> {
  const { name: _name, arms, compare: _compare, seed: _seed, ...base } = written;
  const entries = Object.entries(arms ?? {});
  if (entries.length === 0) return new Map([['default', base]]);
  return new Map(entries.map(([name, arm]) => [name, mergeArm(base, arm ?? {})]));
}

/**
 * Fills in every default. What the checks refuse still resolves to something, so that they can look at it.
 * @param directory of the workload file: paths in it start there
 */
export function resolveArm(name: string, written: WrittenArm, directory: string): Arm {
  const { connections = {}, table = {}, cost = {} } = written;
  const { driver, module } = resolveDriver(written.driver ?? DEFAULTS.driver, directory);
  const target = written.target ?? DEFAULTS.target;
  const { needs, cannot } = traitsOf({ driver });
  const sign = written.sign ?? needs === 'server';
  return {
    name,
    driver,
    module,
    target,
    kmsTarget: written.kms,
    callers: written.callers?.count ?? DEFAULTS.callers,
    callerShares: written.callers?.shares,
    connections: {
      mode: connections.mode ?? DEFAULTS.connections.mode,
      perCaller: connections.perCaller ?? DEFAULTS.connections.perCaller,
      operations: connections.operations,
      tls: connections.tls ?? (isRemote(target) ? target.startsWith('https:') : cannot.tls === undefined),
      timeout_ms: ms(connections.timeout) ?? DEFAULTS.connections.timeout_ms,
      maxInFlight: connections.maxInFlight ?? DEFAULTS.connections.maxInFlight,
    },
    sign,
    system: resolveSystem(written.system ?? {}, sign),
    clock: { speed: written.clock?.speed ?? DEFAULTS.clock.speed },
    events: resolveEvents(written.events ?? []),
    network: { rtt_ns: written.network?.rtt ?? 0 },
    table: {
      name: table.name ?? `sealbench-${name}`,
      count: table.count ?? DEFAULTS.table.count,
      encryption: table.encryption ?? DEFAULTS.table.encryption,
      items: table.items ?? DEFAULTS.table.items,
      itemBytes: table.itemBytes ?? { kind: 'fixed', value: DEFAULTS.table.itemBytes },
      fields: table.fields ?? DEFAULTS.table.fields,
    },
    keys: {
      popularity: written.keys?.popularity ?? { ...DEFAULTS.popularity },
      scanItems: written.keys?.scanItems ?? { ...DEFAULTS.scanItems },
    },
    operations: shares(written.operations ?? DEFAULTS.operations),
    arrivals: resolveArrivals(written),
    trace: written.trace && resolveTrace(written.trace, directory),
    phases: resolvePhases(written),
    cost: {
      kms_usd_per_10k: cost.kms ?? DEFAULTS.cost.kms_usd_per_10k,
      cloudtrail_usd_per_100k: cost.cloudtrail ?? DEFAULTS.cost.cloudtrail_usd_per_100k,
      cloudtrail_paid_copies: cost.paidCopies ?? DEFAULTS.cost.cloudtrail_paid_copies,
    },
  };
}

function resolveSystem(written: NonNullable<WrittenArm['system']>, sign: boolean): Arm['system'] {
  const { kms = {}, keyCache = {} } = written;
  return {
    kms: {
      region: kms.region ?? DEFAULTS.kms.region,
      latency: kms.latency && { p50_ms: kms.latency.p50 / 1e6, p99_ms: kms.latency.p99 / 1e6 },
      quota_per_s: kms.quota,
      connections: kms.connections ?? DEFAULTS.kms.connections,
      tls: kms.tls ?? DEFAULTS.kms.tls,
    },
    keyCache: {
      scope: keyCache.scope ?? DEFAULTS.keyCache.scope,
      ttl_ms: ms(keyCache.ttl) ?? DEFAULTS.keyCache.ttl_ms,
      expiry: keyCache.expiry ?? DEFAULTS.keyCache.expiry,
      entries: keyCache.entries ?? DEFAULTS.keyCache.entries,
      singleFlight: keyCache.singleFlight ?? DEFAULTS.keyCache.singleFlight,
      earlyRefresh_ms: ms(keyCache.earlyRefresh) ?? DEFAULTS.keyCache.earlyRefresh_ms,
      jitter: keyCache.jitter ?? DEFAULTS.keyCache.jitter,
    },
    hosts: written.hosts ?? DEFAULTS.hosts,
    replicas: written.replicas ?? [],
    storage: written.storage ?? DEFAULTS.storage,
    auth: written.auth ?? (sign ? 'sigv4' : 'none'),
  };
}

function resolveDriver(written: string, directory: string): Pick<Arm, 'driver' | 'module'> {
  const known = DRIVERS.find((name) => name === written);
  return known ? { driver: known } : { driver: 'module', module: resolvePath(directory, written) };
}

function resolveArrivals({ arrivals: written = {}, trace }: WrittenArm): Arrivals {
  if (trace && trace.speed !== 'max') return { loop: 'open', process: 'recorded' };
  return written.loop === 'closed' || trace
    ? {
        loop: 'closed',
        concurrency: written.concurrency ?? 0,
        think: written.think ?? { kind: 'constant', mean_ns: 0 },
      }
    : { loop: 'open', process: written.process ?? DEFAULTS.arrivals.process };
}

function resolvePhases({ phases = [], arrivals, trace }: WrittenArm): Phase[] {
  const usual = arrivals?.rate ?? { kind: 'constant', rate_per_s: 0 };
  return phases.map((phase, index) => {
    const rate = arrivals?.loop === 'closed' || trace ? null : (phase.rate ?? usual);
    // Operations that fall due at a constant rate say how long they take.
    const counted_ns =
      phase.count !== undefined && rate?.kind === 'constant' && rate.rate_per_s > 0
        ? Math.ceil((phase.count / rate.rate_per_s) * 1e9)
        : null;
    return {
      name: phase.name ?? `phase-${index + 1}`,
      duration_ns: phase.for === undefined ? counted_ns : Math.round(phase.for),
      operations: phase.count ?? null,
      rate,
      measured: phase.measured ?? true,
    };
  });
}

/** All zero when the written shares add up to nothing. */
function shares(written: Partial<Record<OperationKind, number>>): Record<OperationKind, number> {
  const sum = OPERATION_KINDS.reduce((total, kind) => total + (written[kind] ?? 0), 0);
  const share = (kind: OperationKind) => (sum > 0 ? (written[kind] ?? 0) / sum : 0);
  return Object.fromEntries(OPERATION_KINDS.map((kind) => [kind, share(kind)])) as Arm['operations'];
}

function ms(duration_ns: number | undefined): number | undefined {
  return duration_ns === undefined ? undefined : duration_ns / 1e6;
}

export function isRemote(target: string | undefined): target is string {
  return target !== undefined && target !== DEFAULTS.target;
}
