import { format } from '../../src/report/report.ts';
import type { Environment } from '../../src/std/environment.ts';
import type { Finding } from './types.ts';

const HEAD = ['', 'ours', 'peer', 'ratio (95 % interval)', 'target', ''];

/** The findings as a Markdown table, its columns aligned so that it also reads well on a terminal. */
export function formatFindings(findings: readonly Finding[]): string {
  const rows = [HEAD, ...findings.map(cellsOf)];
  const widths = HEAD.map((_, column) => Math.max(3, ...rows.map((row) => row[column]!.length)));
  const [head, ...body] = rows.map((row) => lineOf(row, widths));
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [head, rule, ...body].join('\n');
}

const CONDITIONS =
  'One server process and one client process with 10 keep-alive connections, the same client for both servers; items of 1 KiB. Ours encrypts every item under a customer managed key and stores it in LMDB; dynalite keeps it in memory as it is and verifies no signature. Turns are shuffled and mirrored; a ratio is the geometric mean over rounds with its interval (Student, on logarithms), a figure the median. Where signatures are verified, the client signs.';

/** Where the figures come from. */
export function describeMachine({ cpu, cores, node }: Environment): string {
  return `\`npm run bench:peers\` on ${cores} cores of ${cpu}, Node ${node}. ${CONDITIONS}`;
}

function cellsOf({ what, ours, peer, ratio, target, met }: Finding): string[] {
  const text = ratio === null ? '' : format.ratioInterval(ratio.ratio, ratio.low, ratio.high);
  return [what, ours, peer, text, target, met === null ? '' : met ? 'met' : 'missed'];
}

function lineOf(row: readonly string[], widths: readonly number[]): string {
  return `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
}
