import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LmdbEngine } from '../../../src/system/store/engine/engine-lmdb.ts';
import { deletedTables, tableData } from '../../../src/system/store/layout.ts';
import { type Bench, sortTable, startBench } from './harness.ts';

/** The first table made has number 1. */
const NUMBER = 1;

describe('records changed behind the store', () => {
  let bench: Bench;
  let engine: LmdbEngine;
  beforeEach(async () => {
    bench = await startBench({ storage: 'lmdb' });
    await bench.run('CreateTable', sortTable);
    for (let i = 0; i < 3; i++) {
      await bench.run('PutItem', {
        TableName: 'events',
        Item: { pk: { S: 'p' }, sk: { N: String(i) }, v: { S: 'x' } },
      });
    }
    engine = new LmdbEngine(join(bench.directory, 'store'));
  });
  afterEach(async () => {
    await engine.close();
    await bench.close();
  });

  const records = () => [...engine.range({ ...tableData(NUMBER), includeStart: true })];
  const query = {
    TableName: 'events',
    KeyConditionExpression: 'pk = :p',
    ExpressionAttributeValues: { ':p': { S: 'p' } },
  };

  it('do not open with any bit changed, be it of an item, its size or a directory page', async () => {
    const original = records();
    expect(original).toHaveLength(4);
    await fc.assert(
      fc.asyncProperty(fc.nat(3), fc.nat(), async (which, position) => {
        const { key, value } = original[which]!;
        const changed = Buffer.from(value);
        const bit = position % (value.length * 8);
        changed[bit >> 3]! ^= 1 << (bit & 7);
        await engine.write((transaction) => transaction.put(key, changed));
        expect((await bench.failure('Query', query)).code).toBe('E_ENVELOPE');
        await engine.write((transaction) => transaction.put(key, value));
      }),
      { seed: 5, numRuns: 40 },
    );
    expect((await bench.run('Query', query)).Count).toBe(3);
  });

  it('do not open in the place of others', async () => {
    const items = records().filter(({ key }) => key[5] === 1);
    await engine.write((transaction) => {
      transaction.put(items[0]!.key, items[1]!.value);
      transaction.put(items[1]!.key, items[0]!.value);
    });
    expect((await bench.failure('Query', query)).code).toBe('E_ENVELOPE');
  });

  it('leaves nothing of a deleted table', async () => {
    await bench.run('DeleteTable', { TableName: 'events' });
    await bench.reopen();
    // What the first process had no time for, the second removes; closing waits for the batch under way.
    await bench.reopen();
    await bench.reopen();
    expect(records()).toEqual([]);
    expect([...engine.range({ ...deletedTables(), includeStart: true })]).toEqual([]);
  });
});
