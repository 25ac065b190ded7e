import type { AttributeValue, Item } from '../types.ts';
import { type AttributeType, equalValues, typeOf } from '../values/values.ts';
import type { ConditionNode } from './ast.ts';
import { bindOperand, checkDistinct, checkType, type Operand, typeProblem } from './operands.ts';
import type { Binding } from './substitutions.ts';

type Condition = (item: Item) => boolean;

const TYPE_NAMES: ReadonlySet<string> = new Set<AttributeType>([
  'B',
  'NULL',
  'SS',
  'BOOL',
  'L',
  'BS',
  'N',
  'NS',
  'S',
  'M',
]);
/** Order as DynamoDB prints them. */
const ANY_TYPE = '{NS,SS,L,BS,N,M,B,BOOL,NULL,S}';
const VALID_TYPES = '{B,NULL,SS,BOOL,L,BS,N,NS,S,M}';

/** A function that is a condition by itself; its name and number of operands have been checked. */
export function bindFunction(node: ConditionNode & { kind: 'call' }, binding: Binding): Condition {
  const operands = node.args.map((arg) => bindOperand(arg, binding));
  const first = operands[0]!;
  switch (node.name) {
    case 'attribute_exists':
      checkPathOperand(node.name, first, binding);
      return (item) => first.read(item) !== undefined;
    case 'attribute_not_exists':
      checkPathOperand(node.name, first, binding);
      return (item) => first.read(item) === undefined;
    case 'attribute_type':
      return bindAttributeType(first, operands[1]!, binding);
    case 'begins_with':
      return bindBeginsWith(operands, binding);
    default:
      return bindContains(first, operands[1]!, binding);
  }
}

function checkPathOperand(name: string, operand: Operand, binding: Binding): void {
  if (operand.path === undefined) {
    throw binding.problem(`Operator or function requires a document path; operator or function: ${name}`);
  }
}

function bindAttributeType(operand: Operand, type: Operand, binding: Binding): Condition {
  checkPathOperand('attribute_type', operand, binding);
  checkDistinct('attribute_type', operand, [type], binding);
  const { value } = type;
  if (value === undefined || !('S' in value)) {
    throw typeProblem('attribute_type', type.type ?? ANY_TYPE, binding);
  }
  if (!TYPE_NAMES.has(value.S)) {
    throw binding.problem(`Invalid attribute type name found; type: ${value.S}, valid types: ${VALID_TYPES}`);
  }
  return (item) => {
    const found = operand.read(item);
    return found !== undefined && typeOf(found) === value.S;
  };
}

function bindBeginsWith(operands: readonly Operand[], binding: Binding): Condition {
  const [operand, prefix] = operands as [Operand, Operand];
  checkDistinct('begins_with', operand, [prefix], binding);
  for (const each of operands) checkType('begins_with', each, ['S', 'B'], binding);
  return (item) => {
    const value = operand.read(item);
    const start = prefix.read(item);
    return value !== undefined && start !== undefined && beginsWith(value, start);
  };
}

function beginsWith(value: AttributeValue, start: AttributeValue): boolean {
  if ('S' in value && 'S' in start) return value.S.startsWith(start.S);
  if ('B' in value && 'B' in start) {
    const prefix = Buffer.from(start.B, 'base64');
    return Buffer.from(value.B, 'base64').subarray(0, prefix.length).equals(prefix);
  }
  return false;
}

function bindContains(operand: Operand, part: Operand, binding: Binding): Condition {
  checkDistinct('contains', operand, [part], binding);
  return (item) => {
    const value = operand.read(item);
    const wanted = part.read(item);
    return value !== undefined && wanted !== undefined && contains(value, wanted);
  };
}

function contains(value: AttributeValue, part: AttributeValue): boolean {
  if ('L' in value) return value.L.some((element) => equalValues(element, part));
  if ('S' in part) {
    if ('S' in value) return value.S.includes(part.S);
    return 'SS' in value && value.SS.includes(part.S);
  }
  if ('N' in part) return 'NS' in value && value.NS.includes(part.N);
  if (!('B' in part)) return false;
  if ('BS' in value) return value.BS.includes(part.B);
  return 'B' in value && Buffer.from(value.B, 'base64').includes(Buffer.from(part.B, 'base64'));
}
