import type { AttributeValue, Item } from '../types.ts';
import { type AttributeType, compareValues, equalValues } from '../values/values.ts';
import type { Comparator, ConditionNode } from './ast.ts';
import { bindFunction } from './condition-functions.ts';
import { bindOperand, checkDistinct, checkType, type Operand } from './operands.ts';
import type { Binding } from './substitutions.ts';

/** Whether a condition holds for an item. */
export type Condition = (item: Item) => boolean;

const ORDERED: readonly AttributeType[] = ['S', 'N', 'B'];

/** @throws AwsError ValidationException for undefined placeholders and operands of wrong types */
export function bindCondition(node: ConditionNode, binding: Binding): Condition {
  switch (node.kind) {
    case 'and': {
      const terms = node.terms.map((term) => bindCondition(term, binding));
      return (item) => terms.every((term) => term(item));
    }
    case 'or': {
      const terms = node.terms.map((term) => bindCondition(term, binding));
      return (item) => terms.some((term) => term(item));
    }
    case 'not': {
      const term = bindCondition(node.term, binding);
      return (item) => !term(item);
    }
    case 'call':
      return bindFunction(node, binding);
    case 'compare':
      return bindComparison(node, binding);
    case 'between':
      return bindBetween(node, binding);
    case 'in':
      return bindIn(node, binding);
  }
}

function bindComparison(node: ConditionNode & { kind: 'compare' }, binding: Binding): Condition {
  const left = bindOperand(node.left, binding);
  const right = bindOperand(node.right, binding);
  checkDistinct(node.op, left, [right], binding);
  const { op } = node;
  if (op === '=') return (item) => areEqual(left.read(item), right.read(item));
  if (op === '<>') return (item) => !areEqual(left.read(item), right.read(item));
  checkType(op, left, ORDERED, binding);
  checkType(op, right, ORDERED, binding);
  return (item) => {
    const order = compareRead(left.read(item), right.read(item));
    return order !== undefined && holds(op, order);
  };
}

/** An absent attribute equals nothing, so `<>` holds for it. */
function areEqual(a: AttributeValue | undefined, b: AttributeValue | undefined): boolean {
  return a !== undefined && b !== undefined && equalValues(a, b);
}

function compareRead(a: AttributeValue | undefined, b: AttributeValue | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : compareValues(a, b);
}

function holds(op: Exclude<Comparator, '=' | '<>'>, order: number): boolean {
  switch (op) {
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
  }
}

function bindBetween(node: ConditionNode & { kind: 'between' }, binding: Binding): Condition {
  const operand = bindOperand(node.operand, binding);
  const low = bindOperand(node.low, binding);
  const high = bindOperand(node.high, binding);
  checkDistinct('BETWEEN', operand, [low, high], binding);
  for (const each of [operand, low, high]) checkType('BETWEEN', each, ORDERED, binding);
  checkBounds(low, high, binding);
  return (item) => {
    const value = operand.read(item);
    const fromLow = compareRead(value, low.read(item));
    const fromHigh = compareRead(value, high.read(item));
    return fromLow !== undefined && fromLow >= 0 && fromHigh !== undefined && fromHigh <= 0;
  };
}

function checkBounds(low: Operand, high: Operand, binding: Binding): void {
  if (low.value === undefined || high.value === undefined) return;
  const bounds = `lower bound operand: ${valueText(low)}, upper bound operand: ${valueText(high)}`;
  if (low.type !== high.type) {
    throw binding.problem(
      `The BETWEEN operator requires same data type for lower and upper bounds; ${bounds}`,
    );
  }
  if ((compareValues(low.value, high.value) ?? 0) > 0) {
    throw binding.problem(
      `The BETWEEN operator requires upper bound to be greater than or equal to lower bound; ${bounds}`,
    );
  }
}

/** As DynamoDB prints a value that the request holds; of a binary only its length, as its Java buffers print. */
function valueText(operand: Operand): string {
  const value = operand.value!;
  if ('S' in value) return `AttributeValue: {S:${value.S}}`;
  if ('N' in value) return `AttributeValue: {N:${value.N}}`;
  const bytes = 'B' in value ? Buffer.byteLength(value.B, 'base64') : 0;
  return `AttributeValue: {B:java.nio.HeapByteBuffer[pos=0 lim=${bytes} cap=${bytes}]}`;
}

function bindIn(node: ConditionNode & { kind: 'in' }, binding: Binding): Condition {
  const operand = bindOperand(node.operand, binding);
  const candidates = node.candidates.map((candidate) => bindOperand(candidate, binding));
  checkDistinct('IN', operand, candidates, binding);
  return (item) => {
    const value = operand.read(item);
    return value !== undefined && candidates.some((candidate) => areEqual(value, candidate.read(item)));
  };
}
