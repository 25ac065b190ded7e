import type { ArmResult, Comparison, OperationSummary } from '../result/types.ts';
import { count, duration, money, number, percent, rate, WITHHELD } from './format.ts';

/** A figure of an arm, as every table shows it. */
export interface Row {
  /** What it belongs to; rows of one group follow each other. */
  group: string;
  label: string;
  cell(arm: ArmResult): string;
}

export const SUMMARY_ROWS: readonly Row[] = [
  { group: 'rate', label: 'planned', cell: (arm) => rate(arm.rate.planned_per_s) },
  { group: 'rate', label: 'achieved', cell: (arm) => rate(arm.rate.achieved_per_s) },
  { group: 'response time', label: 'p50', cell: (arm) => duration(arm.operations.all.response_ns.p50) },
  { group: 'response time', label: 'p99', cell: (arm) => duration(arm.operations.all.response_ns.p99) },
  { group: 'response time', label: 'p99.9', cell: (arm) => duration(arm.operations.all.response_ns.p999) },
  { group: 'response time', label: 'max', cell: (arm) => duration(arm.operations.all.response_ns.max) },
  { group: 'key cache', label: 'hit rate', cell: (arm) => percent(arm.cache?.hit_rate ?? null) },
  { group: 'KMS calls', label: 'per operation', cell: (arm) => number(arm.kms?.calls_per_op ?? null) },
  {
    group: 'KMS calls',
    label: 'in total',
    cell: (arm) =>
      count(arm.kms ? Object.values(arm.kms.calls).reduce((sum, calls) => sum + calls, 0) : null),
  },
  { group: 'connections', label: 'opened', cell: (arm) => count(arm.connections?.opened ?? null) },
  { group: 'CPU', label: 'per operation', cell: (arm) => duration(cpuPerOp_ns(arm)) },
  { group: 'CPU', label: 'pacing', cell: (arm) => duration(pacingPerOp_ns(arm)) },
  {
    group: 'cost',
    label: 'per million ops',
    cell: (arm) => money(arm.cost_usd_per_million_ops?.total ?? null),
  },
  { group: 'operations', label: 'measured', cell: (arm) => count(arm.operations.all.count) },
  { group: 'operations', label: 'failed', cell: (arm) => count(failedOf(arm.operations.all)) },
];

export function failedOf({ count: ended, early, missing, response_ns }: OperationSummary): number {
  return ended - response_ns.count - early - missing;
}

/** Of all processes that are accounted for. */
function cpuPerOp_ns({ cpu_us_per_op }: ArmResult): number | null {
  const { lanes, store, kms } = cpu_us_per_op;
  const known = [lanes, store, kms].filter((cpu_us) => cpu_us !== null);
  return known.length === 0 ? null : known.reduce((sum, cpu_us) => sum + cpu_us, 0) * 1e3;
}

/** Absent in results that were written before it was measured. */
function pacingPerOp_ns({ cpu_us_per_op: { pacing } }: ArmResult): number | null {
  return pacing === null || pacing === undefined ? null : pacing * 1e3;
}

/** A compared metric in words, and an arm's own figure of it. */
const METRICS: Record<string, { words: string; figure: (arm: ArmResult) => string }> = {
  response_p50: { words: 'p50', figure: (arm) => duration(arm.operations.all.response_ns.p50) },
  response_p99: { words: 'p99', figure: (arm) => duration(arm.operations.all.response_ns.p99) },
  service_p50: { words: 'service p50', figure: (arm) => duration(arm.operations.all.service_ns.p50) },
  service_p99: { words: 'service p99', figure: (arm) => duration(arm.operations.all.service_ns.p99) },
  achieved_per_s: { words: 'rate', figure: (arm) => rate(arm.rate.achieved_per_s) },
  cpu_us_per_op: { words: 'CPU', figure: (arm) => duration(cpuPerOp_ns(arm)) },
  kms_calls_per_op: { words: 'KMS calls', figure: (arm) => number(arm.kms?.calls_per_op ?? null) },
  connections_opened_per_op: {
    words: 'connections',
    figure: ({ connections, operations_total }) =>
      number(connections && operations_total > 0 ? connections.opened / operations_total : null),
  },
  cost_usd_per_million_ops: {
    words: 'cost',
    figure: (arm) => money(arm.cost_usd_per_million_ops?.total ?? null),
  },
};

/** A metric that a newer version compares goes by its own name, without figures. */
export function metricWords({ metric }: Comparison): string {
  return METRICS[metric]?.words ?? metric;
}

export function metricFigure({ metric }: Comparison, arm: ArmResult): string {
  return METRICS[metric]?.figure(arm) ?? WITHHELD;
}

/** Comparisons by the arm that is compared, in their order. */
export function byArm(comparisons: readonly Comparison[]): Map<string, Comparison[]> {
  const arms = new Map<string, Comparison[]>();
  for (const comparison of comparisons) {
    const there = arms.get(comparison.arm);
    if (there) there.push(comparison);
    else arms.set(comparison.arm, [comparison]);
  }
  return arms;
}

function readsOfNothing({ name, operations: { all } }: ArmResult): string[] {
  const read = (reads: number, what: string) =>
    reads === 0
      ? []
      : [
          `${name}: ${count(reads)} of ${count(all.count)} operations read ${what}. Their times are in no figure.`,
        ];
  return [
    ...read(all.early, 'an item whose insert was not acknowledged yet, or failed'),
    ...read(all.missing, 'an item that was not there any more'),
  ];
}

/** What a reader of any report has to know about these arms besides their numbers. */
export function remarks(arms: readonly ArmResult[]): string[] {
  const withoutAuthorisation = arms.filter((arm) => arm.settings.system.keyCache.scope === 'process');
  return [
    ...arms.flatMap(readsOfNothing),
    ...withoutAuthorisation.map(
      ({ name }) =>
        `${name}: cache scope "process" skips authorisation. It is for comparison only; don't deploy it.`,
    ),
  ];
}

/** How the load generator and the machine fared, or nothing where an older result doesn't say. */
export function generatorLine({ generator, operations: { all } }: ArmResult): string | undefined {
  if (!generator) return undefined;
  const { busiest_lane, gc_max_ns, machine_idle, undelayed_ns } = generator;
  const own = (percentile: 'p50' | 'p99') => {
    const [whole_ns, without_ns] = [all.response_ns[percentile], undelayed_ns[percentile]];
    return whole_ns === null || without_ns === null ? null : Math.max(0, whole_ns - without_ns);
  };
  return [
    `adds ${duration(own('p50'))} to p50 and ${duration(own('p99'))} to p99`,
    `lane busy ${percent(busiest_lane)}`,
    `longest collection ${duration(gc_max_ns)}`,
    `machine idle ${percent(machine_idle)}`,
  ].join(', ');
}

export function checksLine(arm: ArmResult): string {
  const inState = (state: string) => arm.identities.filter((identity) => identity.state === state).length;
  const skipped = inState('not checked');
  const held = `${inState('ok')} of ${arm.identities.length - skipped} hold`;
  return skipped > 0 ? `${held}, ${skipped} not checked` : held;
}
