import { PolicyError } from './errors.ts';
import { matchesArn, matchesWildcard } from './wildcard.ts';

/** What a request says about a condition key, which comes in lower case; `undefined` when it says nothing. */
export type ConditionValues = (key: string) => readonly string[] | undefined;

/** One key under one operator. */
export interface Condition {
  /** In lower case: condition keys are not case-sensitive. */
  readonly key: string;
  holds(values: ConditionValues): boolean;
}

interface Operator {
  matches(wanted: string, actual: string): boolean;
  /** Holds when no wanted value matches, and when there is nothing to match. */
  negated: boolean;
  /** What its values have to be. */
  accepts?: (wanted: string) => boolean;
}

type Quantifier = 'ForAllValues' | 'ForAnyValue' | undefined;

const OPERATORS = operators();
const NAME = /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/;

/**
 * The `Condition` of a statement: all of it has to hold.
 * Source: IAM User Guide, "IAM JSON policy elements: Condition operators".
 * @throws PolicyError
 */
export function compileConditions(block: unknown): Condition[] {
  if (!isObject(block)) throw new PolicyError('Condition is not an object');
  return Object.entries(block).flatMap(([name, keys]) => {
    if (!isObject(keys)) throw new PolicyError(`the condition ${name} is not an object`);
    return Object.entries(keys).map(([key, wanted]) =>
      compileCondition(name, key, wantedValues(key, wanted)),
    );
  });
}

function compileCondition(name: string, key: string, wanted: readonly string[]): Condition {
  const [, quantifier, operatorName = '', ifExists] = NAME.exec(name) ?? [];
  if (operatorName === 'Null' && quantifier === undefined && ifExists === undefined) {
    return nullCondition(key.toLowerCase(), wanted);
  }
  const operator = OPERATORS.get(operatorName);
  if (operator === undefined) throw new PolicyError(`the condition operator ${name} is not supported`);
  const wrong = wanted.find((value) => operator.accepts?.(value) === false);
  if (wrong !== undefined) throw new PolicyError(`${wrong} is no value for ${name}`);
  const lowerKey = key.toLowerCase();
  const matches = (actual: string) => wanted.some((value) => operator.matches(value, actual));
  return {
    key: lowerKey,
    holds: (values) => {
      const actual = values(lowerKey);
      if (actual === undefined && ifExists !== undefined) return true;
      return quantified(quantifier as Quantifier, operator.negated, actual ?? [], matches);
    },
  };
}

function quantified(
  quantifier: Quantifier,
  negated: boolean,
  actual: readonly string[],
  matches: (value: string) => boolean,
): boolean {
  const one = negated ? (value: string) => !matches(value) : matches;
  const all = quantifier === undefined ? negated : quantifier === 'ForAllValues';
  return all ? actual.every(one) : actual.some(one);
}

function nullCondition(key: string, wanted: readonly string[]): Condition {
  if (!wanted.every(isBoolean)) throw new PolicyError('Null takes true or false');
  return {
    key,
    holds: (values) => wanted.includes(String((values(key) ?? []).length === 0)),
  };
}

function operators(): Map<string, Operator> {
  const table = new Map<string, Operator>();
  const pair = (
    name: string,
    notName: string,
    matches: Operator['matches'],
    accepts?: Operator['accepts'],
  ) => {
    table.set(name, { matches, negated: false, accepts });
    table.set(notName, { matches, negated: true, accepts });
  };
  const equal = (a: string, b: string) => a === b;
  const equalIgnoringCase = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
  pair('StringEquals', 'StringNotEquals', equal);
  pair('StringEqualsIgnoreCase', 'StringNotEqualsIgnoreCase', equalIgnoringCase);
  pair('StringLike', 'StringNotLike', matchesWildcard);
  pair('ArnEquals', 'ArnNotEquals', matchesArn);
  pair('ArnLike', 'ArnNotLike', matchesArn);
  table.set('Bool', { matches: equalIgnoringCase, negated: false, accepts: isBoolean });
  for (const [kind, read] of [
    ['Numeric', Number],
    ['Date', readDate],
  ] as const) {
    const accepts = (value: string) => !Number.isNaN(read(value));
    const compared = (compare: (wanted: number, actual: number) => boolean) => (a: string, b: string) =>
      compare(read(a), read(b));
    pair(
      `${kind}Equals`,
      `${kind}NotEquals`,
      compared((a, b) => a === b),
      accepts,
    );
    for (const [name, matches] of [
      ['LessThan', compared((a, b) => b < a)],
      ['LessThanEquals', compared((a, b) => b <= a)],
      ['GreaterThan', compared((a, b) => b > a)],
      ['GreaterThanEquals', compared((a, b) => b >= a)],
    ] as const) {
      table.set(`${kind}${name}`, { matches, negated: false, accepts });
    }
  }
  return table;
}

/** Epoch seconds or ISO 8601, in milliseconds. */
function readDate(text: string): number {
  return /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text);
}

function wantedValues(key: string, wanted: unknown): string[] {
  const list = Array.isArray(wanted) ? wanted : [wanted];
  return list.map((value) => {
    if (!['string', 'boolean', 'number'].includes(typeof value)) {
      throw new PolicyError(`the values of ${key} are not text, numbers or truth values`);
    }
    return withoutVariables(String(value));
  });
}

/** Variables would be taken literally, and so mean something else than on AWS. */
export function withoutVariables(text: string): string {
  if (text.includes('${')) throw new PolicyError(`policy variables are not supported: ${text}`);
  return text;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isBoolean(text: string): boolean {
  return /^(true|false)$/i.test(text);
}
