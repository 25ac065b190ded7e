/** Every function of the language: its number of operands, and where it may stand. */
interface FunctionRule {
  operands: number;
  place: 'condition' | 'operand' | 'update';
}

const FUNCTIONS: ReadonlyMap<string, FunctionRule> = new Map([
  ['attribute_exists', { operands: 1, place: 'condition' }],
  ['attribute_not_exists', { operands: 1, place: 'condition' }],
  ['attribute_type', { operands: 2, place: 'condition' }],
  ['begins_with', { operands: 2, place: 'condition' }],
  ['contains', { operands: 2, place: 'condition' }],
  ['size', { operands: 1, place: 'operand' }],
  ['if_not_exists', { operands: 2, place: 'update' }],
  ['list_append', { operands: 2, place: 'update' }],
]);

/** What is wrong with a call of `name` with so many operands at `place`; `undefined` where nothing is. */
export function callProblem(
  name: string,
  operands: number,
  place: FunctionRule['place'],
): string | undefined {
  const rule = FUNCTIONS.get(name);
  if (rule === undefined) return `Invalid function name; function: ${name}`;
  if (rule.place !== place) return placeProblem(name, rule.place, place);
  if (rule.operands !== operands) {
    return `Incorrect number of operands for operator or function; operator or function: ${name}, number of operands: ${operands}`;
  }
  return undefined;
}

function placeProblem(name: string, allowed: FunctionRule['place'], place: FunctionRule['place']): string {
  if (place === 'update') return `The function is not allowed in an update expression; function: ${name}`;
  if (allowed === 'update') return `The function is not allowed in a condition expression; function: ${name}`;
  return `The function is not allowed to be used this way in an expression; function: ${name}`;
}
