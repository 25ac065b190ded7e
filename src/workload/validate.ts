/** Holds a written value against the schema and words what zod finds. */
import * as z from 'zod';
import type { Problem } from '../std/errors.ts';
import { formatPath, nearest, type Path, quote, suggestion } from './problems.ts';
import { type WrittenWorkload, writtenWorkload } from './schema.ts';

/** Fields of the whole workload, which arms share. */
const SHARED_FIELDS = ['name', 'arms', 'compare', 'seed'];

export interface Validation {
  /** What was understood; fields with a problem are left out. Undefined when nothing useful remains. */
  written: WrittenWorkload | undefined;
  problems: Problem[];
  /** Fields that a problem is about: cross-checks that read them would only repeat it. */
  doubtful: Path[];
}

/** @param where names the place of a path, `file:line` or a command line option */
export function validate(value: Record<string, unknown>, where: (path: Path) => string): Validation {
  const result = writtenWorkload.safeParse(value);
  const issues = result.error?.issues ?? [];
  const findings = [...issues.flatMap((issue) => describeIssue(issue, value)), ...hiddenArms(value)];
  return {
    written: result.data ?? understand(value),
    problems: findings.map(({ path, what, remedy }) => ({ what, where: where(path), remedy })),
    doubtful: findings.flatMap(({ path, meant }) => (meant ? [path, meant] : [path])),
  };
}

/** Drops what is wrong until the rest is right, so that cross-checks can speak in the same breath. */
function understand(value: Record<string, unknown>): WrittenWorkload | undefined {
  const rest = structuredClone(value);
  rest.name = 'unnamed';
  for (let depth = 0; depth < DEEPEST_FIELD; depth++) {
    const result = writtenWorkload.safeParse(rest);
    if (result.success) return result.data;
    for (const issue of result.error.issues.toReversed()) {
      const path = issue.path as Path;
      if (issue.code === 'unrecognized_keys') for (const key of issue.keys) remove(rest, [...path, key]);
      else remove(rest, valueAt(rest, path) === undefined ? path.slice(0, -1) : path);
    }
  }
  return undefined;
}

const DEEPEST_FIELD = 6;

/** `meant`: the field that was probably meant by an unknown one. */
type Finding = Omit<Problem, 'where'> & { path: Path; meant?: Path };

function describeIssue(issue: z.core.$ZodIssue, root: unknown): Finding[] {
  const path = issue.path as Path;
  if (issue.code === 'invalid_union') return describeUnion(path, issue.errors, root);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownField([...path, key]));
  }
  const got = quote(valueAt(root, path));
  const finding = (expected: string, remedy?: string) => [
    { path, what: `${formatPath(path)}: expected ${expected}, got ${got}.`, remedy },
  ];
  if (valueAt(root, path) === undefined) {
    return [{ path, what: `${formatPath(path)} is missing.`, remedy: MISSING[String(path.at(-1))] }];
  }
  switch (issue.code) {
    case 'invalid_type':
      return finding(TYPE_NAMES[issue.expected] ?? issue.expected);
    case 'invalid_value':
      return [invalidWord(path, valueAt(root, path), issue.values.map(String))];
    case 'too_small':
      return finding(
        `${issue.origin === 'array' ? 'a list of at least' : 'a number of at least'} ${issue.minimum}`,
      );
    case 'too_big':
      return finding(
        `${issue.origin === 'array' ? 'a list of at most' : 'a number of at most'} ${issue.maximum}`,
      );
    case 'invalid_format':
      return finding(FORMAT_NAMES[String(path.findLast((step) => typeof step === 'string'))] ?? NAME_RULE);
    case 'invalid_key':
      return [
        {
          path,
          what: `${formatPath(path.slice(0, -1))}: expected ${NAME_RULE} for an arm, got ${quote(path.at(-1))}.`,
        },
      ];
    default: {
      const remedy = issue.code === 'custom' ? (issue.params?.remedy as string | undefined) : undefined;
      return [{ path, what: `${formatPath(path)}: ${issue.message}.`, remedy }];
    }
  }
}

/**
 * Of a field with several forms: what is wrong with the form that was meant, which is the one that knows most of the
 * fields that were written; or, where none knows any, what forms there are.
 */
function describeUnion(path: Path, branches: readonly z.core.$ZodIssue[][], root: unknown): Finding[] {
  const written = valueAt(root, path);
  const fields = typeof written === 'object' && written !== null ? Object.keys(written).length : 0;
  // The scalar form comes first, and says of anything what it would take.
  const candidates = fields === 0 ? branches.slice(0, 1) : branches.slice(1);
  const [meant] = candidates.toSorted((a, b) => foreignFields(a) - foreignFields(b));
  if (written !== null && meant !== undefined && foreignFields(meant) < Math.max(fields, 1)) {
    return meant.flatMap((issue) => describeIssue({ ...issue, path: [...path, ...issue.path] }, root));
  }
  const what = `${formatPath(path)}: expected one of ${formsAt(path).join(' | ')}, got ${quote(written)}.`;
  return [{ path, what }];
}

/** How many of the written fields a form does not know; all of them where it is no map. */
function foreignFields(issues: readonly z.core.$ZodIssue[]): number {
  const atTop = issues.filter((issue) => issue.path.length === 0);
  if (atTop.some((issue) => issue.code === 'invalid_type')) return Number.POSITIVE_INFINITY;
  return atTop.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 0), 0);
}

const NAME_RULE = 'a name of up to 60 letters, digits, - and _';
const TYPE_NAMES: Record<string, string> = {
  object: 'a map of fields',
  record: 'a map of fields',
  array: 'a list',
  string: 'text',
  boolean: 'true or false',
  number: 'a number',
  int: 'a whole number',
};
const FORMAT_NAMES: Record<string, string> = {
  region: 'an AWS Region such as us-east-1',
  replicas: 'an AWS Region such as eu-west-1',
};
const MISSING: Record<string, string> = {
  name: "Add 'name: my-workload'.",
  for: "Add how long the phase lasts: 'for: 15s'.",
  p50: "Give both: 'latency: { p50: 6ms, p99: 25ms }'.",
  p99: "Give both: 'latency: { p50: 6ms, p99: 25ms }'.",
};

function invalidWord(path: Path, got: unknown, known: readonly string[]): Finding {
  const what = `${formatPath(path)}: expected ${anyOf(known)}, got ${quote(got)}.`;
  const near = nearest(typeof got === 'string' ? got : '', known);
  return { path, what, remedy: near === undefined ? undefined : `Did you mean '${near}'?` };
}

function anyOf(words: readonly string[]): string {
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

function unknownField(path: Path): Finding {
  const field = String(path.at(-1));
  const what = `${formatPath(path.slice(0, -1).concat(field.slice(0, 60)))}: unknown field.`;
  if (path.length === 3 && path[0] === 'arms' && SHARED_FIELDS.includes(field)) {
    return { path, what, remedy: `All arms share '${field}': move it to the top of the file.` };
  }
  const parent = path.slice(0, -1);
  const known = knownFields(parent);
  if (known.includes(field)) {
    const forms = `Forms: ${formsAt(parent).join(', ')}.`;
    return { path, what: what.replace('unknown field', 'not beside the others here'), remedy: forms };
  }
  const near = nearest(field, known);
  const meant = near === undefined ? undefined : [...parent, near];
  return { path, meant, what, remedy: suggestion(field, known, 'Known here') };
}

/** Field names that the schema has at a path: those of all forms that have fields. */
function knownFields(path: Path): string[] {
  const objects = schemasAt(path).filter((schema) => schema._zod.def.type === 'object');
  return objects.flatMap((schema) => Object.keys((schema._zod.def as z.core.$ZodObjectDef).shape));
}

/** The forms of a field, as an error names them: an example of a scalar, the field names of a map. */
function formsAt(path: Path): string[] {
  return schemasAt(path).map((schema) => {
    const { def } = schema._zod;
    if (def.type === 'object') return `{ ${Object.keys((def as z.core.$ZodObjectDef).shape).join(', ')} }`;
    if (def.type === 'tuple' || def.type === 'array') return 'a list';
    return String((z.globalRegistry.get(schema)?.examples as unknown[] | undefined)?.[0] ?? def.type);
  });
}

/** The schemas that a value at the path is held against: several where a field has several forms. */
function schemasAt(path: Path): z.core.$ZodType[] {
  let schemas = formsOf(writtenWorkload);
  for (const step of path) {
    schemas = schemas.flatMap((schema) => {
      const { def } = schema._zod;
      if (def.type === 'object') return formsOf((def as z.core.$ZodObjectDef).shape[step]);
      if (def.type === 'record') return formsOf((def as z.core.$ZodRecordDef).valueType);
      if (def.type === 'array') return formsOf((def as z.core.$ZodArrayDef).element);
      return [];
    });
  }
  return schemas;
}

/** Without what only wraps it; the options of a union. */
function formsOf(schema: z.core.$ZodType | undefined): z.core.$ZodType[] {
  if (schema === undefined) return [];
  const { def } = schema._zod;
  switch (def.type) {
    case 'optional':
    case 'nullable':
      return formsOf((def as z.core.$ZodOptionalDef).innerType);
    case 'union':
      return (def as z.core.$ZodUnionDef).options.flatMap(formsOf);
    case 'pipe': {
      const { in: input } = def as z.core.$ZodPipeDef;
      // A scalar is a pipe from anything: what it takes is in its own description.
      return input._zod.def.type === 'unknown' ? [schema] : formsOf(input);
    }
    default:
      return [schema];
  }
}

/** zod passes over `__proto__` in records. */
function hiddenArms(value: Record<string, unknown>): Finding[] {
  const { arms } = value;
  const hidden = typeof arms === 'object' && arms !== null && Object.hasOwn(arms, '__proto__');
  return hidden
    ? [{ path: ['arms', '__proto__'], what: `arms: expected ${NAME_RULE}, got "__proto__".` }]
    : [];
}

function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}

function remove(root: Record<string, unknown>, path: Path): void {
  const parent = valueAt(root, path.slice(0, -1));
  const last = path.at(-1);
  if (typeof parent !== 'object' || parent === null || last === undefined) return;
  if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else delete (parent as Record<string, unknown>)[last];
}
