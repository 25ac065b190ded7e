/** YAML text to a plain value that knows on which line each of its fields stands. */
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { InputError, type Problem } from '../std/errors.ts';
import { type Path, tidyProblems } from './problems.ts';

/** Past this a file is not a workload that somebody wrote. */
export const LARGEST_FILE_bytes = 2 ** 20;

/** Aliases unfold into copies: this bounds how much a small file can grow. */
const MOST_ALIASES = 100;

export interface WorkloadDocument {
  value: Record<string, unknown>;
  /** Line of the deepest field on the path that the file has; undefined when it has none of it. */
  lineOf(path: Path): number | undefined;
}

/** @throws InputError E_WORKLOAD for text that is not one YAML map */
export function parseDocumentText(text: string, source: string): WorkloadDocument {
  if (Buffer.byteLength(text) > LARGEST_FILE_bytes) throw tooLarge(source);
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    resolveKnownTags: false,
    logLevel: 'error',
  });
  const lineAt = (offset: number) => lines.linePos(offset).line;
  rejectFlaws(document, source, lineAt);
  const value = unfold(document, source);
  if (value === null || value === undefined) {
    throw new InputError('E_WORKLOAD', {
      what: 'the file is empty.',
      where: source,
      remedy: 'A workload has at least name, arrivals and phases.',
    });
  }
  if (!isMap(document.contents)) {
    const what = `expected a map of fields, got ${isSeq(document.contents) ? 'a list' : 'one value'}.`;
    throw new InputError('E_WORKLOAD', { what, where: `${source}:1`, remedy: "Start with 'name: …'." });
  }
  return {
    value: value as Record<string, unknown>,
    lineOf: (path) => {
      const offset = offsetOf(document, path);
      return offset === undefined ? undefined : lineAt(offset);
    },
  };
}

export function tooLarge(source: string): InputError {
  return new InputError('E_WORKLOAD', {
    what: 'the file is larger than 1 MiB.',
    where: source,
    remedy: 'Name a workload file (YAML).',
  });
}

function rejectFlaws(document: Document, source: string, lineAt: (offset: number) => number): void {
  const flaws = [...document.errors, ...document.warnings];
  if (flaws.length === 0) return;
  const exhausted = flaws.find((flaw) => flaw.code === 'RESOURCE_EXHAUSTION');
  if (exhausted) {
    const where = `${source}:${lineAt(exhausted.pos[0])}`;
    throw new InputError('E_WORKLOAD', { what: 'the YAML is nested too deeply.', where });
  }
  const problems = flaws.map((flaw): Problem => {
    const where = `${source}:${lineAt(flaw.pos[0])}`;
    if (flaw.code === 'DUPLICATE_KEY') {
      return { what: 'this field is already set above.', where, remedy: 'Remove one of the two.' };
    }
    if (flaw.code === 'MULTIPLE_DOCS') {
      return { what: 'a second YAML document begins here.', where, remedy: 'Keep one workload in a file.' };
    }
    return { what: `malformed YAML: ${flaw.message.replace(/\.?$/, '.')}`, where };
  });
  throw new InputError('E_WORKLOAD', tidyProblems(problems));
}

function unfold(document: Document, source: string): unknown {
  try {
    return document.toJS({ maxAliasCount: MOST_ALIASES });
  } catch (error) {
    // ReferenceError: an alias without anchor, or too many; RangeError: too deep for the stack.
    if (!(error instanceof ReferenceError || error instanceof RangeError)) throw error;
    const what = error instanceof ReferenceError ? error.message : 'nested too deeply';
    throw new InputError('E_WORKLOAD', { what: `malformed YAML: ${what}.`, where: source });
  }
}

/** Offset of the key (or list entry) that the path ends at, or of the deepest one that exists. */
function offsetOf(document: Document, path: Path): number | undefined {
  let node: unknown = document.contents;
  let offset: number | undefined;
  for (const step of path) {
    const resolved = isAlias(node) ? node.resolve(document) : node;
    if (isMap(resolved)) {
      const pair = resolved.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
      if (!pair) return offset;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(resolved) && typeof step === 'number' && resolved.items[step]) {
      node = resolved.items[step];
      offset = (node as Node).range?.[0] ?? offset;
    } else {
      return offset;
    }
  }
  return offset;
}
