import {
  type ArmResult,
  type BlockSummary,
  censoredPercentile,
  readHdr,
  type Summary,
} from '../result/result.ts';

/** A metric with a value in every block, so that blocks give it an interval. Null where a block can't tell. */
export interface BlockMetric {
  name: string;
  /** Whether comparing these two arms by it says anything. */
  applies(base: ArmResult, arm: ArmResult): boolean;
  /** The arm's own figure, as its table shows it; null where it is withheld. */
  shown(arm: ArmResult): number | null;
  inBlock(block: BlockSummary): number | null;
}

/** A count over the whole arm: it has no sampling error. */
export interface ExactMetric {
  name: string;
  shown(arm: ArmResult): number | null;
}

export const BLOCK_METRICS: readonly BlockMetric[] = [
  percentileMetric('response', 50, 'p50'),
  percentileMetric('response', 99, 'p99'),
  percentileMetric('service', 50, 'p50'),
  percentileMetric('service', 99, 'p99'),
  {
    name: 'achieved_per_s',
    // In an open loop the plan sets the rate; a difference there is unissued work, which is invalid anyway.
    applies: (base, arm) => base.settings.arrivals.loop === 'closed' && sameLoop(base, arm),
    shown: (arm) => arm.rate.achieved_per_s,
    inBlock: (block) => (block.operations - block.errors) / (block.duration_ns / 1e9),
  },
  cpuMetric('cpu_us_per_op', ['lanes', 'store', 'kms']),
];

export const EXACT_METRICS: readonly ExactMetric[] = [
  { name: 'kms_calls_per_op', shown: (arm) => arm.kms?.calls_per_op ?? null },
  {
    name: 'connections_opened_per_op',
    shown: ({ connections, operations_total }) =>
      connections && operations_total > 0 ? connections.opened / operations_total : null,
  },
  { name: 'cost_usd_per_million_ops', shown: (arm) => arm.cost_usd_per_million_ops?.total ?? null },
];

function percentileMetric(
  time: 'response' | 'service',
  percentile: number,
  key: keyof Summary & ('p50' | 'p99'),
): BlockMetric {
  return {
    name: `${time}_${key}`,
    // A closed loop waits with its next operation until the target is ready: its response times leave the queue out.
    applies: (base, arm) => time === 'service' || sameLoop(base, arm),
    shown: (arm) => arm.operations.all[`${time}_ns`][key],
    inBlock: (block) => {
      const histogram = readHdr(time === 'response' ? block.response_hdr : block.service_hdr);
      // Of fewer operations it would be the greatest of them, whichever percentile that is.
      const needed = 100 / (100 - percentile);
      if (histogram.count + block.errors < needed) return null;
      return censoredPercentile(histogram, percentile, block.errors);
    },
  };
}

function sameLoop(a: ArmResult, b: ArmResult): boolean {
  return a.settings.arrivals.loop === b.settings.arrivals.loop;
}

type CpuPart = keyof BlockSummary['cpu_us'];

/** CPU of all processes that both arms account for; those of a remote target are nobody's. */
function cpuMetric(name: string, parts: readonly CpuPart[]): BlockMetric {
  const add = (cpu_us: Record<CpuPart, number | null>) => {
    const known = parts.map((part) => cpu_us[part]).filter((part) => part !== null);
    return known.length === 0 ? null : known.reduce((sum, part) => sum + part, 0);
  };
  return {
    name,
    applies: (base, arm) =>
      parts.every((part) => (base.cpu_us_per_op[part] === null) === (arm.cpu_us_per_op[part] === null)),
    shown: (arm) => add(arm.cpu_us_per_op),
    inBlock: (block) => {
      const cpu_us = add(block.cpu_us);
      return cpu_us === null || block.operations === 0 ? null : cpu_us / block.operations;
    },
  };
}
