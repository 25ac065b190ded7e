/** Report: a result → text. One formatter for all numbers; nothing here measures or decides. */
import type { Result } from '../result/types.ts';
import { csv } from './csv.ts';
import { hgrm, hlog } from './hdr.ts';
import { markdownReport } from './markdown.ts';

export { diffReport } from './diff.ts';
export * as format from './format.ts';
export { type HlogInterval, HlogWriter, hgrmOf } from './hdr.ts';
export { markdownReport } from './markdown.ts';
export { planReport } from './plan.ts';
export { selftestReport } from './selftest.ts';
export { type TerminalOptions, terminalReport } from './terminal.ts';

/** By the name that `report --format` takes. */
export const formats: Readonly<Record<string, (result: Result) => string>> = {
  md: markdownReport,
  json: (result) => `${JSON.stringify(result, null, 2)}\n`,
  hlog,
  hgrm,
  csv,
};
