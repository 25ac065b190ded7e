import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Bench, hashTable, startBench } from '../harness.ts';

const HOUR_MS = 3_600_000;
const DURATION_MS = 22_000;
const get = { TableName: 'users', Key: { pk: { S: 'ann' } } };
const put = { TableName: 'users', Item: { pk: { S: 'ann' } } };

describe('a change of the KMS key', () => {
  let bench: Bench;
  let first: string;
  let second: string;
  beforeEach(async () => {
    bench = await startBench({ storage: 'lmdb', keyChange_ms: DURATION_MS });
    const createKey = async () => (await bench.asUser('CreateKey', {})).KeyMetadata.Arn;
    [first, second] = [await createKey(), await createKey()];
    await bench.run('CreateTable', { ...hashTable, ...under(first) });
    await bench.run('PutItem', put);
  });
  afterEach(() => bench.close());

  const under = (arn: string) => ({
    SSESpecification: { Enabled: true, SSEType: 'KMS', KMSMasterKeyId: arn },
  });
  const change = (arn: string) => bench.run('UpdateTable', { TableName: 'users', ...under(arn) });
  const sse = async () => {
    const { Table } = await bench.run('DescribeTable', { TableName: 'users' });
    expect(Table.TableStatus).toBe('ACTIVE');
    return [Table.SSEDescription.Status, Table.SSEDescription.KMSMasterKeyArn];
  };

  it('shows the old key, then the new one, then that it is done; a restart between changes nothing', async () => {
    await change(second);
    expect(await sse()).toEqual(['UPDATING', first]);
    const again = await bench.failure('UpdateTable', { TableName: 'users', ...under(second) });
    expect(again.code).toBe('ResourceInUseException');
    await bench.advance(9000);
    expect(await sse()).toEqual(['UPDATING', second]);
    await bench.reopen();
    expect((await bench.run('GetItem', get)).Item).toEqual(put.Item);
    await bench.advance(DURATION_MS - 9000);
    expect(await sse()).toEqual(['ENABLED', second]);
    await bench.asUser('DisableKey', { KeyId: first });
    await bench.reopen();
    expect((await bench.run('GetItem', get)).Item).toEqual(put.Item);
  });

  it('waits for an old key that is disabled meanwhile', async () => {
    await change(second);
    await bench.asUser('DisableKey', { KeyId: first });
    await bench.advance(5 * 60_000);
    expect(await sse()).toEqual(['UPDATING', second]);
    await bench.asUser('EnableKey', { KeyId: first });
    await bench.advance(2 * 60_000);
    expect(await sse()).toEqual(['ENABLED', second]);
    expect((await bench.run('GetItem', get)).Item).toEqual(put.Item);
  });

  it('is undone when the new key is disabled meanwhile', async () => {
    await change(second);
    await bench.asUser('DisableKey', { KeyId: second });
    await bench.advance(DURATION_MS);
    expect(await sse()).toEqual(['ENABLED', first]);
    expect((await bench.run('GetItem', get)).Item).toEqual(put.Item);
  });

  it('is free four times a day from the first, then once in six hours', async () => {
    const keys = [second, first, second, first, second];
    for (const arn of keys.slice(0, 4)) {
      await change(arn);
      await bench.advance(DURATION_MS);
    }
    const fifth = await bench.failure('UpdateTable', { TableName: 'users', ...under(second) });
    expect(fifth.code).toBe('LimitExceededException');
    expect(fifth.message).toMatch(
      /^Subscriber limit exceeded: Encryption mode changes are limited in the 24h window ending at \S+Z\. After the first 4 change, each subsequent change in the same window can be performed at most once every 21600 seconds\. Number of updates today: 4\. Last change at \S+Z\. Next changes can be made at \S+Z\.$/,
    );
    await bench.advance(6 * HOUR_MS);
    await change(second);
    await bench.advance(DURATION_MS);
    expect((await bench.failure('UpdateTable', { TableName: 'users', ...under(first) })).code).toBe(
      'LimitExceededException',
    );
    await bench.advance(18 * HOUR_MS);
    await change(first);
  });
});
