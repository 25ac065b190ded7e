/** `--set path=value`: a field of the file replaced from the command line, its value written in YAML. */
import { parseDocument } from 'yaml';
import { InputError, type Problem } from '../std/errors.ts';
import { formatPath, type Path, quote } from './problems.ts';

/** Command line options that replace fields of the file. */
export interface WorkloadOverrides {
  /** `path=value`, e.g. `arms.fresh.connections.mode=resumed`, `phases[1].for=3s`; a value of `null` removes the field. */
  set?: readonly string[];
  target?: string;
  kms?: string;
  seed?: number;
}

export interface Override {
  /** As it stands on the command line, for messages. */
  label: string;
  path: Path;
  value: unknown;
}

/** @throws InputError E_WORKLOAD for anything that is not path=value */
export function parseOverrides(overrides: WorkloadOverrides): Override[] {
  const problems: Problem[] = [];
  const parsed: Override[] = [];
  for (const text of overrides.set ?? []) {
    const result = parseSet(text);
    if ('what' in result) problems.push(result);
    else parsed.push(result);
  }
  for (const name of ['target', 'kms', 'seed'] as const) {
    const value = overrides[name];
    if (value !== undefined) parsed.push({ label: `--${name}`, path: [name], value });
  }
  if (problems.length > 0) throw new InputError('E_WORKLOAD', problems);
  return parsed;
}

function parseSet(text: string): Override | Problem {
  const match = /^([^=]+)=(.*)$/s.exec(text);
  const path = match ? parsePath(match[1]!.trim()) : undefined;
  if (!match || !path) {
    const remedy = 'Write a path and a value: --set phases[1].for=3s.';
    return { what: `expected path=value, got ${quote(text)}.`, where: '--set', remedy };
  }
  const where = `--set ${formatPath(path)}`;
  const document = parseDocument(match[2]!, {
    prettyErrors: false,
    resolveKnownTags: false,
    logLevel: 'error',
  });
  const flaw = document.errors[0] ?? document.warnings[0];
  if (flaw) return { what: `the value is not YAML: ${flaw.message.replace(/\.?$/, '.')}`, where };
  try {
    return { label: where, path, value: document.toJS({ maxAliasCount: 0 }) };
  } catch (error) {
    if (!(error instanceof ReferenceError || error instanceof RangeError)) throw error;
    return { what: 'the value is not YAML without aliases.', where };
  }
}

/** `a.b[1].c` and `a.b.1.c` alike. */
function parsePath(text: string): Path | undefined {
  const steps = text.replaceAll(/\[(\d+)\]/g, '.$1').split('.');
  const wellFormed = steps.every((step) => /^[A-Za-z0-9_-]+$/.test(step) && step !== '__proto__');
  return wellFormed ? steps.map((step) => (/^\d+$/.test(step) ? Number(step) : step)) : undefined;
}

/** Returns a copy with the overrides applied in order; parents that are missing come into being. */
export function applyOverrides(
  value: Record<string, unknown>,
  overrides: readonly Override[],
): { value: Record<string, unknown>; problems: Problem[] } {
  const copy = structuredClone(value);
  const problems = overrides.map((override) => applyOverride(copy, override));
  return { value: copy, problems: problems.filter((problem) => problem !== undefined) };
}

function applyOverride(root: Record<string, unknown>, { label, path, value }: Override): Problem | undefined {
  let parent: Record<string, unknown> | unknown[] = root;
  for (const [depth, step] of path.entries()) {
    if (Array.isArray(parent) && !(typeof step === 'number' && step < parent.length)) {
      const parentPath = formatPath(path.slice(0, depth));
      const remedy = `Entries count from 0: ${parentPath}[0].`;
      return {
        what: `${parentPath} has ${parent.length} entries, and no ${quote(step)}.`,
        where: label,
        remedy,
      };
    }
    const fields = parent as Record<string, unknown>;
    if (depth === path.length - 1) {
      if (value !== null) fields[step] = value;
      else if (Array.isArray(parent)) parent.splice(step as number, 1);
      else delete fields[step];
      return undefined;
    }
    const child = Object.hasOwn(fields, step) ? fields[step] : undefined;
    if (typeof child === 'object' && child !== null) {
      parent = child as Record<string, unknown>;
    } else if (child === undefined || child === null) {
      parent = {};
      fields[step] = parent;
    } else {
      const what = `${formatPath(path.slice(0, depth + 1))} is a plain value without fields.`;
      return { what, where: label };
    }
  }
  return undefined;
}
