/** The command table: parses, loads and calls the one command, and turns outcomes into exit codes. */
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { printNote } from './commands/output.ts';
import { formats } from './report/report.ts';
import { packageVersion } from './std/environment.ts';
import { describeProblem, EXIT, InputError } from './std/errors.ts';

const program = new Command('sealbench')
  .description(
    'Measures what encryption at rest costs: load tests for stores that seal items under KMS keys.',
  )
  .version(packageVersion())
  .showHelpAfterError('(--help lists commands and options)')
  .exitOverride();

program
  .command('run')
  .summary('measure every arm of a workload, interleaved in blocks')
  .description(
    'Runs every arm of a workload in interleaved blocks and writes result.json, report.md, *.hlog, *.hgrm.',
  )
  .argument('<workload>', 'workload file (YAML)')
  .option('--out <dir>', 'directory for the results (default: reports/<name>-<time>)')
  .option('--set <path=value>', 'override a field; the value is YAML; repeatable', collect, [])
  .option('--target <url>', 'measure this DynamoDB endpoint (http or https) and not the embedded system')
  .option('--kms <url>', 'the KMS of --target, to make the table key in')
  .option('--seed <n>', 'seed of the plan', wholeNumber)
  .option('--lanes <n>', 'worker threads that generate load (default: cores - 1)', positiveNumber)
  .option('--json', 'print the result as JSON on stdout')
  .option('--dry-run', 'print the plan and send nothing')
  .option('--quiet', 'no progress on stderr')
  .action(async (workload, options) => {
    const { runCommand } = await import('./commands/run.ts');
    process.exitCode = await runCommand(workload, options, stopSignal);
  });

program
  .command('diff')
  .summary('two result files side by side, with intervals')
  .argument('<a>', 'result.json of the one run')
  .argument('<b>', 'result.json of the other')
  .option('--json', 'print the comparisons as JSON')
  .action(async (a, b, options) => {
    const { diff } = await import('./commands/diff.ts');
    await diff(a, b, options);
  });

program
  .command('report')
  .summary('a result in another format')
  .argument('<result>', 'result.json')
  .requiredOption('--format <format>', `one of ${Object.keys(formats).join(', ')}`)
  .option('-o, --output <file>', 'write to a file and not to stdout')
  .action(async (result, options) => {
    const { report } = await import('./commands/report.ts');
    await report(result, options);
  });

program
  .command('serve')
  .summary('the embedded DynamoDB and KMS, for any AWS SDK or CLI')
  .option('--port <n>', 'DynamoDB port; 0 takes any free one', port, 8000)
  .option('--kms-port <n>', 'KMS port; 0 takes any free one', port, 8001)
  .option(
    '--admin-port <n>',
    'counters, metrics, trail, clock and faults on this loopback port (default: off)',
    port,
  )
  .option('--data <dir>', 'keep tables, keys and credentials here (default: in memory)')
  .option('--callers <n>', 'principals with credentials of their own', positiveNumber, 1)
  .option(
    '--policies <file>',
    'what callers may do with KMS keys: JSON, caller name to IAM policy document (default: everything)',
  )
  .option(
    '--notify <target>',
    'tell when a table loses its KMS key, has it back, is archived: a file (a JSON line each), or e-mail by smtp[s]://[user:password@]host[:port]?from=a@b&to=c@d (default: nobody)',
  )
  .option('--trail <dir>', "write the KMS's trail here, in rotating files of JSON lines (default: in memory)")
  .option(
    '--trail-files <n>',
    'files of the trail that are kept, of 16 MiB or an hour each',
    positiveNumber,
    64,
  )
  .option('--tls', 'HTTPS with a throw-away certificate', false)
  .option('--region <name>', 'Region that the servers say they are in', region, 'us-east-1')
  .option(
    '--replica-regions <names>',
    'further Regions at the same ports, for replicas of tables: eu-west-1,ap-southeast-1; clients reach one by naming it',
    regions,
    [],
  )
  .action(async (options) => {
    const { serve } = await import('./commands/serve.ts');
    await serve(options, stopSignal());
  });

program
  .command('trail')
  .summary('what a trail that serve wrote has: events, or how many')
  .argument('<dir>', 'directory of serve --trail')
  .option('--count <by>', 'count by operation, principal, table, key, error: some of them, with commas')
  .option('--operation <name>', 'only this operation')
  .option('--principal <arn>', 'only this principal')
  .option('--table <name>', 'only this table')
  .option('--key <arn>', 'only this key')
  .option('--error <code>', 'only this error')
  .option('--since <time>', 'only from this time on, such as 2026-01-31T12:00:00Z')
  .action(async (directory, options) => {
    const { trail } = await import('./commands/trail.ts');
    await trail(directory, options);
  });

program
  .command('selftest')
  .summary('measure servers whose answer is known: can this machine be trusted?')
  .description(
    'Starts servers with known answers, measures them as a workload is measured, and compares with their law and with their own log: pass or fail for each, and what this machine adds. Under a minute. Exits 1 when a case fails twice, 3 when the machine is too busy to tell.',
  )
  .option('--quick', 'leave the long measurements out')
  .option('--only <case>', 'do this case alone; repeatable', collect, [])
  .option('--peers', "show autocannon's own answers about the same servers")
  .option('--json', 'print the report as JSON')
  .option('--quiet', 'no progress on stderr')
  .action(async (options) => {
    const { selftestCommand } = await import('./commands/selftest.ts');
    process.exitCode = await selftestCommand(options, stopSignal);
  });

program
  .command('schema')
  .summary("the workload file's JSON Schema")
  .action(async () => {
    const { schema } = await import('./commands/schema.ts');
    schema();
  });

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = explain(error);
}

/** Says what went wrong, once, and returns the exit code. */
function explain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.input;
  if (error instanceof InputError) {
    for (const problem of error.problems) printNote(`sealbench: ${describeProblem(problem)}`);
    return EXIT.input;
  }
  printNote(
    `sealbench: this is a defect of sealbench, please report it\n${(error as Error)?.stack ?? error}`,
  );
  return EXIT.input;
}

/** Resolves on the first Ctrl-C or SIGTERM; a second one ends the process at once. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}

function collect(value: string, previous: string[]): string[] {
  return [...previous, value];
}

function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It takes a whole number, 0 or more.');
  return Number(text);
}

function positiveNumber(text: string): number {
  const number = wholeNumber(text);
  if (number < 1 || number > 10_000)
    throw new InvalidArgumentError('It takes a whole number from 1 to 10000.');
  return number;
}

function port(text: string): number {
  const number = wholeNumber(text);
  if (number > 65_535) throw new InvalidArgumentError('It takes a port, 0 to 65535.');
  return number;
}

function region(text: string): string {
  if (!/^[a-z]{2}(-[a-z]+)+-\d+$/.test(text))
    throw new InvalidArgumentError('It takes a Region such as eu-central-1.');
  return text;
}

function regions(text: string): string[] {
  const names = text.split(',').map(region);
  if (new Set(names).size < names.length) throw new InvalidArgumentError('It takes each Region once.');
  return names;
}
