import { format } from '../src/report/report.ts';
import type { SuiteFigures, TaskFigure } from './suite.ts';

const HEAD = ['', 'per op', '±', 'ops/s', 'plaintext', 'rate against'];

/** One table for all suites, aligned for a terminal. */
export function formatFigures(suites: readonly SuiteFigures[]): string {
  const rows = suites.flatMap(({ name, tasks }) => [[name], ...tasks.map(rowOf)]);
  const all = [HEAD, ...rows];
  const widths = HEAD.map((_, column) =>
    Math.max(...all.map((row) => (row.length > 1 ? row[column]!.length : 0))),
  );
  return `${all.map((row) => lineOf(row, widths)).join('\n')}\n`;
}

function rowOf({ name, latency_ns, error, rate_per_s, bytes_per_s, against }: TaskFigure): string[] {
  return [
    `  ${name}`,
    format.duration(latency_ns),
    format.percent(error),
    format.number(rate_per_s),
    bytes_per_s === null ? '' : `${format.bytes(bytes_per_s)}/s`,
    against === null
      ? ''
      : `${format.ratioInterval(against.ratio, against.low, against.high)} ${against.task}`,
  ];
}

/** The first and the last column to the left, figures to the right. */
function lineOf(row: readonly string[], widths: readonly number[]): string {
  const cells = row.map((cell, column) => {
    const isText = column === 0 || column === widths.length - 1;
    return isText ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!);
  });
  return cells.join('  ').trimEnd();
}
