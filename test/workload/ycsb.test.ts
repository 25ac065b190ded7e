/** The YCSB core workloads, as published: https://github.com/brianfrankcooper/YCSB/tree/master/workloads */
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { itemJson } from '../../src/drivers/drivers.ts';
import { createPlan, describePlan, type PlannedOperation } from '../../src/plan/plan.ts';
import { planReport } from '../../src/report/report.ts';
import { type Arm, loadWorkload, type OperationKind, type Workload } from '../../src/workload/workload.ts';

const load = (letter: string): Promise<Workload> =>
  loadWorkload(fileURLToPath(new URL(`../../workloads/ycsb-${letter}.yaml`, import.meta.url)));

const PUBLISHED: [string, Partial<Record<OperationKind, number>>, 'zipf' | 'latest'][] = [
  ['a', { get: 0.5, update: 0.5 }, 'zipf'],
  ['b', { get: 0.95, update: 0.05 }, 'zipf'],
  ['c', { get: 1 }, 'zipf'],
  ['d', { get: 0.95, insert: 0.05 }, 'latest'],
  ['e', { scan: 0.95, insert: 0.05 }, 'zipf'],
  ['f', { get: 0.5, readModifyWrite: 0.5 }, 'zipf'],
];

function operationsOf(arm: Arm, count: number): PlannedOperation[] {
  const plan = createPlan(arm, 1);
  return Array.from({ length: count }, (_, index) => plan.operationAt(index));
}

describe.each(PUBLISHED)('workload %s', (letter, mix, popularity) => {
  test('has the published mix, distribution and record', async () => {
    const { arms } = await load(letter);
    const [arm] = arms;
    expect(arms).toHaveLength(1);
    const asked = Object.entries(arm!.operations).filter(([, share]) => share > 0);
    expect(Object.fromEntries(asked)).toEqual(mix);
    expect(arm!.keys.popularity).toEqual({ kind: popularity, s: 0.99 });
    expect(arm!.table).toMatchObject({ items: 1000, fields: 10, itemBytes: { kind: 'fixed', value: 1076 } });
    for (const { bytes, kind, key, index } of operationsOf(arm!, 200)) {
      expect([0, 1076]).toContain(bytes);
      if (kind !== 'insert') continue;
      const item = JSON.parse(itemJson(key, index, bytes, arm!.table.fields)) as Record<
        string,
        { S: string }
      >;
      const fields = Object.entries(item).filter(([name]) => name !== 'pk');
      expect(fields.map(([name, { S }]) => [name, S.length])).toEqual(
        Array.from({ length: 10 }, (_, field) => [`field${field}`, 100]),
      );
    }
  });

  test('is over in less than half a minute, by its plan', async () => {
    const plan = describePlan(await load(letter));
    expect(plan.estimated_s).toBeLessThan(30);
    expect(plan.arms[0]!.operations).toBeGreaterThan(1000);
    expect(planReport(plan)).toContain(`ycsb-${letter}: 6 turns in 5 blocks`);
  });
});

test('workload E scans 1 to 100 records, each length alike', async () => {
  const { arms } = await load('e');
  expect(arms[0]!.keys.scanItems).toEqual({ kind: 'uniform', min: 1, max: 100 });
  const lengths = operationsOf(arms[0]!, 5000).flatMap(({ kind, length }) =>
    kind === 'scan' ? [length] : [],
  );
  expect(new Set(lengths).size).toBe(100);
  expect([Math.min(...lengths), Math.max(...lengths)]).toEqual([1, 100]);
});

test('workload D asks for the newest record most', async () => {
  const { arms } = await load('d');
  let newest = 999;
  const ages: number[] = [];
  for (const { kind, key } of operationsOf(arms[0]!, 5000)) {
    if (kind === 'insert') newest = key;
    else ages.push(newest - key);
  }
  expect(newest).toBe(999 + 250);
  expect(Math.min(...ages)).toBe(0);
  const youngest = ages.filter((age) => age === 0).length / ages.length;
  // 1 / Σ rank^−0.99 over 1000 ranks.
  expect(youngest).toBeGreaterThan(0.11);
  expect(youngest).toBeLessThan(0.15);
});
