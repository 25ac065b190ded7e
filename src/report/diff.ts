import type { Diff } from '../compare/compare.ts';
import type { ArmResult, Comparison } from '../result/types.ts';
import { confidence, ratioInterval, WITHHELD } from './format.ts';
import { byArm, metricFigure, metricWords } from './rows.ts';
import type { TerminalOptions } from './terminal.ts';
import { columns, type Style, styleFor, wrap } from './text.ts';

/** Two results side by side: each arm's figures in a and b, and b / a. */
export function diffReport(diff: Diff, options: TerminalOptions): string {
  const style = styleFor(options.color);
  const width = Math.max(60, Math.min(100, options.width));
  const lines = [
    `${style.bold('a')}  ${diff.a.name}, ${diff.a.startedAt}`,
    `${style.bold('b')}  ${diff.b.name}, ${diff.b.startedAt}`,
    '',
    ...[...byArm(diff.comparisons)].flatMap(([arm, comparisons]) => [
      ...armTable(diff, arm, comparisons, style),
      '',
    ]),
    ...missing('a', diff.onlyInA),
    ...missing('b', diff.onlyInB),
    ...diff.cautions.flatMap((caution) => wrap(caution, width, '- ', '  ')),
  ];
  return `${lines.join('\n')}\n`;
}

function armTable(diff: Diff, name: string, comparisons: readonly Comparison[], style: Style): string[] {
  const [a, b] = [diff.a, diff.b].map((result) => result.arms.find((arm) => arm.name === name)!) as [
    ArmResult,
    ArmResult,
  ];
  const rows = comparisons.map((comparison) => [
    metricWords(comparison),
    metricFigure(comparison, a),
    metricFigure(comparison, b),
    ratioCell(comparison, style),
  ]);
  const verdict = ['verdict', a.verdict.value, b.verdict.value, ''];
  return columns([
    [style.bold(name), 'a', 'b', `b / a (${confidence(comparisons[0]!.confidence)})`],
    ...rows,
    verdict,
  ]);
}

function ratioCell(comparison: Comparison, style: Style): string {
  const { ratio, low, high, note } = comparison;
  if (ratio === null) return style.dim(note ?? WITHHELD);
  const text = ratioInterval(ratio, low, high);
  if (low === null || high === null) return ratio === 1 ? style.dim(text) : text;
  return low > 1 || high < 1 ? style.bold(text) : style.dim(text);
}

function missing(run: string, names: readonly string[]): string[] {
  return names.length > 0 ? [`Only in ${run}: ${names.join(', ')}.`] : [];
}
