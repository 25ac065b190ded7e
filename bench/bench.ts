/** `npm run bench`, the main job: the micro-benchmarks, then what reused connections save against fresh ones. */
import { runCommand } from '../src/commands/run.ts';
import { runSuites } from './suite.ts';
import { suites } from './suites.ts';
import { formatFigures } from './table.ts';

const SUITES_BUDGET_MS = 10_000;
const WORKLOAD = 'workloads/keep-alive-vs-fresh.yaml';

process.stdout.write(`${formatFigures(await runSuites(suites, { budget_ms: SUITES_BUDGET_MS }))}\n`);
const interrupted = new Promise<void>((resolve) => process.once('SIGINT', () => resolve()));
process.exitCode = await runCommand(WORKLOAD, { set: [] }, () => interrupted);
