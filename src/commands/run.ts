import { describePlan } from '../plan/plan.ts';
import { planReport, terminalReport } from '../report/report.ts';
import type { Result } from '../result/result.ts';
import { EXIT } from '../std/errors.ts';
import { loadWorkload } from '../workload/workload.ts';
import { ReportDirectory } from './directory.ts';
import { printData, printNote, terminalOptions } from './output.ts';
import { progress, watched } from './progress.ts';

export interface RunCommandOptions {
  out?: string;
  set: string[];
  target?: string;
  kms?: string;
  seed?: number;
  lanes?: number;
  json?: boolean;
  dryRun?: boolean;
  quiet?: boolean;
}

/**
 * Measures a workload, writes its reports, prints its table.
 *
 * @param stopped ends the run early
 * @returns the exit code: `unsupported` when an arm is invalid or the run was interrupted
 * @throws InputError
 */
export async function runCommand(
  path: string,
  options: RunCommandOptions,
  stopped: () => Promise<void>,
): Promise<number> {
  const { set, target, kms, seed, lanes, quiet = false } = options;
  const workload = await loadWorkload(path, { set, target, kms, seed });
  if (options.dryRun) {
    const plan = describePlan(workload);
    printData(options.json ? JSON.stringify(plan, null, 2) : planReport(plan));
    return EXIT.ok;
  }
  // Servers and lanes are loaded once there is something to measure.
  const { run } = await import('../run.ts');
  const directory = await ReportDirectory.create(workload.name, options.out);
  const show = progress(workload, { quiet, terminal: watched() });
  let result: Result | undefined;
  try {
    result = await run(workload, {
      lanes,
      stopped: stopped(),
      events: {
        ...show,
        seconds: (arm, seconds) => {
          directory.addSeconds(arm.name, seconds);
          show.seconds?.(arm, seconds);
        },
      },
    });
  } finally {
    show.end();
    await directory.closeSeconds();
    if (!result) await directory.discard();
  }
  await directory.write(result);
  printData(options.json ? JSON.stringify(result) : terminalReport(result, terminalOptions()));
  if (!quiet) printNote(`written to ${directory.path}: result.json, report.md, *.hlog, *.hgrm`);
  return supported(result) ? EXIT.ok : EXIT.unsupported;
}

function supported(result: Result): boolean {
  return !result.interrupted && result.arms.every((arm) => arm.verdict.value !== 'invalid');
}
