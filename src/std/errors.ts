/**
 * Exit codes of every command: done or passed, a gate failed, bad input or an unreachable target,
 * and a measurement that does not support an answer.
 */
export const EXIT = { ok: 0, failed: 1, input: 2, unsupported: 3 } as const;

/** One thing that is wrong with what the user gave: what, where (file:line, a flag, a path, a URL) and the remedy. */
export interface Problem {
  what: string;
  where?: string;
  remedy?: string;
}

/** Bad input or an unreachable target. The command line prints its problems and exits 2. */
export class InputError extends Error {
  override readonly name = 'InputError';
  readonly code: string;
  readonly problems: readonly Problem[];

  /** @param code stable, e.g. `E_WORKLOAD`, `E_TARGET_UNREACHABLE`. */
  constructor(code: string, problems: Problem | readonly Problem[], options?: ErrorOptions) {
    const list: readonly Problem[] = Array.isArray(problems) ? problems : [problems as Problem];
    super(list.map(describeProblem).join('\n'), options);
    this.code = code;
    this.problems = list;
  }
}

export function describeProblem(problem: Problem): string {
  const where = problem.where === undefined ? '' : `${problem.where}: `;
  const remedy = problem.remedy === undefined ? '' : ` ${problem.remedy}`;
  return `${where}${problem.what}${remedy}`;
}
