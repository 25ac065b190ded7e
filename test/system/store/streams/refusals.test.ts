import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Bench, hashTable, startBench } from '../harness.ts';
import { arnOfStream, iterator, shardsOf, streamed } from './streamed.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await startBench();
  await bench.run('CreateTable', streamed('KEYS_ONLY'));
});
afterEach(() => bench.close());

const update = (StreamSpecification: object) => ({ TableName: 'users', StreamSpecification });
const enable = (StreamViewType = 'NEW_IMAGE') => update({ StreamEnabled: true, StreamViewType });
const disable = update({ StreamEnabled: false });

it.each<[string, object, string]>([
  [
    'enabled without a view type',
    { StreamEnabled: true },
    'One or more parameter values were invalid: Table is being created with a stream enabled, UpdateViewType is required',
  ],
  [
    'disabled with a view type',
    { StreamEnabled: false, StreamViewType: 'NEW_IMAGE' },
    'One or more parameter values were invalid: Table is being created with a stream disabled, UpdateViewType should not be specified',
  ],
  [
    'neither enabled nor disabled',
    { StreamViewType: 'NEW_IMAGE' },
    "1 validation error detected: Value null at 'streamSpecification.streamEnabled' failed to satisfy constraint: Member must not be null",
  ],
  [
    'another view type',
    { StreamEnabled: true, StreamViewType: 'new_image' },
    "1 validation error detected: Value 'new_image' at 'streamSpecification.streamViewType' failed to satisfy constraint: Member must satisfy enum value set: [OLD_IMAGE, KEYS_ONLY, NEW_AND_OLD_IMAGES, NEW_IMAGE]",
  ],
])('a new table with a stream %s', async (_, StreamSpecification, message) => {
  expect(
    await bench.failure('CreateTable', { ...hashTable, TableName: 'other', StreamSpecification }),
  ).toMatchObject({ code: 'ValidationException', message });
  expect((await bench.run('ListTables', {})).TableNames).toEqual(['users']);
});

it('an update that changes nothing, or too much', async () => {
  const refused = async (body: object) => (await bench.failure('UpdateTable', body)).message;
  expect(await refused(enable('KEYS_ONLY'))).toBe('Table already has an enabled stream: TableName: users');
  expect(await refused(update({ StreamEnabled: true }))).toContain(
    'If stream is being enabled then UpdateViewType',
  );
  expect(await refused(update({ StreamEnabled: false, StreamViewType: 'KEYS_ONLY' }))).toContain(
    'If stream is being disabled, then UpdateViewType must not be specified',
  );
  expect(
    await refused({ ...disable, ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 } }),
  ).toBe('You cannot modify stream status while updating table IOPS');
  expect(await refused({ ...disable, DeletionProtectionEnabled: true })).toContain(
    'must be the only operation',
  );
  await bench.run('UpdateTable', disable);
  expect(await refused(disable)).toBe('Table has no stream to disable: TableName: users');
  await bench.run('UpdateTable', { ...enable(), BillingMode: 'PAY_PER_REQUEST' });
});

it('streams, shards and sequence numbers that are not there', async () => {
  const StreamArn = await arnOfStream(bench);
  const [{ ShardId }] = await shardsOf(bench, StreamArn);
  const ask = async (more: object) =>
    (await bench.failure('GetShardIterator', { StreamArn, ShardId, ShardIteratorType: 'LATEST', ...more }))
      .code;
  expect(await ask({ StreamArn: `${StreamArn}0` })).toBe('ResourceNotFoundException');
  expect(await ask({ StreamArn: StreamArn.replace('users', 'nobody') })).toBe('ResourceNotFoundException');
  expect(await ask({ StreamArn: 'x'.repeat(50) })).toBe('ValidationException');
  expect(await ask({ StreamArn: 'x' })).toBe('ValidationException');
  expect(await ask({ ShardId: ShardId.replace(/.$/, (c: string) => (c === '0' ? '1' : '0')) })).toBe(
    'ResourceNotFoundException',
  );
  expect(await ask({ ShardId: 'x'.repeat(30) })).toBe('ResourceNotFoundException');
  expect(await ask({ ShardIteratorType: 'FIRST' })).toBe('ValidationException');
  expect(await ask({ ShardIteratorType: 'AT_SEQUENCE_NUMBER' })).toBe('ValidationException');
  expect(await ask({ SequenceNumber: '0'.repeat(21) })).toBe('ValidationException');
  for (const SequenceNumber of ['0'.repeat(21), '9'.repeat(21), 'x'.repeat(21), '1'.repeat(40), '1']) {
    expect(await ask({ ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber })).toBe(
      'ValidationException',
    );
  }
  expect((await bench.failure('ListStreams', { ExclusiveStartStreamArn: `${StreamArn}0` })).code).toBe(
    'ResourceNotFoundException',
  );
  expect((await bench.failure('ListStreams', { Limit: 101 })).code).toBe('ValidationException');
  expect((await bench.failure('DescribeStream', {})).code).toBe('ValidationException');
});

it('iterators that are forged, foreign or old', async () => {
  const StreamArn = await arnOfStream(bench);
  await bench.run('CreateTable', streamed('KEYS_ONLY', 'others'));
  const other = await arnOfStream(bench, 'others');
  const [{ ShardId }] = await shardsOf(bench, StreamArn);
  const own = await iterator(bench, StreamArn, { ShardId, ShardIteratorType: 'TRIM_HORIZON' });
  const code = async (ShardIterator: unknown) => (await bench.failure('GetRecords', { ShardIterator })).code;
  const [, , sealed = ''] = own.split('|');
  for (let at = 0; at < sealed.length; at += 3) {
    const changed = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1);
    expect(await code(`${StreamArn}|1|${changed}`)).toBe('ValidationException');
  }
  expect(await code(`${other}|1|${sealed}`)).toBe('ValidationException');
  expect(await code(`${StreamArn}0|1|${sealed}`)).toBe('ResourceNotFoundException');
  for (const text of [
    'x',
    '||',
    `${own}|`,
    `${own}A`,
    sealed,
    `${StreamArn}|2|${sealed}`,
    'x'.repeat(3000),
    '',
  ]) {
    expect(await code(text)).toBe('ValidationException');
  }
  expect(await code(7)).toBe('SerializationException');
  bench.clock.advance(15 * 60_000);
  expect((await bench.run('GetRecords', { ShardIterator: own })).Records).toEqual([]);
  bench.clock.advance(1);
  expect(await code(own)).toBe('ExpiredIteratorException');
});
