import type { AttributeValue, Item } from '../types.ts';
import { type AttributeType, typeOf } from '../values/values.ts';
import type { OperandNode } from './ast.ts';
import { type Path, pathText, samePath, valueAt } from './paths.ts';
import type { Binding } from './substitutions.ts';

/** Reads an operand's value from an item; `undefined` where the item has none. */
export type ReadOperand = (item: Item) => AttributeValue | undefined;

/** A condition's operand, placeholders replaced. */
export interface Operand {
  read: ReadOperand;
  /** What is known without an item. */
  type?: AttributeType;
  path?: Path;
  value?: AttributeValue;
}

export function bindOperand(node: OperandNode, binding: Binding): Operand {
  switch (node.kind) {
    case 'path': {
      const path = binding.path(node.path);
      return { path, read: (item) => valueAt(item, path) };
    }
    case 'value': {
      const value = binding.value(node.name);
      return { value, type: typeOf(value), read: () => value };
    }
    case 'call':
      return bindSize(node.args[0]!, binding);
  }
}

const SIZED: readonly AttributeType[] = ['S', 'B', 'SS', 'NS', 'BS', 'L', 'M'];

/** `size` is the only function that gives an operand. */
function bindSize(node: OperandNode, binding: Binding): Operand {
  const operand = bindOperand(node, binding);
  checkType('size', operand, SIZED, binding);
  return {
    type: 'N',
    read: (item) => {
      const value = operand.read(item);
      const size = value === undefined ? undefined : sizeOf(value);
      return size === undefined ? undefined : { N: String(size) };
    },
  };
}

/** Characters of a string, bytes of a binary, members of the others (Developer Guide, "size"). */
function sizeOf(value: AttributeValue): number | undefined {
  if ('S' in value) return value.S.length;
  if ('B' in value) return Buffer.byteLength(value.B, 'base64');
  if ('L' in value) return value.L.length;
  if ('M' in value) return Object.keys(value.M).length;
  if ('SS' in value) return value.SS.length;
  if ('NS' in value) return value.NS.length;
  if ('BS' in value) return value.BS.length;
  return undefined;
}

/** Refuses an operand whose type is known already and not among those allowed. */
export function checkType(
  operator: string,
  operand: { type?: AttributeType },
  allowed: readonly AttributeType[],
  binding: Binding,
): void {
  if (operand.type !== undefined && !allowed.includes(operand.type)) {
    throw typeProblem(operator, operand.type, binding);
  }
}

export function typeProblem(operator: string, type: string, binding: Binding): Error {
  return binding.problem(
    `Incorrect operand type for operator or function; operator or function: ${operator}, operand type: ${type}`,
  );
}

/** Refuses `a = a` and the like. */
export function checkDistinct(
  operator: string,
  first: Operand,
  rest: readonly Operand[],
  binding: Binding,
): void {
  const { path } = first;
  if (path === undefined) return;
  if (!rest.some((operand) => operand.path !== undefined && samePath(operand.path, path))) return;
  throw binding.problem(
    `The first operand must be distinct from the remaining operands for this operator or function; operator: ${operator}, first operand: ${pathText(path)}`,
  );
}
