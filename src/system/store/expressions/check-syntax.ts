import type { ConditionNode, OperandNode, ProjectionNode, RawPath, SetValueNode, UpdateNode } from './ast.ts';
import { callProblem } from './functions.ts';
import { isReserved } from './reserved.ts';
import { ExpressionProblem } from './tokens.ts';

/** Rules that a text alone can break: reserved words, functions and their places, sections, counts. */

const MAX_IN_OPERANDS = 100;

/** @throws ExpressionProblem */
export function checkCondition(node: ConditionNode): void {
  switch (node.kind) {
    case 'and':
    case 'or':
      node.terms.forEach(checkCondition);
      return;
    case 'not':
      checkCondition(node.term);
      return;
    case 'call':
      checkCall(node.name, node.args, 'condition');
      return;
    case 'compare':
      checkOperand(node.left, 'operand');
      checkOperand(node.right, 'operand');
      return;
    case 'between':
      checkOperand(node.operand, 'operand');
      checkOperand(node.low, 'operand');
      checkOperand(node.high, 'operand');
      return;
    case 'in':
      checkOperand(node.operand, 'operand');
      for (const candidate of node.candidates) checkOperand(candidate, 'operand');
      checkInOperands(node.candidates.length);
  }
}

/** @throws ExpressionProblem */
export function checkUpdate(node: UpdateNode): void {
  const seen = new Set<string>();
  for (const { keyword, actions } of node.sections) {
    for (const action of actions) {
      checkPath(action.path);
      if (action.kind !== 'REMOVE') checkSetValue(action.value);
    }
    if (seen.has(keyword)) {
      throw new ExpressionProblem(`The "${keyword}" section can only be used once in an update expression;`);
    }
    seen.add(keyword);
  }
}

/** @throws ExpressionProblem */
export function checkProjection(node: ProjectionNode): void {
  node.paths.forEach(checkPath);
}

function checkSetValue(value: SetValueNode): void {
  if (value.kind !== 'arithmetic') {
    checkOperand(value, 'update');
  } else {
    checkOperand(value.left, 'update');
    checkOperand(value.right, 'update');
  }
}

function checkOperand(node: OperandNode, place: 'operand' | 'update'): void {
  if (node.kind === 'path') checkPath(node.path);
  else if (node.kind === 'call') checkCall(node.name, node.args, place);
}

function checkCall(name: string, args: OperandNode[], place: 'condition' | 'operand' | 'update'): void {
  const problem = callProblem(name, args.length, place);
  if (problem !== undefined) throw new ExpressionProblem(problem);
  for (const arg of args) checkOperand(arg, place === 'update' ? 'update' : 'operand');
}

function checkPath(path: RawPath): void {
  for (const step of path) {
    if (typeof step === 'string' && isReserved(step)) {
      throw new ExpressionProblem(`Attribute name is a reserved keyword; reserved keyword: ${step}`);
    }
  }
}

function checkInOperands(count: number): void {
  if (count > MAX_IN_OPERANDS) {
    throw new ExpressionProblem(
      `The IN operator is provided with too many operands; number of operands: ${count}`,
    );
  }
}
