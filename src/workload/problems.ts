/** How a workload's problems are worded: paths, values shown safely, near misses. */
import type { Problem } from '../std/errors.ts';

/** Steps from the top of the file: field names and list positions. */
export type Path = readonly (string | number)[];

/** `arms.fresh.phases[0].for` */
export function formatPath(path: Path): string {
  return path
    .map((step, i) => (typeof step === 'number' ? `[${step}]` : i === 0 ? step : `.${step}`))
    .join('');
}

const LONGEST_QUOTE = 60;

/** A written value as an error shows it: one line, bounded, never a whole structure. */
export function quote(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  if (typeof value !== 'string') return String(value);
  return JSON.stringify(value.length > LONGEST_QUOTE ? `${value.slice(0, LONGEST_QUOTE)}…` : value);
}

/** The word among `known` that `word` was probably meant to be: at most two typing errors away, and half of it. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  if (word.length > 40) return undefined;
  const close = known
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, distance }) => distance <= 2 && distance * 2 <= candidate.length);
  close.sort((a, b) => a.distance - b.distance);
  return close[0]?.candidate;
}

/** `Did you mean 'x'?`, or the words there are. */
export function suggestion(word: string, known: readonly string[], noun: string): string {
  const near = nearest(word, known);
  if (near !== undefined) return `Did you mean '${near}'?`;
  return `${noun}: ${known.join(', ')}.`;
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let older: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(previous[j]! + 1, current[j - 1]! + 1, replaced);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, older[j - 2]! + 1);
      }
      current.push(best);
    }
    older = previous;
    previous = current;
  }
  return previous[b.length]!;
}

const MOST_PROBLEMS = 25;

/** Without repetitions, and bounded: past a screenful nobody reads on. */
export function tidyProblems(problems: readonly Problem[]): Problem[] {
  const seen = new Set<string>();
  const distinct = problems.filter((problem) => {
    const text = `${problem.where}\n${problem.what}`;
    return !seen.has(text) && seen.add(text);
  });
  if (distinct.length <= MOST_PROBLEMS) return distinct;
  const hidden = distinct.length - MOST_PROBLEMS;
  return [...distinct.slice(0, MOST_PROBLEMS), { what: `… and ${hidden} more problems.` }];
}
