import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { advanceTogether, traveller } from '../../../src/std/schedule.ts';
import { createStore, type Store } from '../../../src/system/store/store.ts';
import { ACCOUNT, type Answers, alice, type Bench, hashTable, REGION, startBench } from './harness.ts';

describe('two stores over one directory', () => {
  let bench: Bench;
  let other: Store;
  const dataKeyUses = 20;

  beforeEach(async () => {
    bench = await startBench({ storage: 'lmdb', dataKeyUses });
    other = await createStore({
      region: REGION,
      accountId: ACCOUNT,
      storage: 'lmdb',
      directory: join(bench.directory, 'store'),
      kms: bench.client,
      keyCache: { scope: 'connection', ttl_ms: 300_000, expiry: 'absolute' },
      clock: bench.clock,
      dataKeyUses,
    });
  });
  afterEach(async () => {
    await other.close();
    await bench.close();
  });

  async function runOther(operation: string, body: Answers): Promise<Answers> {
    const answer = await other.execute(operation, body, { principal: alice.principal, connectionId: 77 });
    return typeof answer === 'string' || Buffer.isBuffer(answer) ? JSON.parse(String(answer)) : answer;
  }
  const otherEndsChange = () => advanceTogether([traveller(bench.clock, [other.housekeeping])], 500);
  const put = (pk: string) => ({ TableName: 'users', Item: { pk: { S: pk } } });
  const get = (pk: string) => ({ TableName: 'users', Key: { pk: { S: pk } } });

  it('see each other’s tables and items', async () => {
    await bench.run('CreateTable', hashTable);
    await runOther('PutItem', put('a'));
    expect(await bench.run('GetItem', get('a'))).toEqual({ Item: { pk: { S: 'a' } } });
    await runOther('DeleteTable', { TableName: 'users' });
    expect((await bench.failure('GetItem', get('a'))).code).toBe('ResourceNotFoundException');
    await bench.run('CreateTable', hashTable);
    expect(await runOther('GetItem', get('a'))).toEqual({});
  });

  it('share a counter without losing an update, and data keys without exceeding their uses', async () => {
    await bench.run('CreateTable', hashTable);
    const add = {
      TableName: 'users',
      Key: { pk: { S: 'n' } },
      UpdateExpression: 'ADD n :one',
      ExpressionAttributeValues: { ':one': { N: '1' } },
    };
    const updates = Array.from({ length: 100 }, (_, i) =>
      i % 2 === 0 ? bench.run('UpdateItem', add) : runOther('UpdateItem', structuredClone(add)),
    );
    await Promise.all(updates);
    expect((await runOther('GetItem', get('n'))).Item.n).toEqual({ N: '100' });
  });

  it('load keys anew when the other one changed the table key and then the data key', async () => {
    const { KeyMetadata } = await bench.asUser('CreateKey', {});
    await bench.run('CreateTable', hashTable);
    await bench.run('PutItem', put('first'));
    await runOther('UpdateTable', {
      TableName: 'users',
      SSESpecification: { Enabled: true, SSEType: 'KMS', KMSMasterKeyId: KeyMetadata.Arn },
    });
    await otherEndsChange();
    for (let i = 0; i < 3 * dataKeyUses; i++) await runOther('PutItem', put(`n${i}`));
    const before = bench.store.counters().cache.misses;
    expect((await bench.run('GetItem', get(`n${3 * dataKeyUses - 1}`))).Item).toBeDefined();
    expect(bench.store.counters().cache.misses).toBe(before + 1);
    expect((await bench.run('GetItem', get('first'))).Item).toBeDefined();
    for (let i = 0; i < 3 * dataKeyUses; i++) await bench.run('PutItem', put(`m${i}`));
    expect((await runOther('GetItem', get('m59'))).Item).toBeDefined();
  });

  it('write with keys from before a change of the table key', async () => {
    await bench.run('CreateTable', hashTable);
    await bench.run('PutItem', put('a'));
    await runOther('UpdateTable', { TableName: 'users', SSESpecification: { Enabled: true } });
    await otherEndsChange();
    for (let i = 0; i < 2 * dataKeyUses; i++) await bench.run('PutItem', put(`w${i}`));
    expect((await runOther('GetItem', get('w39'))).Item).toBeDefined();
  });
});
