import type { AttributeValue } from '../types.ts';
import { typeOf, validationError } from '../values/values.ts';
import type { ConditionNode, OperandNode } from './ast.ts';
import { bindOperand, type Operand } from './operands.ts';
import type { Binding } from './substitutions.ts';
import type { KeyAttribute, KeyCondition, PrimaryKey, SortOperator } from './types.ts';

/** One attribute's condition, its path on the left. */
interface Term {
  op: SortOperator;
  values: AttributeValue[];
}

const MIRRORED = { '=': '=', '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const;

/**
 * Turns a condition into a Query's bounds.
 * @throws AwsError ValidationException where it is not an equality on the partition key and at most one condition on
 * the sort key
 */
export function bindKeyCondition(node: ConditionNode, key: PrimaryKey, binding: Binding): KeyCondition {
  const terms = new Map<string, Term>();
  collectTerms(node, terms, binding);
  if (terms.size > 2) throw validationError('Conditions can be of length 1 or 2 only');
  if (terms.size > 1 && key.sort === undefined) throw validationError('Query key condition not supported');
  const partition = keyTerm(terms, key.partition);
  if (partition === undefined) throw missing(key.partition);
  if (partition.op !== '=') throw validationError('Query key condition not supported');
  const sort = key.sort === undefined ? undefined : keyTerm(terms, key.sort);
  if (terms.size > 1 && sort === undefined) throw missing(key.sort!);
  return { partition: partition.values[0]!, ...(sort === undefined ? {} : { sort }) };
}

function missing(attribute: KeyAttribute): Error {
  return validationError(`Query condition missed key schema element: ${attribute.name}`);
}

function keyTerm(terms: ReadonlyMap<string, Term>, attribute: KeyAttribute): Term | undefined {
  const term = terms.get(attribute.name);
  for (const value of term?.values ?? []) checkKeyValue(attribute, value);
  return term;
}

function checkKeyValue(attribute: KeyAttribute, value: AttributeValue): void {
  if (typeOf(value) !== attribute.type) {
    throw validationError(
      'One or more parameter values were invalid: Condition parameter type does not match schema type',
    );
  }
  const empty = 'S' in value ? value.S === '' && 'string' : 'B' in value && value.B === '' && 'binary';
  if (!empty) return;
  throw validationError(
    `One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty ${empty} value. Key: ${attribute.name}`,
  );
}

function collectTerms(node: ConditionNode, terms: Map<string, Term>, binding: Binding): void {
  if (node.kind === 'and') {
    for (const term of node.terms) collectTerms(term, terms, binding);
    return;
  }
  const { op, operands } = dissect(node);
  const bound = operands.map((operand) => bindKeyOperand(operand, binding));
  const at = attributeIndex(op, bound);
  const name = bound[at]!.path![0] as string;
  if (terms.has(name))
    throw validationError('KeyConditionExpressions must only contain one condition per key');
  const values = bound.filter((_, i) => i !== at).map((operand) => operand.value!);
  terms.set(name, { op: at === 0 ? op : MIRRORED[op as keyof typeof MIRRORED], values });
}

function dissect(node: Exclude<ConditionNode, { kind: 'and' }>): {
  op: SortOperator;
  operands: OperandNode[];
} {
  if (node.kind === 'between') return { op: 'between', operands: [node.operand, node.low, node.high] };
  if (node.kind === 'compare' && node.op !== '<>') {
    return { op: node.op, operands: [node.left, node.right] };
  }
  if (node.kind === 'call' && node.name === 'begins_with') return { op: 'begins_with', operands: node.args };
  throw validationError(`Invalid operator used in KeyConditionExpression: ${operatorText(node)}`);
}

function operatorText(node: ConditionNode): string {
  if (node.kind === 'call') return node.name;
  return node.kind === 'compare' ? node.op : node.kind.toUpperCase();
}

function bindKeyOperand(node: OperandNode, binding: Binding): Operand {
  if (node.kind === 'call') {
    throw validationError('KeyConditionExpressions cannot contain nested operations');
  }
  return bindOperand(node, binding);
}

/** Which operand is the key attribute: exactly one, the first where order matters. */
function attributeIndex(op: SortOperator, operands: readonly Operand[]): number {
  if ((op === 'between' || op === 'begins_with') && operands[0]!.path === undefined) {
    throw invalidCondition(
      `${op === 'between' ? 'BETWEEN' : op} operator must have the key attribute as its first operand`,
    );
  }
  const paths = operands.filter(({ path }) => path !== undefined);
  if (paths.length === 0) throw invalidCondition('No key attribute specified');
  if (paths.length > 1) throw invalidCondition('Multiple attribute names used in one condition');
  if (paths[0]!.path!.length > 1) {
    throw validationError('KeyConditionExpressions cannot have conditions on nested attributes');
  }
  return operands.indexOf(paths[0]!);
}

function invalidCondition(text: string): Error {
  return validationError(`Invalid condition in KeyConditionExpression: ${text}`);
}
