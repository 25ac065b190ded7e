import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { itemOf, keyOf } from './crash-items.ts';
import { type Answers, type Bench, sortTable, startBench } from './harness.ts';

/** Runs the writer until it has told of so many writes, kills it with SIGKILL, and returns what it told. */
async function writeUntilKilled(
  bench: Bench,
  first: number,
  writes: number,
  exclusive: boolean,
): Promise<string[]> {
  const script = join(import.meta.dirname, 'crash-writer.ts');
  const child = spawn(
    process.execPath,
    [script, bench.kms.url, join(bench.directory, 'store'), String(first), String(exclusive)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const told: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    told.push(line);
    if (told.length === writes) child.kill('SIGKILL');
  }
  return told;
}

async function itemsOf(bench: Bench, pk: string): Promise<Answers[]> {
  const items: Answers[] = [];
  let ExclusiveStartKey: object | undefined;
  do {
    const page = await bench.run('Query', {
      TableName: 'events',
      KeyConditionExpression: 'pk = :p',
      ExpressionAttributeValues: { ':p': { S: pk } },
      ExclusiveStartKey,
    });
    items.push(...page.Items);
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
  return items;
}

it.each([
  ['straight into LMDB', false],
  ['through the log', true],
])(
  'has every acknowledged write after kill -9, and directories that list exactly the items: %s',
  async (_how, exclusive) => {
    const bench = await startBench({ storage: 'lmdb' });
    await bench.run('CreateTable', sortTable);
    const put = new Set<number>();
    const deleted = new Set<number>();
    for (const [round, writes] of [150, 500].entries()) {
      const told = await writeUntilKilled(bench, round * 10_000, writes, exclusive);
      expect(told.length).toBeGreaterThanOrEqual(writes);
      for (const line of told) {
        const [kind, index] = line.split(' ');
        (kind === 'put' ? put : deleted).add(Number(index));
      }
      await bench.reopen();
      const listed = (await Promise.all(['p0', 'p1', 'p2'].map((pk) => itemsOf(bench, pk)))).flat();
      const indices = new Set(listed.map(({ index }) => Number(index.N)));
      expect(indices.size).toBe(listed.length);
      for (const index of put) {
        const { Item } = await bench.run('GetItem', { TableName: 'events', Key: keyOf(index) });
        expect(Item !== undefined).toBe(indices.has(index));
        if (deleted.has(index)) expect(Item).toBeUndefined();
        // A delete may have been done and not told.
        else if ((index + 30) % 3 !== 0) expect(Item).toEqual(itemOf(index));
        else if (Item !== undefined) expect(Item).toEqual(itemOf(index));
      }
      const { Count } = await bench.run('Scan', { TableName: 'events', Select: 'COUNT' });
      const { Table } = await bench.run('DescribeTable', { TableName: 'events' });
      expect([Count, Table.ItemCount]).toEqual([listed.length, listed.length]);
    }
    await bench.close();
  },
  30_000,
);
