import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCondition } from '../../../../src/system/store/expressions/parse-condition.ts';
import { parseProjection, parseUpdate } from '../../../../src/system/store/expressions/parse-update.ts';
import { isReserved } from '../../../../src/system/store/expressions/reserved.ts';
import { condition, Printer, path, style, update } from './trees.ts';

const seed = 20260102;

describe('what is printed parses back to the same tree', () => {
  test('conditions', () => {
    fc.assert(
      fc.property(condition, style, (tree, look) => {
        expect(parseCondition(new Printer(look).condition(tree))).toEqual(tree);
      }),
      { seed, numRuns: 1000 },
    );
  });

  test('updates', () => {
    fc.assert(
      fc.property(update, style, (tree, look) => {
        expect(parseUpdate(new Printer(look).update(tree))).toEqual(tree);
      }),
      { seed, numRuns: 500 },
    );
  });

  test('projections', () => {
    fc.assert(
      fc.property(fc.array(path, { minLength: 1, maxLength: 5 }), style, (paths, look) => {
        const printer = new Printer(look);
        expect(parseProjection(paths.map((each) => printer.path(each)).join(`,${look.space}`))).toEqual({
          paths,
        });
      }),
      { seed, numRuns: 200 },
    );
  });
});

test('AND binds closer than OR, NOT closer than both', () => {
  const named = (name: string) => ({ kind: 'call', name, args: [{ kind: 'path', path: ['x'] }] });
  expect(parseCondition('a(x) OR NOT b(x) AND c(x)')).toEqual({
    kind: 'or',
    terms: [named('a'), { kind: 'and', terms: [{ kind: 'not', term: named('b') }, named('c')] }],
  });
});

test('the AND of BETWEEN is its own', () => {
  const [x, y, z] = ['x', 'y', 'z'].map((name) => ({ kind: 'path', path: [name] }));
  expect(parseCondition('x BETWEEN y AND z AND x = y')).toEqual({
    kind: 'and',
    terms: [
      { kind: 'between', operand: x, low: y, high: z },
      { kind: 'compare', op: '=', left: x, right: y },
    ],
  });
});

test('reserved words are reserved in any case', () => {
  expect(['name', 'Name', 'NAME', 'zone', 'ABORT'].every(isReserved)).toBe(true);
  expect(['pk', 'names_', '__proto__', 'constructor_'].some(isReserved)).toBe(false);
});
