import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ConditionNode, OperandNode } from '../../../../src/system/store/expressions/ast.ts';
import type { AttributeValue, Item } from '../../../../src/system/store/types.ts';
import { compileCondition } from './requests.ts';
import { Printer } from './trees.ts';

const item: Item = {
  s: { S: 'hello' },
  n: { N: '12.50' },
  b: { B: Buffer.from('bytes').toString('base64') },
  t: { BOOL: true },
  z: { NULL: true },
  ss: { SS: ['a', 'b'] },
  ns: { NS: ['1', '2'] },
  bs: { BS: ['YQ=='] },
  l: { L: [{ S: 'x' }, { N: '5' }, { M: { deep: { L: [{ S: 'end' }] } } }] },
  m: { M: { k: { S: 'v' } } },
};

describe('conditions over an item', () => {
  test.each<[string, Record<string, AttributeValue> | undefined, boolean]>([
    ['attribute_exists(s)', undefined, true],
    ['attribute_exists(m.k)', undefined, true],
    ['attribute_exists(m.nope)', undefined, false],
    ['attribute_exists(s.k)', undefined, false],
    ['attribute_exists(l[2].deep[0])', undefined, true],
    ['attribute_exists(l[3])', undefined, false],
    ['attribute_not_exists(nope)', undefined, true],
    ['attribute_type(z, :v)', { ':v': { S: 'NULL' } }, true],
    ['attribute_type(s, :v)', { ':v': { S: 'N' } }, false],
    ['attribute_type(nope, :v)', { ':v': { S: 'N' } }, false],
    ['n = :v', { ':v': { N: '12.5' } }, true],
    ['n = :v', { ':v': { S: '12.50' } }, false],
    ['n <> :v', { ':v': { S: '12.50' } }, true],
    ['nope = :v', { ':v': { S: '' } }, false],
    ['nope <> :v', { ':v': { S: '' } }, true],
    ['nope < :v', { ':v': { S: '' } }, false],
    ['NOT nope < :v', { ':v': { S: '' } }, true],
    ['nope = nada', undefined, false],
    ['n > :v', { ':v': { N: '9' } }, true],
    ['s > :v', { ':v': { N: '9' } }, false],
    ['s >= :v', { ':v': { S: 'hello' } }, true],
    ['b < :v', { ':v': { B: Buffer.from('c').toString('base64') } }, true],
    ['ss = :v', { ':v': { SS: ['b', 'a'] } }, true],
    ['n BETWEEN :v AND :w', { ':v': { N: '12.5' }, ':w': { N: '100' } }, true],
    ['n BETWEEN :v AND :w', { ':v': { N: '13' }, ':w': { N: '100' } }, false],
    [':v BETWEEN l[1] AND n', { ':v': { N: '5' } }, true],
    ['s IN (:v, :w)', { ':v': { N: '1' }, ':w': { S: 'hello' } }, true],
    ['nope IN (:v)', { ':v': { N: '1' } }, false],
    ['begins_with(s, :v)', { ':v': { S: 'hell' } }, true],
    ['begins_with(s, :v)', { ':v': { S: 'ello' } }, false],
    ['begins_with(b, :v)', { ':v': { B: Buffer.from('by').toString('base64') } }, true],
    ['begins_with(b, :v)', { ':v': { B: Buffer.from('bytes!').toString('base64') } }, false],
    ['begins_with(n, :v)', { ':v': { S: '1' } }, false],
    ['contains(s, :v)', { ':v': { S: 'ell' } }, true],
    ['contains(s, :v)', { ':v': { N: '1' } }, false],
    ['contains(ss, :v)', { ':v': { S: 'b' } }, true],
    ['contains(ns, :v)', { ':v': { N: '2.0' } }, true],
    ['contains(bs, :v)', { ':v': { B: 'YQ==' } }, true],
    ['contains(b, :v)', { ':v': { B: Buffer.from('te').toString('base64') } }, true],
    ['contains(l, :v)', { ':v': { N: '5' } }, true],
    ['contains(l, :v)', { ':v': { M: { deep: { L: [{ S: 'end' }] } } } }, true],
    ['contains(m, :v)', { ':v': { S: 'v' } }, false],
    ['size(s) = :v', { ':v': { N: '5' } }, true],
    ['size(b) = :v', { ':v': { N: '5' } }, true],
    ['size(ss) = :v', { ':v': { N: '2' } }, true],
    ['size(l) = :v', { ':v': { N: '3' } }, true],
    ['size(m) = :v', { ':v': { N: '1' } }, true],
    ['size(n) >= :v', { ':v': { N: '0' } }, false],
    ['size(nope) >= :v', { ':v': { N: '0' } }, false],
  ])('%s with %j: %s', (expression, values, holds) => {
    expect(compileCondition(expression, values)(item)).toBe(holds);
  });

  test('an item that does not exist has no attributes', () => {
    expect(compileCondition('attribute_not_exists(pk)')(undefined)).toBe(true);
    expect(compileCondition('attribute_exists(pk)')(undefined)).toBe(false);
  });

  test('one text with other values is another condition', () => {
    expect(compileCondition('s = :v', { ':v': { S: 'hello' } })(item)).toBe(true);
    expect(compileCondition('s = :v', { ':v': { S: 'other' } })(item)).toBe(false);
    expect(compileCondition('#a = :v', { ':v': { S: 'hello' } }, { '#a': 's' })(item)).toBe(true);
    expect(compileCondition('#a = :v', { ':v': { S: 'hello' } }, { '#a': 'nope' })(item)).toBe(false);
  });
});

/** Attributes q_a and q_b hold one of these or nothing; so do the values :q_v and :q_w. */
const scalar = fc.oneof(
  fc.integer({ min: -2, max: 2 }).map((n): AttributeValue => ({ N: String(n) })),
  fc.constantFrom('', 'a', 'ab').map((s): AttributeValue => ({ S: s })),
);
const leafOperand = fc.constantFrom<OperandNode>(
  { kind: 'path', path: ['q_a'] },
  { kind: 'path', path: ['q_m', 'q_b'] },
  { kind: 'value', name: ':q_v' },
  { kind: 'value', name: ':q_w' },
);
const tree = fc.letrec<{ condition: ConditionNode }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 4 },
    fc
      .record({
        kind: fc.constant('compare' as const),
        op: fc.constantFrom('=', '<>', '<', '<=', '>', '>='),
        left: leafOperand,
        right: leafOperand,
      })
      .filter(({ left, right }) => left !== right),
    fc.record({
      kind: fc.constant('call' as const),
      name: fc.constantFrom('attribute_exists', 'attribute_not_exists'),
      args: fc.constantFrom<OperandNode[]>(
        [{ kind: 'path', path: ['q_a'] }],
        [{ kind: 'path', path: ['q_m', 'q_b'] }],
      ),
    }),
    fc.record({
      kind: fc.constantFrom('and', 'or'),
      terms: fc.array(tie('condition'), { minLength: 2, maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('not' as const), term: tie('condition') }),
  ),
})).condition;

type Known = Map<string, string | number | undefined>;

/** The same question asked of plain numbers and strings. */
function oracle(node: ConditionNode, known: Known): boolean {
  const read = (operand: OperandNode) =>
    known.get(operand.kind === 'path' ? operand.path.join('.') : (operand as { name: string }).name);
  if (node.kind === 'and') return node.terms.every((term) => oracle(term, known));
  if (node.kind === 'or') return node.terms.some((term) => oracle(term, known));
  if (node.kind === 'not') return !oracle(node.term, known);
  if (node.kind === 'call') return (read(node.args[0]!) !== undefined) === (node.name === 'attribute_exists');
  if (node.kind !== 'compare') throw new Error(`unexpected ${node.kind}`);
  const [a, b] = [read(node.left), read(node.right)];
  if (node.op === '=') return a !== undefined && a === b;
  if (node.op === '<>') return a === undefined || a !== b;
  if (a === undefined || b === undefined || typeof a !== typeof b) return false;
  return { '<': a < b, '<=': a <= b, '>': a > b, '>=': a >= b }[node.op];
}

function plain(value: AttributeValue | undefined): string | number | undefined {
  if (value === undefined) return undefined;
  return 'N' in value ? Number(value.N) : (value as { S: string }).S;
}

test('evaluation agrees with a naive one', () => {
  const maybe = fc.option(scalar, { nil: undefined });
  fc.assert(
    fc.property(tree, maybe, maybe, scalar, scalar, (node, a, b, v, w) => {
      const text = new Printer({ space: ' ', parentheses: false, lowerCase: false }).condition(node);
      const values = Object.fromEntries(
        Object.entries({ ':q_v': v, ':q_w': w }).filter(([name]) => text.includes(name)),
      );
      const target: Item = { q_m: { M: b === undefined ? {} : { q_b: b } } };
      if (a !== undefined) target.q_a = a;
      const known: Known = new Map([
        ['q_a', plain(a)],
        ['q_m.q_b', plain(b)],
        [':q_v', plain(v)],
        [':q_w', plain(w)],
      ]);
      const condition = compileCondition(text, Object.keys(values).length === 0 ? undefined : values);
      expect(condition(target)).toBe(oracle(node, known));
    }),
    { seed: 20260103, numRuns: 2000 },
  );
});
