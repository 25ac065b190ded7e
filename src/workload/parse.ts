import { dirname } from 'node:path';
import { InputError, type Problem } from '../std/errors.ts';
import type { TraceFormat, TraceSurvey } from '../trace/types.ts';
import { ARM_CHECKS } from './checks.ts';
import { DEFAULTS } from './defaults.ts';
import { parseDocumentText, type WorkloadDocument } from './document.ts';
import { applyOverrides, type Override, parseOverrides, type WorkloadOverrides } from './overrides.ts';
import { formatPath, type Path, suggestion, tidyProblems } from './problems.ts';
import { isRemote, mergedArms, resolveArm } from './resolve.ts';
import type { WrittenArm, WrittenWorkload } from './schema.ts';
import { tableNames } from './table.ts';
import { applySurvey, surveyProblem } from './traces.ts';
import type { Arm, Workload } from './types.ts';
import { validate } from './validate.ts';

/**
 * Resolves the text of a workload file.
 * @param source the file's path, for messages
 * @param survey looks into the recorded traffic that it names
 * @throws InputError E_WORKLOAD with every problem found, each with its line or command line option
 */
export function parseWorkload(
  text: string,
  source: string,
  overrides: WorkloadOverrides = {},
  survey: SurveyTrace = withoutFiles,
): Workload {
  const document = parseDocumentText(text, source);
  const parsed = parseOverrides(overrides);
  const { value, problems } = applyOverrides(document.value, parsed);
  const where = (path: Path) => placeOf(path, document, source, parsed);
  const validation = validate(value, where);
  problems.push(...validation.problems);
  const written = validation.written && withoutMootSystem(validation.written, parsed);
  const arms = written ? resolveArms(written, dirname(source)) : [];
  if (written) {
    const unread = surveyTraces(arms, survey, validation.doubtful, where);
    // How long a trace lasts that can't be read, nobody knows.
    const doubtful = unread.length > 0 ? [...validation.doubtful, ['phases']] : validation.doubtful;
    problems.push(...unread);
    problems.push(...armProblems(written, arms, value, doubtful, where));
    problems.push(...workloadProblems(written, arms, doubtful, where));
  }
  if (problems.length > 0) throw new InputError('E_WORKLOAD', tidyProblems(inFileOrder(problems)));
  return {
    name: written!.name,
    seed: written!.seed ?? DEFAULTS.seed,
    arms: arms.map(({ arm }) => arm),
    compare: {
      base: written!.compare?.base ?? arms[0]!.arm.name,
      blocks: written!.compare?.blocks ?? DEFAULTS.compare.blocks,
      confidence: written!.compare?.confidence ?? DEFAULTS.compare.confidence,
    },
    source,
    written: value,
  };
}

/** One pass through a trace. @throws Error with what is wrong with it in words */
export type SurveyTrace = (file: string, format: TraceFormat) => TraceSurvey;

const withoutFiles: SurveyTrace = () => {
  throw new Error("can't be read here.");
};

/** Looks into each trace once, and fills in what follows from it. */
function surveyTraces(
  arms: readonly ResolvedArm[],
  survey: SurveyTrace,
  doubtful: readonly Path[],
  where: (path: Path) => string,
): Problem[] {
  const surveys = new Map<string, TraceSurvey | string>();
  if (touchesAny(['trace'], doubtful)) return [];
  for (const { arm, written } of arms) {
    if (!arm.trace) continue;
    const { file, format } = arm.trace;
    const id = JSON.stringify([file, format]);
    if (!surveys.has(id))
      surveys.set(
        id,
        attempt(() => survey(file, format)),
      );
    const found = surveys.get(id)!;
    if (typeof found !== 'string') applySurvey(arm, written, found);
  }
  return [...surveys.values()].flatMap((found) => {
    const what = typeof found === 'string' ? found : surveyProblem(found);
    if (what === undefined) return [];
    const remedy = "Check 'trace.file', 'trace.format' and 'trace.columns'.";
    return [{ what: `trace.file: ${what}`, where: where(['trace', 'file']), remedy }];
  });
}

function attempt(survey: () => TraceSurvey): TraceSurvey | string {
  try {
    return survey();
  } catch (error) {
    return (error as Error).message;
  }
}

interface ResolvedArm {
  arm: Arm;
  written: WrittenArm;
}

function resolveArms(written: WrittenWorkload, directory: string): ResolvedArm[] {
  return [...mergedArms(written)].map(([name, merged]) => ({
    arm: resolveArm(name, merged, directory),
    written: merged,
  }));
}

/** A file made for the embedded system can be pointed at an endpoint from the command line as it is. */
function withoutMootSystem(written: WrittenWorkload, overrides: readonly Override[]): WrittenWorkload {
  const redirected = isRemote(written.target) && overrides.some(({ path }) => path[0] === 'target');
  const insisted = overrides.some(({ path }) => path[0] === 'system');
  return redirected && !insisted ? { ...written, system: undefined } : written;
}

/** The last override of the field, or of something in it or around it; else its line in the file. */
function placeOf(
  path: Path,
  document: WorkloadDocument,
  source: string,
  overrides: readonly Override[],
): string {
  const inFile = isWritten(document.value, path);
  const override = overrides.findLast(
    (candidate) => startsWith(path, candidate.path) || (!inFile && startsWith(candidate.path, path)),
  );
  if (override) return override.label;
  const line = document.lineOf(path);
  return line === undefined ? source : `${source}:${line}`;
}

function armProblems(
  written: WrittenWorkload,
  arms: readonly ResolvedArm[],
  value: Record<string, unknown>,
  doubtful: readonly Path[],
  where: (path: Path) => string,
): Problem[] {
  const problems: Problem[] = [];
  for (const { arm, written: merged } of arms) {
    for (const check of ARM_CHECKS) {
      const reads = check.reads.map((field) => field.split('.'));
      const inDoubt = reads.some((path) =>
        [path, ['arms', arm.name, ...path]].some((read) => touchesAny(read, doubtful)),
      );
      const clash = inDoubt ? undefined : check.find(arm, merged);
      if (!clash) continue;
      const { at = [], ...problem } = clash;
      const path = [...writtenAt(reads, written.arms ? arm.name : undefined, value), ...at];
      problems.push({ ...problem, what: `${formatPath(path)}: ${problem.what}`, where: where(path) });
    }
  }
  return problems;
}

/** Where the file says the first of the fields that it says at all: in the arm, or in the base. */
function writtenAt(
  reads: readonly Path[],
  armName: string | undefined,
  value: Record<string, unknown>,
): Path {
  for (const path of reads) {
    const inArm = armName === undefined ? undefined : ['arms', armName, ...path];
    if (inArm && isWritten(value, inArm)) return inArm;
    if (isWritten(value, path)) return path;
  }
  return reads[0]!;
}

function isWritten(value: unknown, path: Path): boolean {
  let node = value;
  for (const step of path) {
    if (typeof node !== 'object' || node === null || !Object.hasOwn(node, step)) return false;
    node = (node as Record<string | number, unknown>)[step];
  }
  return true;
}

/** A turn must be long against the resolution of timers and the time that connections take to settle. */
const SHORTEST_TURN_ns = 100e6;

function workloadProblems(
  written: WrittenWorkload,
  arms: readonly ResolvedArm[],
  doubtful: readonly Path[],
  where: (path: Path) => string,
): Problem[] {
  const problems: Problem[] = [];
  const report = (path: Path, what: string, remedy: string) => {
    if (!touchesAny(path, doubtful))
      problems.push({ what: `${formatPath(path)}: ${what}`, where: where(path), remedy });
  };
  const names = arms.map(({ arm }) => arm.name);
  const { base, blocks = DEFAULTS.compare.blocks } = written.compare ?? {};
  const armsInDoubt = doubtful.some((path) => path[0] === 'arms' && path.length <= 2);
  if (base !== undefined && !names.includes(base) && !armsInDoubt) {
    report(['compare', 'base'], `there is no arm '${base.slice(0, 60)}'.`, suggestion(base, names, 'Arms'));
  }
  if (blocks < 2 && arms.length > 1) {
    const what = 'one block has no spread to compare arms by.';
    report(['compare', 'blocks'], what, 'Use at least 2; intervals are good from about 5 on.');
  }
  for (const { arm } of touchesAny(['phases'], doubtful) ? [] : arms) {
    const problem = blockProblem(arm, blocks);
    if (problem) report(['compare', 'blocks'], problem, 'Use fewer blocks or longer phases.');
  }
  for (const [name, other] of sharedTables(arms)) {
    const what = `arms '${name}' and '${other}' would share a table at one target.`;
    report(['table', 'name'], what, "Give each its own 'table.name', or leave it out.");
  }
  return problems;
}

/** What an arm's measured phases are too short for. */
function blockProblem({ name, phases, arrivals }: Arm, blocks: number): string | undefined {
  const measured = phases.filter((phase) => phase.measured);
  const measured_ns = measured.reduce((sum, { duration_ns }) => sum + (duration_ns ?? 0), 0);
  if (measured_ns > 0) {
    return measured_ns / blocks >= SHORTEST_TURN_ns
      ? undefined
      : `${Number((measured_ns / 1e6).toPrecision(6))} ms measured in ${blocks} blocks make turns shorter than 100 ms (arm '${name}').`;
  }
  const operations = measured.reduce((sum, phase) => sum + (phase.operations ?? 0), 0);
  return arrivals.loop === 'open' || operations === 0 || operations >= blocks
    ? undefined
    : `${operations} operations measured in ${blocks} blocks leave some without any (arm '${name}').`;
}

function sharedTables(arms: readonly ResolvedArm[]): [string, string][] {
  const owners = new Map<string, string>();
  const shared: [string, string][] = [];
  for (const { arm } of arms.filter((candidate) => isRemote(candidate.arm.target))) {
    const tables = tableNames(arm.table).map((name) => `${arm.target} ${name}`);
    const owner = tables.map((table) => owners.get(table)).find((name) => name !== undefined);
    if (owner !== undefined) shared.push([owner, arm.name]);
    for (const table of tables) owners.set(table, arm.name);
  }
  return shared;
}

function touchesAny(path: Path, others: readonly Path[]): boolean {
  return others.some((other) => startsWith(path, other) || startsWith(other, path));
}

function startsWith(path: Path, prefix: Path): boolean {
  return prefix.length <= path.length && prefix.every((step, i) => String(step) === String(path[i]));
}

function inFileOrder(problems: readonly Problem[]): Problem[] {
  const line = ({ where }: Problem) => Number(/:(\d+)$/.exec(where ?? '')?.[1] ?? Number.POSITIVE_INFINITY);
  const byLine = (a: Problem, b: Problem) => (line(a) === line(b) ? 0 : line(a) - line(b));
  return problems.toSorted(byLine);
}
