import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createPlan, type OperationStream, type PlannedOperation } from '../../src/plan/plan.ts';
import { armOf, workloadOf } from './arms.ts';
import { chiSquareZ } from './chi-square.ts';

function take(stream: OperationStream, most: number): PlannedOperation[] {
  const operations: PlannedOperation[] = [];
  for (let next = stream.next(); next && operations.length < most; next = stream.next())
    operations.push({ ...next });
  return operations;
}

/** What all lanes perform together, by index. */
function union(
  lines: string,
  lanes: number,
  seed: number,
  mostPerLane = Number.POSITIVE_INFINITY,
): PlannedOperation[] {
  const plan = createPlan(armOf(lines), seed);
  const all = Array.from({ length: lanes }, (_, lane) => take(plan.stream(lane, lanes), mostPerLane)).flat();
  return all.sort((a, b) => a.index - b.index);
}

describe('open loop', () => {
  test.each(['poisson', 'constant'])(
    '%s: the union of the lanes is the same for any number of them',
    (process) => {
      const lines = `callers: 3\nconnections: { perCaller: 2 }\narrivals: { process: ${process}, rate: 500/s }\nphases: [ { for: 4s } ]`;
      const whole = JSON.stringify(union(lines, 1, 6));
      for (const lanes of [2, 3, 4, 7]) expect(JSON.stringify(union(lines, lanes, 6))).toBe(whole);
    },
  );

  test('the same for any seed, number of callers, connections and lanes', () => {
    const number = fc.integer({ min: 1, max: 9 });
    const property = fc.property(
      fc.maxSafeNat(),
      number,
      number,
      number,
      (seed, callers, perCaller, lanes) => {
        const lines = `callers: ${callers}\nconnections: { perCaller: ${perCaller} }\narrivals: { rate: 200/s }\nphases: [ { for: 1s } ]`;
        expect(union(lines, lanes, seed)).toEqual(union(lines, 1, seed));
      },
    );
    fc.assert(property, { seed: 2, numRuns: 60 });
  });

  test('a lane has the operations of its own callers, in due order, to the end of the phases', () => {
    const arm = armOf('callers: 5\nphases: [ { for: 1s, measured: false }, { for: 2s } ]');
    const operations = take(createPlan(arm, 1).stream(1, 3), 10_000);
    expect(new Set(operations.map(({ caller }) => caller))).toEqual(new Set([1, 4]));
    expect(operations.every(({ due_ns }, i) => due_ns >= (operations[i - 1]?.due_ns ?? 0))).toBe(true);
    expect(operations.at(-1)!.due_ns).toBeLessThan(3e9);
    expect(operations.at(-1)!.due_ns).toBeGreaterThan(2.9e9);
  });

  test('a lane without callers has nothing to do', () => {
    const stream = createPlan(armOf('callers: 2'), 1).stream(2, 4);
    expect(stream.peek()).toBeUndefined();
    expect(stream.next()).toBeUndefined();
  });

  test('peek shows what next returns, which holds until the next next', () => {
    const stream = createPlan(armOf(''), 1).stream(0, 1);
    const peeked = { ...stream.peek() };
    const first = stream.next()!;
    expect(first).toEqual(peeked);
    expect(stream.peek()!.index).toBe(1);
    expect(first).toEqual(peeked);
  });

  test('an operation by its index is the one of the stream, but for its due time', () => {
    const plan = createPlan(armOf('callers: 3\nconnections: { perCaller: 3 }'), 77);
    for (const operation of take(plan.stream(0, 1), 300)) {
      expect(plan.operationAt(operation.index)).toEqual({ ...operation, due_ns: 0 });
    }
  });

  test('kinds come in their shares, and callers and connections evenly', () => {
    const arm = armOf(
      'callers: 3\nconnections: { perCaller: 4 }\noperations: { get: 60, put: 25, delete: 15 }',
    );
    const operations = take(createPlan(arm, 5).stream(0, 1), 50_000);
    const countBy = (cells: readonly unknown[], cellOf: (operation: PlannedOperation) => unknown) =>
      cells.map((cell) => operations.filter((operation) => cellOf(operation) === cell).length);
    const kinds = countBy(['get', 'put', 'update', 'delete'], ({ kind }) => kind);
    expect(kinds[2]).toBe(0);
    expect(chiSquareZ([kinds[0]!, kinds[1]!, kinds[3]!], [0.6, 0.25, 0.15])).toBeLessThan(3.5);
    const slots = countBy([...Array(12).keys()], ({ caller, connection }) => connection * 3 + caller);
    expect(chiSquareZ(slots, new Array(12).fill(1 / 12))).toBeLessThan(3.5);
  });
});

test('arms that differ in connections and system replay the same operations', () => {
  const { arms, seed } = workloadOf(
    'callers: 4\narms: { kept: {}, fresh: { connections: { mode: fresh }, table: { encryption: none } } }',
  );
  const [kept, fresh] = arms.map((arm) => take(createPlan(arm, seed).stream(0, 1), 2000));
  expect(fresh).toEqual(kept);
});

describe('closed loop', () => {
  const LINES = 'callers: 3\nconnections: { perCaller: 2 }\narrivals: { loop: closed, concurrency: 8 }';

  test('the union of the lanes is the same for any number of them', () => {
    const whole = union(LINES, 1, 6, 4000).slice(0, 800);
    for (const lanes of [2, 3, 4]) expect(union(LINES, lanes, 6, 4000).slice(0, 800)).toEqual(whole);
    expect(whole.map(({ index }) => index)).toEqual([...Array(800).keys()]);
  });

  test('virtual user v keeps to its caller and connection', () => {
    const plan = createPlan(armOf(LINES), 6);
    for (let index = 0; index < 80; index++) {
      const user = index % 8;
      const expected = { index, due_ns: 0, caller: user % 3, connection: Math.floor(user / 3) % 2 };
      expect(plan.operationAt(index)).toMatchObject(expected);
    }
  });
});
