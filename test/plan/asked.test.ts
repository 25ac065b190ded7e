/** What is asked, with everything that can be asked for in one workload. */
import { describe, expect, test } from 'vitest';
import { createPlan, type OperationStream, type PlannedOperation } from '../../src/plan/plan.ts';
import { armOf } from './arms.ts';
import { chiSquareZ } from './chi-square.ts';

const EVERYTHING = `
callers: { weights: [5, 2, 1, 1, 1] }
connections: { perCaller: 3, operations: [5, 50] }
table: { count: 3, items: 500, fields: 4, itemBytes: { logNormal: { p50: 300B, p99: 4KiB } } }
keys: { popularity: latest, scanItems: { histogram: { 1: 50, 10: 30, 100: 20 } } }
operations: { get: 40, put: 10, insert: 10, update: 10, delete: 10, scan: 10, readModifyWrite: 10 }
`;
const OPEN = `${EVERYTHING}
arrivals: { process: poisson, rate: 500/s }
phases:
  - { for: 1s, rate: { from: 100/s, to: 1k/s }, measured: false }
  - { for: 2s, rate: { mean: 500/s, amplitude: 300/s, period: 1s } }
  - { count: 700 }
`;
const CLOSED = `${EVERYTHING}\narrivals: { loop: closed, concurrency: 16, think: exponential 5ms }`;

function take(stream: OperationStream, most = Number.POSITIVE_INFINITY): PlannedOperation[] {
  const operations: PlannedOperation[] = [];
  while (operations.length < most) {
    const next = stream.next();
    if (!next) break;
    operations.push({ ...next });
  }
  return operations;
}

/** What all lanes perform together: byte by byte, one line an operation. */
function union(lines: string, lanes: number, seed: number, below = Number.POSITIVE_INFINITY): Buffer {
  const plan = createPlan(armOf(lines), seed);
  const own = Array.from({ length: lanes }, (_, lane) => {
    const stream = plan.stream(lane, lanes);
    const operations: PlannedOperation[] = [];
    for (let next = stream.next(); next && next.index < below; next = stream.next())
      operations.push({ ...next });
    return operations;
  });
  const sorted = own.flat().sort((a, b) => a.index - b.index);
  return Buffer.from(sorted.map((operation) => JSON.stringify(operation)).join('\n'));
}

describe('the same seed gives byte-identical operations with 1, 2 and 4 lanes', () => {
  test.each([
    ['open loop', OPEN, Number.POSITIVE_INFINITY],
    ['closed loop', CLOSED, 3000],
  ])('%s', (_, lines, below) => {
    const whole = union(lines, 1, 42, below);
    expect(whole.length).toBeGreaterThan(200_000);
    for (const lanes of [2, 4]) expect(union(lines, lanes, 42, below).equals(whole)).toBe(true);
    expect(union(lines, 1, 43, below).equals(whole)).toBe(false);
  });
});

describe('inserts', () => {
  test('have dense keys after those that are there at first, each once, whatever the lane', () => {
    const plan = createPlan(armOf(OPEN), 7);
    const inserts = [0, 1, 2, 3]
      .flatMap((lane) => take(plan.stream(lane, 4)))
      .filter(({ kind }) => kind === 'insert')
      .sort((a, b) => a.index - b.index);
    expect(inserts.length).toBeGreaterThan(200);
    expect(inserts.map(({ key }) => key)).toEqual(inserts.map((_, i) => 500 + i));
  });

  test('come before what asks for them', () => {
    const seen = { newest: 499, asked: 0 };
    for (const { kind, key } of take(createPlan(armOf(OPEN), 7).stream(0, 1))) {
      if (kind === 'insert') seen.newest = key;
      expect(key).toBeLessThanOrEqual(seen.newest);
      if (kind !== 'insert' && key >= 500) seen.asked++;
    }
    expect(seen.asked).toBeGreaterThan(100);
  });
});

test('every key has its table, and tables of equally popular keys are asked alike', () => {
  const operations = take(
    createPlan(armOf('table: { count: 7 }\nkeys: { popularity: uniform }'), 3).stream(0, 1),
    20_000,
  );
  expect(operations.every(({ key, table }) => table === key % 7)).toBe(true);
  const counts = Array.from(
    { length: 7 },
    (_, table) => operations.filter((one) => one.table === table).length,
  );
  expect(chiSquareZ(counts, new Array(7).fill(1 / 7))).toBeLessThan(3.5);
});

test('bytes are for what writes, lengths for scans', () => {
  for (const { kind, bytes, length } of take(createPlan(armOf(OPEN), 3).stream(0, 1))) {
    expect(bytes > 0).toBe(['put', 'insert', 'update', 'readModifyWrite'].includes(kind));
    expect(length > 0).toBe(kind === 'scan');
  }
});

describe("callers' weights", () => {
  const WEIGHTED = 'callers: { weights: [8, 0, 1, 1] }\nconnections: { perCaller: 3 }';

  test('open loop: callers are drawn by weight, connections of each alike', () => {
    const operations = take(createPlan(armOf(WEIGHTED), 3).stream(0, 1), 30_000);
    const callers = [0, 1, 2, 3].map((caller) => operations.filter((one) => one.caller === caller));
    expect(callers[1]).toHaveLength(0);
    expect(
      chiSquareZ(
        [0, 2, 3].map((caller) => callers[caller]!.length),
        [0.8, 0.1, 0.1],
      ),
    ).toBeLessThan(3.5);
    for (const own of [callers[0]!, callers[2]!]) {
      const connections = [0, 1, 2].map(
        (number) => own.filter(({ connection }) => connection === number).length,
      );
      expect(chiSquareZ(connections, [1 / 3, 1 / 3, 1 / 3])).toBeLessThan(3.5);
    }
  });

  test('closed loop: users are divided among callers by weight, and keep them', () => {
    const plan = createPlan(armOf(`${WEIGHTED}\narrivals: { loop: closed, concurrency: 20 }`), 3);
    const users = Array.from({ length: 20 }, (_, user) => plan.operationAt(user));
    const counts = [0, 1, 2, 3].map((caller) => users.filter((one) => one.caller === caller).length);
    expect(counts).toEqual([16, 0, 2, 2]);
    const connections = new Set(
      users.filter(({ caller }) => caller === 0).map(({ connection }) => connection),
    );
    expect(connections).toEqual(new Set([0, 1, 2]));
    for (const [user, { caller, connection }] of users.entries()) {
      expect(plan.operationAt(user + 20 * 77)).toMatchObject({ caller, connection });
    }
  });

  test('of a power law', () => {
    const operations = take(
      createPlan(armOf('callers: { count: 10, weights: zipf 1 }'), 3).stream(0, 1),
      30_000,
    );
    const counts = Array.from(
      { length: 10 },
      (_, caller) => operations.filter((one) => one.caller === caller).length,
    );
    const harmonic = counts.reduce((sum, _, i) => sum + 1 / (i + 1), 0);
    expect(
      chiSquareZ(
        counts,
        counts.map((_, i) => 1 / (i + 1) / harmonic),
      ),
    ).toBeLessThan(3.5);
  });
});
