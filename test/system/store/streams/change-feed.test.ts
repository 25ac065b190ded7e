import { afterEach, beforeEach, expect, it } from 'vitest';
import { StoreCore } from '../../../../src/system/store/core.ts';
import { MemoryEngine } from '../../../../src/system/store/engine/engine-memory.ts';
import { describeStream } from '../../../../src/system/store/streams/describe-operations.ts';
import { ChangeFeed, getRecords, getShardIterator } from '../../../../src/system/store/streams/streams.ts';
import { createTable } from '../../../../src/system/store/tables/tables.ts';
import { updateTable } from '../../../../src/system/store/tables/update-table.ts';
import type { Item } from '../../../../src/system/store/types.ts';
import { ACCOUNT, type Answers, alice, type Bench, hashTable, REGION, startBench } from '../harness.ts';
import { HOUR_MS, streamed } from './streamed.ts';

let bench: Bench;
let core: StoreCore;
let feed: ChangeFeed;
const context = { principal: alice.principal, connectionId: 5 };

beforeEach(async () => {
  bench = await startBench();
  core = new StoreCore(new MemoryEngine(), {
    region: REGION,
    accountId: ACCOUNT,
    storage: 'memory',
    kms: bench.client,
    keyCache: { scope: 'connection', ttl_ms: 300_000, expiry: 'absolute' },
    clock: bench.clock,
  });
  feed = new ChangeFeed(core);
  await createTable(core, streamed('NEW_AND_OLD_IMAGES'), context);
});
afterEach(async () => {
  core.access.close();
  await bench.close();
});

const table = () => core.catalog.find('users')!;
const item = (pk: string, n: number): Item => ({ pk: { S: pk }, n: { N: String(n) } });
const put = (pk: string, n = 0) => core.write(table(), context, (items) => items.put(item(pk, n)));

it('reads changes in order from a position on, across shards, each once', async () => {
  await put('a', 1);
  await put('a', 2);
  bench.clock.advance(5 * HOUR_MS);
  await put('b');
  await core.write(table(), context, (items) => items.remove({ pk: { S: 'a' } }));
  const first = await feed.read(table(), undefined, 3);
  expect(first.changes.map(({ kind, keys, before, after }) => ({ kind, keys, before, after }))).toEqual([
    { kind: 'INSERT', keys: { pk: { S: 'a' } }, before: undefined, after: item('a', 1) },
    { kind: 'MODIFY', keys: { pk: { S: 'a' } }, before: item('a', 1), after: item('a', 2) },
    { kind: 'INSERT', keys: { pk: { S: 'b' } }, before: undefined, after: item('b', 0) },
  ]);
  const second = await feed.read(table(), first.position, 3);
  expect(second.changes.map(({ kind }) => kind)).toEqual(['REMOVE']);
  const third = await feed.read(table(), second.position, 3);
  expect(third).toEqual({ changes: [], position: expect.stringMatching(/^\d{21}$/), gap: false });
  await put('c');
  const fourth = await feed.read(table(), third.position, 3);
  expect(fourth.changes.map(({ keys }) => keys.pk)).toEqual([{ S: 'c' }]);
});

it('reads as the service itself, with one Decrypt for as long as its keys are cached', async () => {
  await put('a');
  const decrypts = () => bench.kms.counters().calls.Decrypt ?? 0;
  const before = decrypts();
  await feed.read(table(), undefined, 10);
  await feed.read(table(), undefined, 10);
  expect(decrypts()).toBe(before + 1);
});

it('tells of new changes once they can be read, and of those alone', async () => {
  let told = 0;
  const stop = core.changes.listen(table().id, () => {
    told += 1;
  });
  await createTable(core, { ...hashTable, TableName: 'other' }, context);
  await core.write(core.catalog.find('other')!, context, (items) => items.put(item('x', 1)));
  expect(told).toBe(0);
  let seen = 0;
  const stopReading = core.changes.listen(table().id, async () => {
    seen = (await feed.read(table(), undefined, 10)).changes.length;
  });
  await put('a');
  expect(told).toBe(1);
  await expect.poll(() => seen).toBe(1);
  stop();
  stopReading();
  await put('b');
  expect(told).toBe(1);
});

it('says when changes were trimmed before they were read, and not when there were none', async () => {
  await put('a');
  const { position } = await feed.read(table(), undefined, 10);
  for (let hour = 0; hour < 30; hour += 5) {
    bench.clock.advance(5 * HOUR_MS);
    const next = await feed.read(table(), position, 10);
    if (hour + 5 <= 20) expect(next.gap).toBe(false);
    else expect(next.gap).toBe(true);
  }
  let at = (await feed.read(table(), undefined, 10)).position;
  for (let hour = 0; hour < 60; hour += 5) {
    bench.clock.advance(5 * HOUR_MS);
    const next = await feed.read(table(), at, 10);
    expect(next).toMatchObject({ changes: [], gap: false });
    at = next.position;
  }
});

it('has the change of a write that began before the stream did, and none of one that ends after it', async () => {
  await createTable(core, { ...hashTable, TableName: 'late' }, context);
  const before = core.catalog.find('late')!;
  const change = (StreamSpecification: object) =>
    updateTable(core, { TableName: 'late', StreamSpecification }, context);
  await change({ StreamEnabled: true, StreamViewType: 'KEYS_ONLY' });
  const enabled = core.catalog.find('late')!;
  await core.write(before, context, (items) => items.put(item('early', 1)));
  const { changes } = await feed.read(enabled, undefined, 10);
  expect(changes.map(({ keys }) => keys.pk)).toEqual([{ S: 'early' }]);
  await change({ StreamEnabled: false });
  await core.write(enabled, context, (items) => items.put(item('late', 1)));
  expect((await feed.read(enabled, undefined, 10)).changes).toHaveLength(1);
});

it('refuses a table without a stream, and what is no position', async () => {
  await createTable(core, { ...hashTable, TableName: 'other' }, context);
  await expect(feed.read(core.catalog.find('other')!, undefined, 1)).rejects.toMatchObject({
    code: 'ValidationException',
  });
  await expect(feed.read(table(), 'x', 1)).rejects.toMatchObject({ code: 'ValidationException' });
});

it('the stream names the service where it removed an item by itself', async () => {
  await put('a');
  await core.write(table(), context, (items) => items.remove({ pk: { S: 'a' } }, 'service'));
  const StreamArn = `${core.arnOf('users')}/stream/${table().stream!.label}`;
  const described: Answers = await describeStream(core, { StreamArn });
  const { ShardId } = described.StreamDescription.Shards[0];
  const asked = { StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' };
  const { ShardIterator }: Answers = await getShardIterator(core, asked, context);
  const { Records } = JSON.parse(await getRecords(core, { ShardIterator }, context));
  expect(Records.map((record: Answers) => record.userIdentity)).toEqual([
    undefined,
    { type: 'Service', principalId: 'dynamodb.amazonaws.com' },
  ]);
});
