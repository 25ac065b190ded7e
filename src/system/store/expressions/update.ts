import type { AttributeValue, Item } from '../types.ts';
import {
  type AttributeType,
  addNumbers,
  checkItemSize,
  subtractNumbers,
  typeOf,
  validationError,
} from '../values/values.ts';
import type { ActionNode, OperandNode, SetValueNode, UpdateNode } from './ast.ts';
import { Draft } from './draft.ts';
import { bindOperand, checkType } from './operands.ts';
import { type Path, pathTree, valueAt } from './paths.ts';
import { project } from './project.ts';
import { addTo, deleteFrom } from './sets.ts';
import type { Binding } from './substitutions.ts';
import type { CompiledUpdate } from './types.ts';

/** The value that a SET assigns, out of the item as it was before the update. */
type ReadValue = (item: Item) => AttributeValue;

type Action =
  | { kind: 'SET'; path: Path; read: ReadValue }
  | { kind: 'REMOVE'; path: Path }
  | { kind: 'ADD' | 'DELETE'; path: Path; value: AttributeValue };

export interface BoundUpdate extends CompiledUpdate {
  /** Where the update writes. */
  targets: readonly Path[];
}

/** @throws AwsError ValidationException */
export function bindUpdate(node: UpdateNode, binding: Binding): BoundUpdate {
  const nodes = node.sections.flatMap(({ actions }) => actions);
  const targets = nodes.map(({ path }) => binding.path(path));
  const tree = pathTree(targets, (text) => binding.problem(text));
  const actions = nodes.map((action, i) => bindAction(action, targets[i]!, binding));
  return {
    targets,
    apply: (item) => applyActions(actions, item),
    updatedAttributes: (item) => project(item, tree),
  };
}

function bindAction(node: ActionNode, path: Path, binding: Binding): Action {
  switch (node.kind) {
    case 'SET':
      return { kind: 'SET', path, read: bindSetValue(node.value, binding) };
    case 'REMOVE':
      return { kind: 'REMOVE', path };
    default: {
      const value = bindOperand(node.value, binding).value!;
      checkActionType(node.kind, typeOf(value), binding);
      return { kind: node.kind, path, value };
    }
  }
}

const TYPE_WORDS: Partial<Record<AttributeType, string>> = {
  S: 'STRING',
  N: 'NUMBER',
  B: 'BINARY',
  BOOL: 'BOOLEAN',
  NULL: 'NULL',
  L: 'LIST',
  M: 'MAP',
};

/** ADD takes numbers and sets, DELETE sets. */
function checkActionType(kind: 'ADD' | 'DELETE', type: AttributeType, binding: Binding): void {
  const word = TYPE_WORDS[type];
  if (word === undefined || (kind === 'ADD' && type === 'N')) return;
  throw binding.problem(
    `Incorrect operand type for operator or function; operator: ${kind}, operand type: ${word}, typeSet: ALLOWED_FOR_${kind}_OPERAND`,
  );
}

function bindSetValue(node: SetValueNode, binding: Binding): ReadValue {
  if (node.kind !== 'arithmetic') return bindSetOperand(node, undefined, binding);
  const left = bindSetOperand(node.left, { operator: node.op, type: 'N' }, binding);
  const right = bindSetOperand(node.right, { operator: node.op, type: 'N' }, binding);
  const calculate = node.op === '+' ? addNumbers : subtractNumbers;
  return (item) => ({ N: calculate(number(left(item)), number(right(item))) });
}

interface Expectation {
  operator: string;
  type: AttributeType;
}

function bindSetOperand(node: OperandNode, expected: Expectation | undefined, binding: Binding): ReadValue {
  if (node.kind === 'call') return bindSetFunction(node, binding);
  const operand = bindOperand(node, binding);
  if (expected !== undefined) checkType(expected.operator, operand, [expected.type], binding);
  return (item) => {
    const value = operand.read(item);
    if (value !== undefined) return value;
    throw validationError('The provided expression refers to an attribute that does not exist in the item');
  };
}

/** Names and numbers of operands have been checked. */
function bindSetFunction(node: OperandNode & { kind: 'call' }, binding: Binding): ReadValue {
  const [first, second] = node.args as [OperandNode, OperandNode];
  if (node.name === 'list_append') {
    const head = bindSetOperand(first, { operator: 'list_append', type: 'L' }, binding);
    const tail = bindSetOperand(second, { operator: 'list_append', type: 'L' }, binding);
    return (item) => ({ L: [...list(head(item)), ...list(tail(item))] });
  }
  if (first.kind !== 'path') {
    throw binding.problem(
      'Operator or function requires a document path; operator or function: if_not_exists',
    );
  }
  const path = binding.path(first.path);
  const fallback = bindSetOperand(second, undefined, binding);
  return (item) => valueAt(item, path) ?? fallback(item);
}

function number(value: AttributeValue): string {
  if ('N' in value) return value.N;
  throw wrongOperand();
}

function list(value: AttributeValue): AttributeValue[] {
  if ('L' in value) return value.L;
  throw wrongOperand();
}

function wrongOperand(): Error {
  return validationError('An operand in the update expression has an incorrect data type');
}

function applyActions(actions: readonly Action[], item: Item): Item {
  const draft = new Draft(item);
  // Every value is read before anything is written: SET a = b, b = a swaps.
  const values = actions.map((action) => newValue(action, item));
  actions.forEach(({ path }, i) => {
    const value = values[i];
    if (value === undefined) draft.remove(path);
    else draft.set(path, value);
  });
  const updated = draft.finish();
  checkItemSize(updated, 'Item size to update has exceeded the maximum allowed size');
  return updated;
}

/** What the action leaves at its path; `undefined` for nothing. */
function newValue(action: Action, item: Item): AttributeValue | undefined {
  if (action.kind === 'SET') return action.read(item);
  if (action.kind === 'REMOVE') return undefined;
  const current = valueAt(item, action.path);
  const changed = action.kind === 'ADD' ? addTo(current, action.value) : deleteFrom(current, action.value);
  if (changed === 'mismatch') throw wrongOperand();
  return changed;
}
