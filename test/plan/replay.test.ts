import { describe, expect, test } from 'vitest';
import { createPlan } from '../../src/plan/plan.ts';
import { itemLimits } from '../../src/plan/sizes.ts';
import type { PlannedOperation } from '../../src/plan/types.ts';
import type { TraceRecord, TraceRecords } from '../../src/trace/types.ts';
import { parseWorkload } from '../../src/workload/workload.ts';

const RECORDS: TraceRecord[] = Array.from({ length: 500 }, (_, index) => ({
  time_us: 1e6 + index * 1000,
  client: index * 7919,
  operation: (['get', 'put', 'update', 'delete', 'scan'] as const)[index % 5]!,
  key: index * 104_729,
  bytes: [0, 10, 1000, 1e9][index % 4]!,
}));

function open(): TraceRecords {
  let next = 0;
  return { next: () => (next < RECORDS.length ? { ...RECORDS[next++]! } : undefined), close: () => {} };
}

const SURVEY = {
  records: 500,
  broken: 0,
  brokenLines: [],
  disordered: 0,
  span_us: 500e3,
  first_us: 1e6,
  tick_us: 0,
  clients: 500,
  keys: 500,
};

function replayed(lines: string, lanes: number): PlannedOperation[] {
  const text = `name: x\ncallers: 6\nconnections: { perCaller: 2 }\ntable: { items: 100, count: 3 }\ncompare: { blocks: 1 }\n${lines}\n`;
  const arm = parseWorkload(text, 'w.yaml', {}, () => SURVEY).arms[0]!;
  const plan = createPlan(arm, 1, open);
  const all: PlannedOperation[] = [];
  for (let lane = 0; lane < lanes; lane++) {
    const stream = plan.stream(lane, lanes);
    for (let next = stream.next(); next !== undefined; next = stream.next()) all.push({ ...next });
  }
  return all.sort((a, b) => a.index - b.index);
}

const FILE = 'trace: { file: x, format: twitter';

describe('replay', () => {
  test('keeps the recorded times, from the first record on, at any speed', () => {
    expect(replayed(`${FILE} }`, 1).map((operation) => operation.due_ns)).toEqual(
      RECORDS.map((_, index) => index * 1e6),
    );
    expect(replayed(`${FILE}, speed: 4 }`, 1).at(-1)!.due_ns).toBe((499 * 1e6) / 4);
  });

  test.each([2, 4])('is the same with %i lanes as with one', (lanes) => {
    expect(replayed(`${FILE} }`, lanes)).toEqual(replayed(`${FILE} }`, 1));
  });

  test('keeps clients and keys apart or together as they were', () => {
    for (const { index, caller, key, kind, table } of replayed(`${FILE} }`, 1)) {
      const record = RECORDS[index]!;
      expect({ caller, key, kind }).toEqual({
        caller: record.client % 6,
        key: record.key % 100,
        kind: record.operation,
      });
      expect(table).toBe(key % 3);
    }
  });

  test('writes sizes that a store takes, and reads none', () => {
    for (const { index, bytes, kind } of replayed(`${FILE} }`, 1)) {
      const writes = kind === 'put' || kind === 'update';
      expect(bytes).toBe(
        writes ? Math.min(Math.max(RECORDS[index]!.bytes, itemLimits(1).least), 409_600) : 0,
      );
    }
  });

  test('ends with the phases', () => {
    const operations = replayed(`${FILE} }\nphases: [ { for: 100ms } ]`, 1);
    expect(operations).toHaveLength(100);
  });
});
