import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { TableKeys } from '../../../src/system/envelope/envelope.ts';
import { type Bench, bob, hashTable, sortTable, startBench } from './harness.ts';

const TTL_MS = 300_000;
const KEY_CHANGE_MS = 500;
const key = { pk: { S: 'ann' } };
const get = { TableName: 'users', Key: key };
const put = { TableName: 'users', Item: { ...key, secret: { S: 'x' } } };

describe('table keys', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await startBench({ storage: 'lmdb' });
  });
  afterEach(() => bench.close());

  const createKey = async (): Promise<string> => (await bench.asUser('CreateKey', {})).KeyMetadata.Arn;
  const encryptedBy = (arn: string) => ({
    SSESpecification: { Enabled: true, SSEType: 'KMS', KMSMasterKeyId: arn },
  });

  it('shows each kind of encryption as DynamoDB does', async () => {
    const arn = await createKey();
    const sse = async (TableName: string, more: object) => {
      await bench.run('CreateTable', { ...hashTable, TableName, ...more });
      return (await bench.run('DescribeTable', { TableName })).Table.SSEDescription;
    };
    expect(await sse('owned', {})).toBeUndefined();
    expect(await sse('owned-too', { SSESpecification: { Enabled: false } })).toBeUndefined();
    const managed = await sse('managed', { SSESpecification: { Enabled: true } });
    expect(managed).toMatchObject({ Status: 'ENABLED', SSEType: 'KMS' });
    const { Aliases } = await bench.asUser('ListAliases', {});
    const alias = Aliases.find(({ AliasName }: { AliasName: string }) => AliasName === 'alias/aws/dynamodb');
    expect(managed.KMSMasterKeyArn).toMatch(new RegExp(`key/${alias.TargetKeyId}$`));
    expect(await sse('customer', encryptedBy(arn))).toEqual({
      Status: 'ENABLED',
      SSEType: 'KMS',
      KMSMasterKeyArn: arn,
    });
    await bench.asUser('CreateAlias', { AliasName: 'alias/mine', TargetKeyId: arn });
    expect((await sse('by-alias', encryptedBy('alias/mine'))).KMSMasterKeyArn).toBe(arn);
    expect((await sse('by-id', encryptedBy(arn.split('/')[1]!))).KMSMasterKeyArn).toBe(arn);
  });

  it('asks the KMS once per principal, connection and lifetime, on behalf of the principal', async () => {
    await bench.run('CreateTable', { ...hashTable, ...encryptedBy(await createKey()) });
    bench.store.reset();
    const decrypts = () => bench.store.counters().kms.attempts.Decrypt ?? 0;
    await bench.run('PutItem', put);
    await bench.run('GetItem', get);
    expect(decrypts()).toBe(1);
    await bench.run('GetItem', get, { as: bob });
    await bench.run('GetItem', get, { as: bob, connection: 2 });
    await bench.run('GetItem', get, { connection: 2 });
    expect(decrypts()).toBe(4);
    bench.clock.advance(TTL_MS - 1);
    await bench.run('GetItem', get);
    expect(decrypts()).toBe(4);
    bench.clock.advance(1);
    await bench.run('GetItem', get);
    expect(decrypts()).toBe(5);
    bench.store.connectionClosed(1);
    await bench.run('GetItem', get);
    expect(decrypts()).toBe(6);
    bench.store.wipeCaches();
    await bench.run('GetItem', get);
    expect(decrypts()).toBe(7);
    const { cache } = bench.store.counters();
    expect(cache).toMatchObject({ lookups: 9, hits: 2, misses: 7, coalesced: 0 });

    const trail = bench.kms.trail().filter(({ eventName }) => eventName === 'Decrypt');
    expect(trail).toHaveLength(7);
    expect(trail[1]!.userIdentity).toMatchObject({
      arn: bob.principal.arn,
      invokedBy: 'dynamodb.amazonaws.com',
    });
    expect(trail[1]!.requestParameters).toMatchObject({
      encryptionContext: { 'aws:dynamodb:tableName': 'users', 'aws:dynamodb:subscriberId': '123456789012' },
    });
  });

  it('finishes a write although its connection closes meanwhile', async () => {
    await bench.run('CreateTable', hashTable);
    await bench.run('GetItem', get);
    const writing = Promise.all(
      Array.from({ length: 5 }, (_, i) =>
        bench.run('PutItem', { TableName: 'users', Item: { pk: { S: `w${i}` } } }),
      ),
    );
    bench.store.connectionClosed(1);
    bench.store.wipeCaches();
    await writing;
    expect(
      (await bench.run('GetItem', { TableName: 'users', Key: { pk: { S: 'w4' } } }, { connection: 2 })).Item,
    ).toBeDefined();
  });

  it('keeps no keys for a connection that closed under an operation', async () => {
    await bench.run('CreateTable', hashTable);
    await bench.run('CreateTable', sortTable);
    const both = {
      RequestItems: {
        users: { Keys: [{ pk: { S: 'a' } }] },
        events: { Keys: [{ pk: { S: 'a' }, sk: { N: '1' } }] },
      },
    };
    const reading = bench.run('BatchGetItem', both);
    bench.store.connectionClosed(1);
    await reading;
    bench.store.reset();
    await bench.run('BatchGetItem', both);
    expect(bench.store.counters().cache).toMatchObject({ hits: 0, misses: 2 });
  });

  it('erases overdue keys although nobody asks for any', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    await bench.reopen();
    await bench.run('CreateTable', hashTable);
    await bench.run('GetItem', get);
    const wiped = vi.spyOn(TableKeys.prototype, 'wipe');
    onTestFinished(() => wiped.mockRestore());
    vi.advanceTimersByTime(60_000);
    expect(wiped).not.toHaveBeenCalled();
    bench.clock.advance(TTL_MS);
    vi.advanceTimersByTime(60_000);
    expect(wiped).toHaveBeenCalledTimes(1);
  });

  it('fails closed when the key is disabled, at the latest after the lifetime, and works again', async () => {
    const arn = await createKey();
    await bench.run('CreateTable', { ...hashTable, ...encryptedBy(arn) });
    await bench.run('PutItem', put);
    await bench.asUser('DisableKey', { KeyId: arn });
    bench.clock.advance(TTL_MS - 1);
    await bench.run('GetItem', get);
    bench.clock.advance(1);
    for (const operation of ['GetItem', 'GetItem', 'PutItem']) {
      const failed = await bench.failure(operation, operation === 'PutItem' ? put : get);
      expect(failed.code).toBe('ValidationException');
      expect(failed.message).toMatch(
        /^KMS key disabled error: com\.amazonaws\.services\.kms\.model\.DisabledException: arn:aws:kms:\S+ is disabled\. \(Service: AWSKMS; Status Code: 400; Error Code: DisabledException; Request ID: [0-9a-f-]{36}; Proxy: null\)$/,
      );
    }
    await bench.asUser('EnableKey', { KeyId: arn });
    expect((await bench.run('GetItem', get)).Item).toEqual(put.Item);
  });

  it('reports other troubles of the KMS as DynamoDB does', async () => {
    const arn = await createKey();
    await bench.run('CreateTable', { ...hashTable, ...encryptedBy(arn) });
    await bench.asUser('ScheduleKeyDeletion', { KeyId: arn, PendingWindowInDays: 7 });
    const pending = await bench.failure('GetItem', get);
    expect(pending.code).toBe('ValidationException');
    expect(pending.message).toMatch(
      /^KMS validation error: .*KMSInvalidStateException: \S+ is pending deletion\. \(/,
    );
    const create = { ...hashTable, TableName: 'other', ...encryptedBy(arn) };
    expect((await bench.failure('CreateTable', create)).message).toContain('is pending deletion.');
    bench.clock.advance(8 * 24 * 3600 * 1000);
    const gone = await bench.failure('GetItem', get);
    expect(gone.code).toBe('AccessDeniedException');
    expect(gone.message).toMatch(
      /^KMS key access denied error: com\.amazonaws\.services\.kms\.model\.AWSKMSException: The ciphertext refers to/,
    );
    const missing = await bench.failure('CreateTable', create);
    expect(missing).toMatchObject({ code: 'ValidationException' });
    expect(missing.message).toMatch(/^KMS validation error: .*NotFoundException: Key '\S+' does not exist/);
    expect(await bench.run('ListTables', {})).toEqual({ TableNames: ['users'] });
  });

  it('moves a table to another key and forgets the old one', async () => {
    const [first, second] = [await createKey(), await createKey()];
    await bench.run('CreateTable', { ...hashTable, ...encryptedBy(first) });
    await bench.run('PutItem', put);
    const change = { TableName: 'users', ...encryptedBy(second) };
    const { TableDescription } = await bench.run('UpdateTable', change);
    expect(TableDescription).toMatchObject({
      TableStatus: 'ACTIVE',
      SSEDescription: { Status: 'UPDATING', KMSMasterKeyArn: first },
    });
    await bench.advance(KEY_CHANGE_MS);
    const { Table } = await bench.run('DescribeTable', { TableName: 'users' });
    expect(Table.SSEDescription).toEqual({ Status: 'ENABLED', SSEType: 'KMS', KMSMasterKeyArn: second });
    await bench.asUser('DisableKey', { KeyId: first });
    expect((await bench.run('GetItem', get)).Item).toEqual(put.Item);
    await bench.reopen();
    expect((await bench.run('GetItem', get)).Item).toEqual(put.Item);
    await bench.run('PutItem', { TableName: 'users', Item: { pk: { S: 'new' } } });
    expect((await bench.failure('UpdateTable', change)).message).toContain(
      'already encrypted with given KMSMasterKeyId',
    );
    await bench.run('UpdateTable', { TableName: 'users', SSESpecification: { Enabled: false } });
    await bench.advance(KEY_CHANGE_MS);
    const owned = await bench.run('DescribeTable', { TableName: 'users' });
    expect(owned.Table.SSEDescription).toBeUndefined();
    expect(
      (await bench.failure('UpdateTable', { TableName: 'users', SSESpecification: { Enabled: false } }))
        .message,
    ).toBe('One or more parameter values were invalid: Table is already encrypted by default');
    await bench.asUser('DisableKey', { KeyId: second });
    expect((await bench.run('GetItem', get)).Item).toEqual(put.Item);
  });

  it('keeps the old key when the new one can not be used', async () => {
    const [first, second] = [await createKey(), await createKey()];
    await bench.run('CreateTable', { ...hashTable, ...encryptedBy(first) });
    await bench.run('PutItem', put);
    await bench.asUser('DisableKey', { KeyId: second });
    const change = { TableName: 'users', ...encryptedBy(second) };
    expect((await bench.failure('UpdateTable', change)).message).toContain('is disabled.');
    bench.store.wipeCaches();
    expect((await bench.run('GetItem', get)).Item).toEqual(put.Item);
    expect(
      (await bench.run('DescribeTable', { TableName: 'users' })).Table.SSEDescription.KMSMasterKeyArn,
    ).toBe(first);
  });
});

describe('data keys', () => {
  it('rotate after their uses, and older items still open, also in a store that opened before', async () => {
    const bench = await startBench({ storage: 'lmdb', dataKeyUses: 10 });
    await bench.run('CreateTable', sortTable);
    const item = (i: number) => ({ pk: { S: 'p' }, sk: { N: String(i) } });
    for (let i = 0; i < 60; i++) await bench.run('PutItem', { TableName: 'events', Item: item(i) });
    const all = {
      TableName: 'events',
      KeyConditionExpression: 'pk = :p',
      ExpressionAttributeValues: { ':p': { S: 'p' } },
    };
    expect((await bench.run('Query', all)).Items).toEqual(Array.from({ length: 60 }, (_, i) => item(i)));
    await bench.reopen();
    expect((await bench.run('Query', all)).Count).toBe(60);
    await bench.close();
  });

  it('are not spent by a write whose condition fails', async () => {
    const bench = await startBench({ storage: 'lmdb', dataKeyUses: 2 });
    await bench.run('CreateTable', hashTable);
    await bench.run('PutItem', put);
    const failing = { ...put, ConditionExpression: 'attribute_not_exists(pk)' };
    for (let i = 0; i < 20; i++) await bench.failure('PutItem', failing);
    await bench.run('PutItem', put);
    expect((await bench.run('GetItem', get)).Item).toEqual(put.Item);
    await bench.close();
  });
});

describe('what is on disk', () => {
  const secrets = ['partition-secret', 'sort-secret', 'attribute-secret', 'name-secret'];

  async function filled(tags: object): Promise<{ bench: Bench; bytes: Buffer }> {
    const bench = await startBench({ storage: 'lmdb' });
    await bench.run('CreateTable', {
      ...sortTable,
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
      ],
      ...tags,
    });
    const itemOf = (i: number) => ({
      pk: { S: 'partition-secret' },
      sk: { S: `sort-secret-${i}` },
      'name-secret': { S: `attribute-secret-${i}` },
    });
    await Promise.all(
      Array.from({ length: 300 }, (_, i) => bench.run('PutItem', { TableName: 'events', Item: itemOf(i) })),
    );
    const directory = join(bench.directory, 'store');
    const bytes = Buffer.concat(readdirSync(directory).map((name) => readFileSync(join(directory, name))));
    return { bench, bytes };
  }

  it('shows nothing of an encrypted table but its schema', async () => {
    const { bench, bytes } = await filled({});
    for (const secret of secrets) {
      expect(bytes.includes(secret)).toBe(false);
      expect(bytes.includes(Buffer.from(secret, 'utf16le'))).toBe(false);
      expect(bytes.includes(Buffer.from(secret).toString('base64').slice(0, -4))).toBe(false);
    }
    await bench.close();
  });

  it('shows everything of a table without encryption, which asks no KMS', async () => {
    const { bench, bytes } = await filled({ Tags: [{ Key: 'sealbench:encryption', Value: 'none' }] });
    for (const secret of secrets) expect(bytes.includes(secret)).toBe(true);
    expect(bench.store.counters().kms.attempts).toEqual({});
    expect(bench.store.counters().cache.lookups).toBe(0);
    const { Table } = await bench.run('DescribeTable', { TableName: 'events' });
    expect(Table.SSEDescription).toBeUndefined();
    expect(
      (await bench.failure('UpdateTable', { TableName: 'events', SSESpecification: { Enabled: true } }))
        .message,
    ).toContain('stays without encryption');
    await bench.close();
  });
});
