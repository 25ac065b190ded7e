/** What lies on disk of streams: sealed, bound to its place, gone after a day, and safe with several processes. */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LmdbEngine } from '../../../../src/system/store/engine/engine-lmdb.ts';
import { createStore, type Store } from '../../../../src/system/store/store.ts';
import { ACCOUNT, type Answers, alice, type Bench, hashTable, REGION, startBench } from '../harness.ts';
import { allRecords, arnOfStream, HOUR_MS, iterator, shardsOf, streamed } from './streamed.ts';

const STREAM = 10;
const HEAD = 11;
const KEYRING = 2;
const DATA = 24;

let bench: Bench;
beforeEach(async () => {
  bench = await startBench({ storage: 'lmdb' });
});
afterEach(() => bench.close());

const put = (pk: string, more: object = {}) =>
  bench.run('PutItem', { TableName: 'users', Item: { pk: { S: pk }, ...more } });

/** All that is on disk, in key order. */
async function onDisk<Result>(look: (engine: LmdbEngine) => Result | Promise<Result>): Promise<Result> {
  const engine = new LmdbEngine(join(bench.directory, 'store'));
  try {
    return await look(engine);
  } finally {
    await engine.close();
  }
}

function recordsOf(engine: LmdbEngine, kind: number) {
  return [...engine.range({ start: Buffer.of(kind), end: Buffer.of(kind + 1), includeStart: true })];
}

const count = (kind: number) => onDisk((engine) => recordsOf(engine, kind).length);

describe('on disk', () => {
  it('nothing of a record is in the clear, nor of its key but the sequence number', async () => {
    await bench.run('CreateTable', streamed('NEW_AND_OLD_IMAGES'));
    await put('ann-the-key', { secret: { S: 'attribute-value' } });
    await put('ann-the-key', { secret: { S: 'attribute-other' } });
    const numbers = (await allRecords(bench, await arnOfStream(bench))).map(
      ({ dynamodb }) => dynamodb.SequenceNumber,
    );
    await onDisk((engine) => {
      const records = recordsOf(engine, DATA);
      expect(
        records.map(
          ({ key }) => String(key.readUIntBE(5, 6)) + String(key.readUInt32BE(11)).padStart(8, '0'),
        ),
      ).toEqual(numbers);
      for (const { key, value } of engine.range({
        start: Buffer.of(0),
        end: Buffer.of(255),
        includeStart: true,
      })) {
        const text = key.toString('latin1') + value.toString('latin1');
        for (const plain of ['ann-the-key', 'attribute', 'secret', 'INSERT', 'MODIFY', 'NewImage']) {
          expect(text).not.toContain(plain);
        }
      }
    });
  });

  it('a record that was changed or moved does not open', async () => {
    await bench.run('CreateTable', streamed('NEW_IMAGE'));
    await put('a');
    await put('b');
    const StreamArn = await arnOfStream(bench);
    await onDisk(async (engine) => {
      const [one, two] = recordsOf(engine, DATA);
      await engine.write((transaction) => {
        transaction.put(one!.key, two!.value);
        transaction.put(two!.key, Buffer.concat([two!.value.subarray(0, -1), Buffer.of(0)]));
      });
    });
    const [{ ShardId }] = await shardsOf(bench, StreamArn);
    for (const ShardIteratorType of ['TRIM_HORIZON', 'LATEST']) {
      const ShardIterator = await iterator(bench, StreamArn, { ShardId, ShardIteratorType });
      const got = bench.run('GetRecords', { ShardIterator });
      if (ShardIteratorType === 'LATEST') expect(await got).toMatchObject({ Records: [] });
      else await expect(got).rejects.toThrow();
    }
  });

  it('what is a day old goes, and with the last stream of a deleted table its keys', async () => {
    await bench.run('CreateTable', streamed('NEW_IMAGE'));
    await put('a');
    bench.clock.advance(HOUR_MS);
    await Promise.all(Array.from({ length: 1200 }, (_, i) => put(`k${i}`)));
    bench.clock.advance(23 * HOUR_MS + 1);
    await bench.store.housekeeping.runDue(0);
    expect(await count(DATA)).toBe(1200);
    await bench.run('DeleteTable', { TableName: 'users' });
    expect(await count(KEYRING)).toBe(1);
    bench.clock.advance(HOUR_MS);
    await bench.store.housekeeping.runDue(0);
    expect([await count(DATA), await count(STREAM), await count(KEYRING)]).toEqual([0, 1, 1]);
    // What one process does not come to, the next one does.
    bench.clock.advance(23 * HOUR_MS + 1);
    await bench.reopen();
    expect(bench.store.housekeeping.nextDue_ms()).toBeLessThanOrEqual(bench.clock.wall_ms());
    await bench.store.housekeeping.runDue(0);
    expect([await count(STREAM), await count(HEAD), await count(KEYRING)]).toEqual([0, 0, 0]);
    expect(bench.store.housekeeping.nextDue_ms()).toBe(Number.POSITIVE_INFINITY);
  });

  it('a stream keeps the keys of its deleted table when an older one goes', async () => {
    await bench.run('CreateTable', streamed('NEW_IMAGE'));
    await bench.run('UpdateTable', { TableName: 'users', StreamSpecification: { StreamEnabled: false } });
    bench.clock.advance(HOUR_MS);
    const { StreamSpecification } = streamed('KEYS_ONLY');
    await bench.run('UpdateTable', { TableName: 'users', StreamSpecification });
    await put('a');
    const arn = await arnOfStream(bench);
    await bench.run('DeleteTable', { TableName: 'users' });
    bench.clock.advance(23 * HOUR_MS + 1000);
    await bench.store.housekeeping.runDue(0);
    expect(await count(STREAM)).toBe(1);
    bench.store.wipeCaches();
    expect(await allRecords(bench, arn)).toHaveLength(1);
    bench.clock.advance(HOUR_MS);
    await bench.store.housekeeping.runDue(0);
    expect([await count(STREAM), await count(HEAD), await count(KEYRING)]).toEqual([0, 0, 0]);
  });

  it('a live table keeps its keys when a stream of it goes', async () => {
    await bench.run('CreateTable', streamed('NEW_IMAGE'));
    await put('a');
    await bench.run('UpdateTable', { TableName: 'users', StreamSpecification: { StreamEnabled: false } });
    bench.clock.advance(24 * HOUR_MS + 1000);
    await bench.store.housekeeping.runDue(0);
    expect([await count(DATA), await count(STREAM)]).toEqual([0, 0]);
    bench.store.wipeCaches();
    expect((await bench.run('GetItem', { TableName: 'users', Key: { pk: { S: 'a' } } })).Item).toBeDefined();
    await bench.run('DeleteTable', { TableName: 'users' });
    expect([await count(HEAD), await count(KEYRING)]).toEqual([0, 0]);
  });

  it('of a deleted table opens as long as its KMS key can be reached', async () => {
    const { KeyMetadata } = await bench.asUser('CreateKey', {});
    await bench.run('CreateTable', {
      ...streamed('NEW_IMAGE'),
      SSESpecification: { Enabled: true, SSEType: 'KMS', KMSMasterKeyId: KeyMetadata.Arn },
    });
    await put('a');
    const arn = await arnOfStream(bench);
    await bench.run('DeleteTable', { TableName: 'users' });
    expect(await allRecords(bench, arn)).toHaveLength(1);
    await bench.asUser('DisableKey', { KeyId: KeyMetadata.KeyId });
    bench.store.wipeCaches();
    await expect(allRecords(bench, arn)).rejects.toMatchObject({
      code: 'ValidationException',
      message: expect.stringContaining('KMS key disabled error'),
    });
    await bench.asUser('EnableKey', { KeyId: KeyMetadata.KeyId });
    expect(await allRecords(bench, arn)).toHaveLength(1);
  });

  it('records of before a change of the KMS key stay readable', async () => {
    await bench.run('CreateTable', streamed('NEW_IMAGE'));
    await put('before');
    await bench.run('UpdateTable', { TableName: 'users', SSESpecification: { Enabled: true } });
    bench.clock.advance(60_000);
    await bench.store.housekeeping.runDue(0);
    await put('after');
    bench.store.wipeCaches();
    const records = await allRecords(bench, await arnOfStream(bench));
    expect(records.map(({ dynamodb }) => dynamodb.Keys.pk.S)).toEqual(['before', 'after']);
  });
});

describe('several stores over one directory', () => {
  let other: Store;
  beforeEach(async () => {
    other = await createStore({
      region: REGION,
      accountId: ACCOUNT,
      storage: 'lmdb',
      directory: join(bench.directory, 'store'),
      kms: bench.client,
      keyCache: { scope: 'connection', ttl_ms: 300_000, expiry: 'absolute' },
      clock: bench.clock,
    });
  });
  afterEach(() => other.close());

  async function runOther(operation: string, body: object): Promise<Answers> {
    const own = structuredClone(body) as Record<string, unknown>;
    const answer = await other.execute(operation, own, { principal: alice.principal, connectionId: 77 });
    return typeof answer === 'string' || Buffer.isBuffer(answer) ? JSON.parse(String(answer)) : answer;
  }

  it('write one stream, in one order, and honour each other’s iterators', async () => {
    await bench.run('CreateTable', streamed('NEW_IMAGE'));
    const arn = await arnOfStream(bench);
    const [{ ShardId }] = await shardsOf(bench, arn);
    const ShardIterator = await iterator(bench, arn, { ShardId, ShardIteratorType: 'LATEST' });
    const add = {
      TableName: 'users',
      Key: { pk: { S: 'n' } },
      UpdateExpression: 'ADD n :one',
      ExpressionAttributeValues: { ':one': { N: '1' } },
    };
    await Promise.all(
      Array.from({ length: 60 }, (_, i) =>
        i % 2 === 0 ? bench.run('UpdateItem', add) : runOther('UpdateItem', add),
      ),
    );
    const { Records } = await runOther('GetRecords', { ShardIterator });
    expect(Records.map(({ dynamodb }: Answers) => Number(dynamodb.NewImage.n.N))).toEqual(
      Array.from({ length: 60 }, (_, i) => i + 1),
    );
  });

  it('miss no change that was on its way when the stream was enabled', async () => {
    await bench.run('CreateTable', hashTable);
    await runOther('PutItem', { TableName: 'users', Item: { pk: { S: 'warm' } } });
    const enabled = bench.run('UpdateTable', {
      TableName: 'users',
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' },
    });
    const item = (i: number) => ({ pk: { S: `k${i % 5}` }, v: { N: String(i) } });
    const writes = Array.from({ length: 40 }, (_, i) =>
      runOther('PutItem', { TableName: 'users', Item: item(i) }),
    );
    await Promise.all([enabled, ...writes]);
    await runOther('PutItem', { TableName: 'users', Item: item(40) });
    const seen = new Map<string, Answers>();
    for (const { dynamodb } of await allRecords(bench, await arnOfStream(bench)))
      seen.set(dynamodb.Keys.pk.S, dynamodb.NewImage);
    for (const [pk, image] of seen) {
      expect((await bench.run('GetItem', { TableName: 'users', Key: { pk: { S: pk } } })).Item).toEqual(
        image,
      );
    }
    expect(seen.size).toBeGreaterThan(0);
  });
});
