import type { ArmResult, Comparison, Result } from '../result/result.ts';
import { exactComparison, type Finding, invalidNote, noted, valuesOf, withheld } from './arms.ts';
import { unpairedRatio } from './interval.ts';
import { BLOCK_METRICS, type BlockMetric, EXACT_METRICS } from './metrics.ts';

/** Two runs side by side. */
export interface Diff {
  a: Result;
  b: Result;
  /** b / a of the arms that both have; `base` and `arm` are the arm's name. */
  comparisons: Comparison[];
  onlyInA: string[];
  onlyInB: string[];
  /** What besides the subject differs between the runs, and limits what the ratios mean. */
  cautions: string[];
}

/**
 * Compares arms of the same name. The runs took place at different times, so that blocks do not pair: intervals
 * cover the spread within the runs, not the drift between them.
 */
export function diffResults(a: Result, b: Result, options: { confidence: number }): Diff {
  const names = (result: Result) => result.arms.map((arm) => arm.name);
  const pairs = a.arms.flatMap((armA) => {
    const armB = b.arms.find((arm) => arm.name === armA.name);
    return armB ? [[armA, armB] as const] : [];
  });
  return {
    a,
    b,
    comparisons: pairs.flatMap(([armA, armB]) => compareRuns(armA, armB, options.confidence)),
    onlyInA: names(a).filter((name) => !names(b).includes(name)),
    onlyInB: names(b).filter((name) => !names(a).includes(name)),
    cautions: [
      'The runs took place at different times: intervals cover the spread within each, not drift between them.',
      ...environmentCautions(a, b),
      ...pairs.flatMap(([armA, armB]) => settingsCaution(armA, armB)),
    ],
  };
}

function compareRuns(a: ArmResult, b: ArmResult, confidence: number): Comparison[] {
  const pairing = { base: a.name, arm: b.name, confidence };
  const invalid = invalidNote([a, b]);
  const byBlock = BLOCK_METRICS.filter((metric) => metric.applies(a, b)).map((metric) => ({
    metric: metric.name,
    ...pairing,
    blocks: Math.min(a.blocks.length, b.blocks.length),
    ...(invalid ? withheld(invalid) : unpairedComparison(metric, a, b, confidence)),
  }));
  const exact = EXACT_METRICS.map((metric) => ({
    metric: metric.name,
    ...pairing,
    blocks: 0,
    ...(invalid ? withheld(invalid) : exactComparison(metric, a, b)),
  }));
  return [...byBlock, ...exact];
}

function unpairedComparison(metric: BlockMetric, a: ArmResult, b: ArmResult, confidence: number): Finding {
  const all = (arm: ArmResult) =>
    valuesOf(
      metric,
      arm,
      arm.blocks.map((block) => block.block),
    );
  const [valuesA, valuesB] = [all(a), all(b)];
  if ('note' in valuesA) return withheld(`in a, ${valuesA.note}`);
  if ('note' in valuesB) return withheld(`in b, ${valuesB.note}`);
  return noted(unpairedRatio(valuesA.values, valuesB.values, confidence));
}

function environmentCautions(a: Result, b: Result): string[] {
  const fields = ['cpu', 'cores', 'platform', 'node', 'sealbench'] as const;
  const differing = fields.filter((field) => a.environment[field] !== b.environment[field]);
  const machines = differing.map((field) => `${field} ${a.environment[field]} / ${b.environment[field]}`);
  return [
    ...(machines.length > 0 ? [`The environments differ: ${machines.join('; ')}.`] : []),
    ...(a.seed !== b.seed
      ? [`The seeds differ (${a.seed} / ${b.seed}): the runs did not play the same operations.`]
      : []),
    ...(a.lanes !== b.lanes ? [`The numbers of lanes differ (${a.lanes} / ${b.lanes}).`] : []),
  ];
}

function settingsCaution(a: ArmResult, b: ArmResult): string[] {
  const settings = [a.settings, b.settings] as unknown as Record<string, unknown>[];
  const fields = new Set(settings.flatMap((arm) => Object.keys(arm)));
  const differing = [...fields].filter(
    (field) => JSON.stringify(settings[0]![field]) !== JSON.stringify(settings[1]![field]),
  );
  return differing.length > 0 ? [`Arm ${a.name} was set up differently: ${differing.join(', ')}.`] : [];
}
