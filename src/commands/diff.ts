import { diffResults } from '../compare/compare.ts';
import { diffReport } from '../report/report.ts';
import { readResult } from '../result/result.ts';
import { printData, terminalOptions } from './output.ts';

const CONFIDENCE = 0.95;

export interface DiffOptions {
  json?: boolean;
}

/** Prints two results side by side. @throws InputError for a file that is no result of this schema */
export async function diff(a: string, b: string, options: DiffOptions): Promise<void> {
  const [base, head] = [await readResult(a), await readResult(b)];
  const difference = diffResults(base, head, { confidence: CONFIDENCE });
  const { comparisons, cautions } = difference;
  if (options.json) printData(JSON.stringify({ a, b, comparisons, cautions }, null, 2));
  else printData(diffReport(difference, terminalOptions()));
}
