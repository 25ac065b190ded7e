import type { ArmResult, Comparison, Result } from '../result/types.ts';
import { breakdownRows } from './breakdown.ts';
import { confidence, ratio, ratioInterval, WITHHELD } from './format.ts';
import { armsWithEvents, eventLines, WINDOW_HEADER, windowRows } from './happened.ts';
import { byArm, checksLine, generatorLine, metricWords, remarks, SUMMARY_ROWS } from './rows.ts';
import { columns, type Style, styleFor, visibleLength, wrap } from './text.ts';

export interface TerminalOptions {
  color: boolean;
  /** Characters a line; at least 60 are used. */
  width: number;
}

const WIDTH_MIN = 60;
const WIDTH_MAX = 100;

/** A result for a person at a terminal: a column for each arm, then ratios, then what limits their meaning. */
export function terminalReport(result: Result, options: TerminalOptions): string {
  const style = styleFor(options.color);
  const width = Math.max(WIDTH_MIN, Math.min(WIDTH_MAX, options.width));
  const lines = [
    ...heading(result, style, width),
    '',
    ...tables(result, style, width),
    ...breakdowns(result.arms, style, width),
    ...whatHappened(result.arms, style, width),
    ...ratios(result, style, width),
    ...verdicts(result.arms, style, width),
  ];
  return `${lines.join('\n')}\n`;
}

function heading(result: Result, style: Style, width: number): string[] {
  const { environment } = result;
  const lanes = `${result.lanes} ${result.lanes === 1 ? 'lane' : 'lanes'}`;
  const facts = `seed ${result.seed} · ${lanes} · Node ${environment.node} · ${environment.cores} cores · ${result.startedAt}`;
  const stopped = result.interrupted ? [style.yellow('interrupted before its end')] : [];
  return [style.bold(result.name), ...wrap(facts, width).map(style.dim), ...stopped];
}

/** One table, or several when the arms are too many for the width. */
function tables(result: Result, style: Style, width: number): string[] {
  const labels = tableColumn(undefined, style);
  const labelWidth = Math.max(...labels.map(visibleLength));
  const lines: string[] = [];
  let arms: string[][] = [];
  let used = labelWidth;
  const flush = () => {
    if (arms.length > 0)
      lines.push(...columns(labels.map((label, i) => [label, ...arms.map((arm) => arm[i]!)])), '');
    arms = [];
    used = labelWidth;
  };
  for (const arm of result.arms) {
    const column = tableColumn(arm, style);
    const columnWidth = 2 + Math.max(...column.map(visibleLength));
    if (used + columnWidth > width) flush();
    arms.push(column);
    used += columnWidth;
  }
  flush();
  return lines;
}

/** An arm's column from its name down to its verdict; without an arm the labels. */
function tableColumn(arm: ArmResult | undefined, style: Style): string[] {
  const cells: string[] = [arm ? style.bold(arm.name) : ''];
  let group = '';
  for (const row of SUMMARY_ROWS) {
    const first = row.group !== group;
    group = row.group;
    if (arm) cells.push(emphasised(row.cell(arm), arm, style));
    else cells.push(`${(first ? group : '').padEnd(15)}${style.dim(row.label)}`);
  }
  cells.push(arm ? verdictWord(arm, style) : 'verdict');
  return cells;
}

/** Numbers of an invalid arm are there to look into, not to quote. */
function emphasised(cell: string, arm: ArmResult, style: Style): string {
  return arm.verdict.value === 'invalid' || cell === WITHHELD ? style.dim(cell) : cell;
}

function verdictWord(arm: ArmResult, style: Style): string {
  const paint = { valid: style.green, suspect: style.yellow, invalid: style.red }[arm.verdict.value];
  return paint(arm.verdict.value);
}

function breakdowns(arms: readonly ArmResult[], style: Style, width: number): string[] {
  const labels = breakdownRows(arms).map(([label]) => style.dim(label!));
  if (labels.length === 0) return [];
  const lines = [style.bold('Where the time goes') + style.dim(', means and shares of the response time')];
  let some: ArmResult[] = [];
  const table = (shown: readonly ArmResult[]): string[] => {
    const rows = breakdownRows(shown).map(([, ...cells], index) => [labels[index]!, ...cells]);
    return columns([['', ...shown.map((arm) => style.bold(arm.name))], ...rows]);
  };
  for (const arm of arms.filter(({ breakdown_ns }) => breakdown_ns)) {
    const wide = some.length > 0 && Math.max(...table([...some, arm]).map(visibleLength)) > width;
    if (wide) lines.push(...table(some), '');
    some = wide ? [arm] : [...some, arm];
  }
  return [...lines, ...table(some), ''];
}

function whatHappened(arms: readonly ArmResult[], style: Style, width: number): string[] {
  const shown = armsWithEvents(arms);
  if (shown.length === 0) return [];
  return [
    style.bold('What happened') + style.dim(', by when operations were due'),
    ...shown.flatMap((arm) => [
      `  ${style.bold(arm.name)}`,
      ...eventLines(arm).flatMap((line) => wrap(line, width, '    ', '      ')),
      ...columns([WINDOW_HEADER.map(style.dim), ...windowRows(arm)]).map((line) => `    ${line}`),
    ]),
    '',
  ];
}

function ratios(result: Result, style: Style, width: number): string[] {
  const arms = byArm(result.comparisons.filter(({ metric }) => !metric.startsWith('service_')));
  const first = result.comparisons.find((comparison) => comparison.low !== null);
  if (arms.size === 0) return [];
  const intervals = first
    ? `, with ${confidence(first.confidence)} intervals over ${first.blocks} blocks`
    : '';
  const lines = [style.bold('Ratios') + style.dim(intervals)];
  for (const [arm, comparisons] of arms) {
    lines.push(...armRatios(`${arm} / ${comparisons[0]!.base}`, comparisons, style, width));
  }
  return [...lines, ''];
}

function armRatios(title: string, comparisons: readonly Comparison[], style: Style, width: number): string[] {
  const known = comparisons.filter((comparison) => comparison.ratio !== null);
  if (known.length === 0) {
    const notes = [...new Set(comparisons.map((comparison) => comparison.note))].join('; ');
    return wrap(`${title}: ${notes}`, width, '  ', '    ');
  }
  const exact = known.filter((comparison) => comparison.low === null);
  // What blocks couldn't tell is named all the same, so that its absence isn't taken for "no difference".
  const estimated = comparisons.filter((comparison) => comparison.blocks > 0 && !exact.includes(comparison));
  return [
    `  ${title}`,
    ...joined(
      estimated.map((comparison) => ratioWords(comparison, style)),
      width,
    ),
    ...joined(
      exact.map((comparison) => ratioWords(comparison, style)),
      width,
    ),
  ];
}

function ratioWords(comparison: Comparison, style: Style): string {
  const { ratio: value, low, high } = comparison;
  const words = metricWords(comparison);
  const text = ratioInterval(value, low, high);
  if (value === null) return style.dim(`${words} ${text}`);
  if (low !== null && high !== null && low <= 1 && high >= 1)
    return style.dim(`${words} ${text}, no difference shown`);
  return `${words} ${style.bold(ratio(value))}${text.slice(ratio(value).length)}`;
}

/** Phrases with wide gaps, as many to a line as fit. */
function joined(phrases: readonly string[], width: number): string[] {
  const gap = '   ';
  const lines: string[] = [];
  for (const phrase of phrases) {
    const last = lines.at(-1);
    if (last !== undefined && visibleLength(last + gap + phrase) <= width)
      lines[lines.length - 1] = last + gap + phrase;
    else lines.push(`    ${phrase}`);
  }
  return lines;
}

function verdicts(arms: readonly ArmResult[], style: Style, width: number): string[] {
  const lines = arms
    .filter(({ verdict: { reasons, notes = [] } }) => reasons.length + notes.length > 0)
    .flatMap((arm) => [
      `${style.bold(arm.name)} is ${verdictWord(arm, style)}:`,
      ...[...arm.verdict.reasons, ...(arm.verdict.notes ?? [])].flatMap((reason) =>
        wrap(reason, width, '  - ', '    '),
      ),
    ]);
  const checks = arms.map((arm) => `${arm.name}: ${checksLine(arm)}`).join('; ');
  return [
    ...lines,
    ...remarks(arms)
      .flatMap((remark) => wrap(remark, width))
      .map(style.yellow),
    ...wrap(`Counter identities: ${checks}.`, width).map(style.dim),
    ...generatorLines(arms, width).map(style.dim),
    ...withheldLegend(arms)
      .flatMap((line) => wrap(line, width))
      .map(style.dim),
  ];
}

function generatorLines(arms: readonly ArmResult[], width: number): string[] {
  const known = arms.flatMap((arm) => {
    const line = generatorLine(arm);
    return line === undefined ? [] : `${arm.name}: ${line}`;
  });
  return known.length === 0 ? [] : wrap(`Load generator: ${known.join('; ')}.`, width);
}

function withheldLegend(arms: readonly ArmResult[]): string[] {
  const some = arms.some((arm) => SUMMARY_ROWS.some((row) => row.cell(arm) === WITHHELD));
  return some
    ? [
        `${WITHHELD} withheld: fewer than 10 samples lie beyond the percentile, it falls among failed operations, or the target doesn't count it.`,
      ]
    : [];
}
