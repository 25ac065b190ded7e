import fc from 'fast-check';
import { expect, it } from 'vitest';
import { StoreCore } from '../../../../src/system/store/core.ts';
import { MemoryEngine } from '../../../../src/system/store/engine/engine-memory.ts';
import { followersChanged } from '../../../../src/system/store/followers.ts';
import { IndexItems } from '../../../../src/system/store/indexes/index-items.ts';
import { readIndexTotals } from '../../../../src/system/store/indexes/totals.ts';
import type { IndexRecord } from '../../../../src/system/store/indexes/types.ts';
import { directoryEntries } from '../../../../src/system/store/items/directory.ts';
import { deleteItem, putItem } from '../../../../src/system/store/items/items.ts';
import { readTable, type TableRecord, writeTable } from '../../../../src/system/store/tables/catalog.ts';
import { createTable } from '../../../../src/system/store/tables/tables.ts';
import { itemSizeBytes } from '../../../../src/system/store/values/values.ts';
import { ACCOUNT, type Answers, alice, hashTable, REGION, startBench } from '../harness.ts';

const index: IndexRecord = {
  name: 'by-group',
  number: 1,
  kind: 'global',
  key: { partition: { name: 'group', type: 'S' }, sort: { name: 'rank', type: 'N' } },
  projection: { type: 'INCLUDE', attributes: ['note'] },
  state: 'ACTIVE',
};

it('holds what a model holds, in order, and nothing of it in the clear', async () => {
  const bench = await startBench();
  const engine = new MemoryEngine();
  const core = new StoreCore(engine, {
    region: REGION,
    accountId: ACCOUNT,
    storage: 'memory',
    kms: bench.client,
    keyCache: { scope: 'connection', ttl_ms: 300_000, expiry: 'absolute' },
    clock: bench.clock,
  });
  const context = { principal: alice.principal, connectionId: 1 };
  await createTable(core, hashTable, context);
  const table = await engine.write((transaction): TableRecord => {
    const changed = followersChanged(transaction, {
      ...readTable(transaction, 'users')!,
      indexes: [index],
      lastIndex: 1,
    });
    writeTable(transaction, changed);
    return changed;
  });
  const model = new Map<string, Answers>();
  const step = fc.record({
    pk: fc.integer({ min: 0, max: 12 }).map((n) => `secret-key-${n}`),
    group: fc.constantFrom('secret-group-a', 'secret-group-b', undefined),
    rank: fc.constantFrom(-10, 2, 2.5, 30, undefined),
    note: fc.constantFrom('secret-note', 'secret-note-2'),
    remove: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      for (const { pk, group, rank, note, remove } of steps) {
        const item: Answers = { pk: { S: pk }, note: { S: note }, other: { S: 'secret-other' } };
        if (group !== undefined) item.group = { S: group };
        if (rank !== undefined) item.rank = { N: String(rank) };
        if (remove) {
          model.delete(pk);
          await deleteItem(core, { TableName: 'users', Key: { pk: { S: pk } } }, context);
        } else {
          model.set(pk, item);
          await putItem(core, { TableName: 'users', Item: structuredClone(item) }, context);
        }
      }
      const wanted = [...model.values()].filter(({ group, rank }) => group && rank);
      const projected = wanted.map(({ other, ...rest }) => rest);
      const listed = await core.read(table, context, (items) => {
        const entries = new IndexItems(items, index);
        return ['secret-group-a', 'secret-group-b'].map((group) => {
          const pages = entries.directoryOf(entries.partitionOf({ S: group }));
          return [...directoryEntries(pages, {})].map(({ locator }) =>
            JSON.parse(entries.listed(locator).json.toString()),
          );
        });
      });
      const byKey = (a: Answers, b: Answers) => (a.pk.S < b.pk.S ? -1 : 1);
      expect(listed.flat().sort(byKey)).toEqual(projected.sort(byKey));
      for (const entries of listed) {
        const ranks = entries.map(({ rank }) => Number(rank.N));
        expect(ranks).toEqual([...ranks].sort((a, b) => a - b));
      }
      expect(readIndexTotals(engine, table.number, index.number)).toEqual({
        items: projected.length,
        bytes: projected.reduce((sum, item) => sum + itemSizeBytes(item), 0),
      });
    }),
    { seed: 7, numRuns: 25 },
  );
  const all = engine.range({ start: Buffer.of(16), end: Buffer.of(17), includeStart: true });
  for (const { key, value } of all) expect(Buffer.concat([key, value]).includes('secret')).toBe(false);
  core.access.close();
  await bench.close();
});
