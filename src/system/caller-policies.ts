import { readFileSync } from 'node:fs';
import { InputError, type Problem } from '../std/errors.ts';
import { policyProblem } from './kms/kms.ts';
import type { Caller } from './wire/wire.ts';

const FORM =
  'It maps names of callers to policy documents of IAM: {"caller-1": {"Version": …, "Statement": […]}}.';

/**
 * Callers with the policies that a JSON file has for them: caller's name → policy document of IAM. The others keep
 * full access.
 *
 * @throws InputError `E_POLICIES` with everything that is wrong with the file
 */
export function withPolicies(callers: readonly Caller[], path: string): Caller[] {
  const policies = readPolicies(path);
  const names = new Set(callers.map(({ principal }) => principal.name));
  const problems: Problem[] = [];
  for (const [name, document] of policies) {
    const where = `${path}: ${name}`;
    if (!names.has(name)) {
      problems.push({
        where,
        what: 'There is no such caller.',
        remedy: `There ${describeNames(callers)}; --callers N makes more.`,
      });
      continue;
    }
    const problem = policyProblem(document);
    if (problem !== undefined) problems.push({ where, what: `This is no policy: ${problem}.`, remedy: FORM });
  }
  if (problems.length > 0) throw new InputError('E_POLICIES', problems);
  return callers.map((caller) => {
    const policy = policies.get(caller.principal.name);
    return policy === undefined ? caller : { ...caller, policy: policy as Record<string, unknown> };
  });
}

function readPolicies(path: string): Map<string, unknown> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new InputError('E_POLICIES', { where: path, what: `can't be read (${code}).`, remedy: FORM });
  }
  let policies: unknown;
  try {
    policies = JSON.parse(text);
  } catch (error) {
    throw new InputError('E_POLICIES', {
      where: path,
      what: `This is not JSON: ${(error as Error).message}.`,
      remedy: FORM,
    });
  }
  if (typeof policies !== 'object' || policies === null || Array.isArray(policies)) {
    throw new InputError('E_POLICIES', { where: path, what: 'This is not a JSON object.', remedy: FORM });
  }
  return new Map(Object.entries(policies));
}

function describeNames(callers: readonly Caller[]): string {
  const first = callers[0]!.principal.name;
  return callers.length === 1 ? `is only ${first}` : `are ${first} to ${callers.at(-1)!.principal.name}`;
}
