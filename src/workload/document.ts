/** YAML text to a plain value that knows on which line each of its fields stands. */
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
  visit,
  type YAMLMap,
} from 'yaml';
import { InputError, type Problem } from '../std/errors.ts';
import { type Path, tidyProblems } from './problems.ts';

/** Past this a file is not a workload that somebody wrote. */
export const LARGEST_FILE_bytes = 2 ** 18;

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
  try {
    return parse(text, source);
  } catch (error) {
    // The parser recurses: this is the stack's own limit.
    if (!(error instanceof RangeError)) throw error;
    throw tooDeep(source);
  }
}

function parse(text: string, source: string): WorkloadDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    resolveKnownTags: false,
    // Its own check compares each key with all others, which takes minutes for a large file.
    uniqueKeys: false,
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
  const offsetOf = createLocator(document);
  return {
    value: value as Record<string, unknown>,
    lineOf: (path) => {
      const offset = offsetOf(path);
      return offset === undefined ? undefined : lineAt(offset);
    },
  };
}

function tooDeep(where: string): InputError {
  return new InputError('E_WORKLOAD', { what: 'the YAML is nested too deeply.', where });
}

export function tooLarge(source: string): InputError {
  return new InputError('E_WORKLOAD', {
    what: 'the file is larger than 256 KiB.',
    where: source,
    remedy: 'Name a workload file (YAML).',
  });
}

function rejectFlaws(document: Document, source: string, lineAt: (offset: number) => number): void {
  const flaws = [...document.errors, ...document.warnings];
  const exhausted = flaws.find((flaw) => flaw.code === 'RESOURCE_EXHAUSTION');
  if (exhausted) throw tooDeep(`${source}:${lineAt(exhausted.pos[0])}`);
  const problems = flaws.map((flaw): Problem => {
    const where = `${source}:${lineAt(flaw.pos[0])}`;
    if (flaw.code === 'MULTIPLE_DOCS') {
      return { what: 'a second YAML document begins here.', where, remedy: 'Keep one workload in a file.' };
    }
    return { what: `malformed YAML: ${flaw.message.replace(/\.?$/, '.')}`, where };
  });
  for (const offset of repeatedKeys(document)) {
    const where = `${source}:${lineAt(offset)}`;
    problems.push({ what: 'this field is already set above.', where, remedy: 'Remove one of the two.' });
  }
  if (problems.length > 0) throw new InputError('E_WORKLOAD', tidyProblems(problems));
}

/** Offsets of keys that their map already has. */
function repeatedKeys(document: Document): number[] {
  const offsets: number[] = [];
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<string>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        const text = String(key.value);
        if (seen.has(text)) offsets.push(key.range?.[0] ?? 0);
        seen.add(text);
      }
    },
  });
  return offsets;
}

function unfold(document: Document, source: string): unknown {
  try {
    return document.toJS({ maxAliasCount: MOST_ALIASES });
  } catch (error) {
    // An alias without an anchor, or too many aliases.
    if (!(error instanceof ReferenceError)) throw error;
    throw new InputError('E_WORKLOAD', { what: `malformed YAML: ${error.message}.`, where: source });
  }
}

/** Finds the offset of the key (or list entry) that a path ends at, or of the deepest one that exists. */
function createLocator(document: Document): (path: Path) => number | undefined {
  const indices = new WeakMap<YAMLMap, Map<string, Pair>>();
  const pairOf = (map: YAMLMap, step: string | number) => {
    const index = indices.get(map) ?? new Map(map.items.map((pair) => [keyOf(pair), pair]));
    indices.set(map, index);
    return index.get(String(step));
  };
  return (path) => {
    let node: unknown = document.contents;
    let offset: number | undefined;
    for (const step of path) {
      const resolved = isAlias(node) ? node.resolve(document) : node;
      const pair = isMap(resolved) ? pairOf(resolved, step) : undefined;
      const entry = isSeq(resolved) ? resolved.items[Number(step)] : pair?.key;
      if (!isNode(entry)) return offset;
      offset = entry.range?.[0] ?? offset;
      node = pair ? pair.value : entry;
    }
    return offset;
  };
}

function keyOf({ key }: Pair): string {
  return isScalar(key) ? String(key.value) : '';
}
