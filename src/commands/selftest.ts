import { selftestReport } from '../report/report.ts';
import { type SelftestReport, selftest } from '../selftest/selftest.ts';
import { EXIT } from '../std/errors.ts';
import { printData, printNote, terminalOptions } from './output.ts';

export interface SelftestCommandOptions {
  json?: boolean;
  quick?: boolean;
  peers?: boolean;
  only: string[];
  quiet?: boolean;
}

const HOW = { first: '', again: ', again', autocannon: ', by autocannon' } as const;

/**
 * Measures servers whose answer is known and prints each case.
 *
 * @param stopped ends it early
 * @returns the exit code: `failed` when a case failed twice, `unsupported` on a machine too busy to judge, or interrupted
 * @throws InputError for an unknown case
 */
export async function selftestCommand(
  { json, quick, peers, only, quiet }: SelftestCommandOptions,
  stopped: () => Promise<void>,
): Promise<number> {
  const report = await selftest({
    quick,
    peers,
    only: only.length > 0 ? only : undefined,
    stopped: stopped(),
    measuring: (name, how) => {
      if (!quiet) printNote(`${name}${HOW[how]}`);
    },
  });
  printData(json ? JSON.stringify(report) : selftestReport(report, terminalOptions()));
  return exitCode(report);
}

function exitCode({ verdict, interrupted }: SelftestReport): number {
  if (verdict === 'fail') return EXIT.failed;
  return verdict === 'busy' || interrupted ? EXIT.unsupported : EXIT.ok;
}
