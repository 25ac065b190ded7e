import type { ArmResult, Comparison } from '../result/result.ts';
import { pairedRatio } from './interval.ts';
import { BLOCK_METRICS, type BlockMetric, EXACT_METRICS, type ExactMetric } from './metrics.ts';

export interface CompareOptions {
  /** Name of the arm that the others are compared with. */
  base: string;
  /** E.g. 0.95. */
  confidence: number;
}

/** Every other arm against the base, from the blocks of one run. Empty when the base is not there or alone. */
export function compareArms(arms: readonly ArmResult[], options: CompareOptions): Comparison[] {
  const base = arms.find((arm) => arm.name === options.base);
  if (!base) return [];
  return arms.filter((arm) => arm !== base).flatMap((arm) => compareWith(base, arm, options.confidence));
}

function compareWith(base: ArmResult, arm: ArmResult, confidence: number): Comparison[] {
  const pairing = { base: base.name, arm: arm.name, confidence };
  const shared = sharedBlocks(base, arm);
  const invalid = invalidNote([base, arm]);
  const byBlock = BLOCK_METRICS.filter((metric) => metric.applies(base, arm)).map((metric) => ({
    metric: metric.name,
    ...pairing,
    blocks: shared.length,
    ...(invalid ? withheld(invalid) : pairedComparison(metric, base, arm, shared, confidence)),
  }));
  const exact = EXACT_METRICS.map((metric) => ({
    metric: metric.name,
    ...pairing,
    blocks: 0,
    ...(invalid ? withheld(invalid) : exactComparison(metric, base, arm)),
  }));
  return [...byBlock, ...exact];
}

/** What a comparison says, apart from whom it compares. */
export type Finding = Pick<Comparison, 'ratio' | 'low' | 'high' | 'note'>;

function pairedComparison(
  metric: BlockMetric,
  base: ArmResult,
  arm: ArmResult,
  shared: readonly number[],
  confidence: number,
): Finding {
  const baseValues = valuesOf(metric, base, shared);
  const armValues = valuesOf(metric, arm, shared);
  if ('note' in baseValues) return withheld(baseValues.note);
  if ('note' in armValues) return withheld(armValues.note);
  return noted(pairedRatio(baseValues.values, armValues.values, confidence));
}

/** Counts compare by division: they hold for this run and these operations to the last one. */
export function exactComparison(metric: ExactMetric, base: ArmResult, arm: ArmResult): Finding {
  const [from, to] = [metric.shown(base), metric.shown(arm)];
  if (from === null || to === null) return withheld('not counted by the target');
  if (from === 0) return withheld(to === 0 ? 'both are 0' : 'no ratio to 0');
  return { ratio: to / from, low: null, high: null, note: 'exact count, no sampling error' };
}

/** The metric's value in each of these blocks, or why there is none to compare. */
export function valuesOf(
  metric: BlockMetric,
  arm: ArmResult,
  blocks: readonly number[],
): { values: number[] } | { note: string } {
  if (metric.shown(arm) === null)
    return { note: `${arm.name} has too few samples for it, or too many failures` };
  if (blocks.length === 0) return { note: 'no blocks in common' };
  const byNumber = new Map(arm.blocks.map((block) => [block.block, block]));
  const values = blocks.map((number) => metric.inBlock(byNumber.get(number)!));
  const usable = values.filter((value) => value !== null && value > 0);
  return usable.length < values.length
    ? { note: `a block of ${arm.name} has too few operations for it, or too many failures` }
    : { values: usable as number[] };
}

export function invalidNote(arms: readonly ArmResult[]): string | undefined {
  const names = arms.filter((arm) => arm.verdict.value === 'invalid').map((arm) => arm.name);
  return names.length > 0 ? `withheld: ${[...new Set(names)].join(' and ')} invalid` : undefined;
}

export function withheld(note: string): Finding {
  return { ratio: null, low: null, high: null, note };
}

export function noted(finding: Pick<Comparison, 'ratio' | 'low' | 'high'>): Finding {
  return finding.low === null ? { ...finding, note: 'one block: no interval' } : finding;
}

function sharedBlocks(base: ArmResult, arm: ArmResult): number[] {
  const there = new Set(arm.blocks.map((block) => block.block));
  return base.blocks.map((block) => block.block).filter((block) => there.has(block));
}
