import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SimulatedClock } from '../../../../src/std/clock.ts';
import type { KmsClient } from '../../../../src/system/kms/kms.ts';
import { createStore } from '../../../../src/system/store/store.ts';
import { AwsError } from '../../../../src/system/wire/wire.ts';
import { ACCOUNT, type Answers, alice, type Bench, bob, hashTable, REGION, startBench } from '../harness.ts';

const SERVICE = `dynamodb.${REGION}.amazonaws.com`;
const CONTEXT = { 'aws:dynamodb:tableName': 'users', 'aws:dynamodb:subscriberId': ACCOUNT };
const get = { TableName: 'users', Key: { pk: { S: 'a' } } };
/** Longer than a grant is waited for that no table has. */
const LEFT_BEHIND_MS = 61_000;

let bench: Bench;
beforeEach(async () => {
  bench = await startBench({ storage: 'lmdb' });
});
afterEach(() => bench.close());

const createKey = async (): Promise<string> => (await bench.asUser('CreateKey', {})).KeyMetadata.Arn;
const encryptedBy = (arn: string) => ({
  SSESpecification: { Enabled: true, SSEType: 'KMS', KMSMasterKeyId: arn },
});
const makeTable = (arn: string, more: object = {}) =>
  bench.run('CreateTable', { ...hashTable, ...encryptedBy(arn), ...more });

async function grantsOn(KeyId: string): Promise<Answers[]> {
  const { Grants } = await bench.asUser('ListGrants', { KeyId, Limit: 100 });
  return Grants;
}

/** Until the key has so many grants: those of tables that are gone are retired after the answer. */
async function untilGrants(arn: string, count: number): Promise<void> {
  await expect.poll(async () => (await grantsOn(arn)).length, { interval: 5 }).toBe(count);
}

function trailOf(since: number, ...names: string[]): Answers[] {
  return bench.kms
    .trail()
    .slice(since)
    .filter(({ eventName }) => names.includes(eventName));
}

async function deny(KeyId: string, ...Action: string[]): Promise<void> {
  const everyone = { Principal: '*', Resource: '*' };
  const admins = {
    ...everyone,
    Effect: 'Allow',
    Action: 'kms:*',
    Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
  };
  const Statement = [admins, { ...everyone, Effect: 'Deny', Action }];
  await bench.asUser('PutKeyPolicy', { KeyId, Policy: JSON.stringify({ Version: '2012-10-17', Statement }) });
}

describe('a table under a customer managed key', () => {
  it('is made with DescribeKey and CreateGrant as the user, and GenerateDataKey as the service', async () => {
    const arn = await createKey();
    const since = bench.kms.trail().length;
    await makeTable(arn);
    const names = bench.kms
      .trail()
      .slice(since)
      .map(({ eventName }) => eventName);
    expect(names).toEqual(['DescribeKey', 'CreateGrant', 'GenerateDataKey']);
    const [described, granted, generated] = bench.kms.trail().slice(since);
    const user = { type: 'IAMUser', arn: alice.principal.arn, invokedBy: 'dynamodb.amazonaws.com' };
    expect(described!.userIdentity).toMatchObject(user);
    expect(granted).toMatchObject({
      userIdentity: user,
      readOnly: false,
      requestParameters: {
        keyId: arn,
        granteePrincipal: SERVICE,
        retiringPrincipal: SERVICE,
        operations: [
          ...['DescribeKey', 'GenerateDataKey', 'Decrypt', 'Encrypt', 'ReEncryptFrom', 'ReEncryptTo'],
          'RetireGrant',
        ],
        constraints: { encryptionContextSubset: CONTEXT },
      },
      resources: [{ ARN: arn }],
    });
    const [grant] = await grantsOn(arn);
    expect(granted!.responseElements).toEqual({ grantId: grant.GrantId });
    expect(generated).toMatchObject({
      userIdentity: { type: 'AWSService', invokedBy: 'dynamodb.amazonaws.com' },
      requestParameters: { encryptionContext: CONTEXT, keySpec: 'AES_256', keyId: arn },
    });
  });

  it('gives its grant back when it is deleted', async () => {
    const arn = await createKey();
    await makeTable(arn);
    await makeTable(arn, { TableName: 'others' });
    const [first] = (await grantsOn(arn)).filter(
      ({ Constraints }) => Constraints.EncryptionContextSubset['aws:dynamodb:tableName'] === 'users',
    );
    const since = bench.kms.trail().length;
    await bench.run('DeleteTable', { TableName: 'users' });
    await untilGrants(arn, 1);
    expect(trailOf(since, 'RetireGrant')).toMatchObject([
      { userIdentity: { type: 'AWSService' }, requestParameters: { keyId: arn, grantId: first.GrantId } },
    ]);
  });

  it('changes grants with its key: the old one is needed until the change has ended', async () => {
    const [old, next] = [await createKey(), await createKey()];
    await makeTable(old);
    await bench.run('UpdateTable', { TableName: 'users', ...encryptedBy(next) });
    expect([(await grantsOn(old)).length, (await grantsOn(next)).length]).toEqual([1, 1]);
    await bench.advance(1000);
    await untilGrants(old, 0);
    expect(await grantsOn(next)).toHaveLength(1);
    await bench.run('DeleteTable', { TableName: 'users' });
    await untilGrants(next, 0);
  });

  it('deleted amid a change gives both grants back', async () => {
    const [old, next] = [await createKey(), await createKey()];
    await makeTable(old);
    await bench.run('UpdateTable', { TableName: 'users', ...encryptedBy(next) });
    await bench.run('DeleteTable', { TableName: 'users' });
    await untilGrants(old, 0);
    await untilGrants(next, 0);
  });

  it('is maintained by its grant alone: revoked, the key cannot be changed, though users still read', async () => {
    const [old, next] = [await createKey(), await createKey()];
    await makeTable(old);
    const [{ GrantId }] = await grantsOn(old);
    await bench.asUser('RevokeGrant', { KeyId: old, GrantId });
    expect(await bench.failure('UpdateTable', { TableName: 'users', ...encryptedBy(next) })).toMatchObject({
      code: 'AccessDeniedException',
    });
    expect(await bench.run('GetItem', get)).toEqual({});
    expect(await grantsOn(next)).toEqual([]);
    await bench.run('DeleteTable', { TableName: 'users' });
    await bench.advance(LEFT_BEHIND_MS);
    expect(await bench.failure('DescribeTable', { TableName: 'users' })).toMatchObject({
      code: 'ResourceNotFoundException',
    });
  });
});

describe('without permission', () => {
  it('to create the grant, no table is made: DynamoDB’s own words', async () => {
    const arn = await createKey();
    await deny(arn, 'kms:CreateGrant');
    const { code, message } = await bench.failure('CreateTable', { ...hashTable, ...encryptedBy(arn) });
    expect(code).toBe('AccessDeniedException');
    expect(message).toMatch(
      new RegExp(
        `^KMS key access denied error: com\\.amazonaws\\.services\\.kms\\.model\\.AWSKMSException: User: ${alice.principal.arn} is not authorized to perform: kms:CreateGrant on resource: ${arn} with an explicit deny in a resource-based policy \\(Service: AWSKMS; Status Code: 400; Error Code: AccessDeniedException; Request ID: [0-9a-f-]{36}; Proxy: null\\)$`,
      ),
    );
    expect((await bench.run('ListTables', {})).TableNames).toEqual([]);
    expect(await grantsOn(arn)).toEqual([]);
  });

  it.each(['kms:DescribeKey', 'kms:GenerateDataKey'])(
    'to %s, neither table nor grant is left',
    async (action) => {
      const arn = await createKey();
      await deny(arn, action);
      const { code, message } = await bench.failure('CreateTable', { ...hashTable, ...encryptedBy(arn) });
      expect(code).toBe('AccessDeniedException');
      expect(message).toContain(`is not authorized to perform: ${action} on resource: ${arn}`);
      expect((await bench.run('ListTables', {})).TableNames).toEqual([]);
      await untilGrants(arn, 0);
    },
  );

  it('to decrypt, who accesses the table is told so once the key is no longer cached', async () => {
    const arn = await createKey();
    await makeTable(arn);
    await bench.run('GetItem', get);
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
          Action: 'kms:*',
          Resource: '*',
        },
        { Effect: 'Deny', Principal: { AWS: bob.principal.arn }, Action: 'kms:Decrypt', Resource: '*' },
      ],
    });
    await bench.asUser('PutKeyPolicy', { KeyId: arn, Policy });
    const { code, message } = await bench.failure('GetItem', get, { as: bob });
    expect(code).toBe('AccessDeniedException');
    expect(message).toMatch(
      /^KMS key access denied error: .*AWSKMSException: The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access\. \(Service: AWSKMS/,
    );
    bench.store.wipeCaches();
    expect(await bench.run('GetItem', get)).toEqual({});
  });

  it('to change the key, the table stays under the old one', async () => {
    const [old, next] = [await createKey(), await createKey()];
    await makeTable(old);
    await deny(next, 'kms:CreateGrant');
    const { code, message } = await bench.failure('UpdateTable', {
      TableName: 'users',
      ...encryptedBy(next),
    });
    expect([code, message]).toEqual(['AccessDeniedException', expect.stringContaining('kms:CreateGrant')]);
    await bench.advance(1000);
    const { Table } = await bench.run('DescribeTable', { TableName: 'users' });
    expect(Table.SSEDescription).toMatchObject({ Status: 'ENABLED', KMSMasterKeyArn: old });
    expect(await grantsOn(old)).toHaveLength(1);
  });
});

describe('AWS’s own keys', () => {
  it('need a grant in the account, and none outside', async () => {
    bench.kms.reset();
    await bench.run('CreateTable', hashTable);
    expect(bench.kms.counters().calls).toEqual({ DescribeKey: 1, GenerateDataKey: 1 });
    await bench.run('CreateTable', {
      ...hashTable,
      TableName: 'managed',
      SSESpecification: { Enabled: true },
    });
    const { Table } = await bench.run('DescribeTable', { TableName: 'managed' });
    expect(await grantsOn(Table.SSEDescription.KMSMasterKeyArn)).toMatchObject([
      { GranteePrincipal: SERVICE, RetiringPrincipal: SERVICE },
    ]);
    await bench.run('UpdateTable', { TableName: 'managed', SSESpecification: { Enabled: false } });
    await bench.advance(1000);
    await untilGrants(Table.SSEDescription.KMSMasterKeyArn, 0);
  });
});

it('a grant that was dropped while the clock was ahead is retired after a restart that sets it back', async () => {
  await bench.close();
  bench = await startBench({ storage: 'memory' });
  const directory = join(bench.directory, 'ahead');
  const clock = new SimulatedClock();
  const lost = new Set(['RetireGrant']);
  const call: KmsClient['call'] = async (operation, body, principal) => {
    if (lost.has(operation)) throw new AwsError('KmsUnavailable', 'lost', 503);
    return bench.client.call(operation, body, principal) as never;
  };
  const open = (own: SimulatedClock) =>
    createStore({
      ...{ region: REGION, accountId: ACCOUNT, storage: 'lmdb', directory, clock: own },
      kms: { call, counters: () => bench.client.counters(), reset: () => {}, close: async () => {} },
      keyCache: { scope: 'connection', ttl_ms: 300_000, expiry: 'absolute' },
    });
  const context = { principal: alice.principal, connectionId: 1 };
  const arn = await createKey();
  const ahead = await open(clock);
  clock.advance(7 * 86_400_000);
  await ahead.execute('CreateTable', { ...hashTable, ...encryptedBy(arn) }, context);
  await ahead.execute('DeleteTable', { TableName: 'users' }, context);
  await ahead.close();
  expect(await grantsOn(arn)).toHaveLength(1);
  lost.clear();
  const back = await open(new SimulatedClock());
  await back.housekeeping.runDue(0);
  expect(await grantsOn(arn)).toEqual([]);
  await back.close();
});

describe('a KMS that fails amid it', () => {
  /** As the bench's client, but the answers of these operations are lost: before their work is done, or after. */
  function losing(lost: ReadonlyMap<string, 'before' | 'after'>): KmsClient {
    const call: KmsClient['call'] = async (operation, body, principal) => {
      const when = lost.get(operation);
      const failure = new AwsError('KmsUnavailable', 'lost', 503);
      if (when === 'before') throw failure;
      const answer = await bench.client.call(operation, body, principal);
      if (when === 'after') throw failure;
      return answer as never;
    };
    return { call, counters: () => bench.client.counters(), reset: () => {}, close: async () => {} };
  }

  it.each([
    ['CreateGrant', 'before'],
    ['CreateGrant', 'after'],
    ['GenerateDataKey', 'before'],
    ['GenerateDataKey', 'after'],
  ] as const)('at %s, %s its work: no table, and in the end no grant', async (operation, when) => {
    await bench.close();
    const lost = new Map<string, 'before' | 'after'>([[operation, when]]);
    bench = await startBench({ storage: 'lmdb', kms: losing(lost) });
    const arn = await createKey();
    expect((await bench.failure('CreateTable', { ...hashTable, ...encryptedBy(arn) })).code).toBe(
      'InternalServerError',
    );
    expect((await bench.run('ListTables', {})).TableNames).toEqual([]);
    await untilGrants(arn, 0);
    lost.clear();
    await makeTable(arn);
    lost.set('RetireGrant', 'before');
    await bench.run('DeleteTable', { TableName: 'users' });
    await bench.advance(1000);
    expect(await grantsOn(arn)).toHaveLength(1);
    lost.clear();
    await bench.reopen();
    await bench.advance(LEFT_BEHIND_MS);
    await untilGrants(arn, 0);
  });
});

it('kill -9 at any point leaves each table with its grant, and no grant without its table', async () => {
  const keys = [await createKey(), await createKey()];
  const script = join(import.meta.dirname, 'grants-writer.ts');
  const start_ms = bench.clock.wall_ms();
  for (let round = 0; round < 4; round++) {
    const directory = join(bench.directory, 'store');
    const elapsed_ms = bench.clock.wall_ms() - start_ms;
    const child = spawn(
      process.execPath,
      [script, bench.kms.url, directory, String(round), String(elapsed_ms), ...keys],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let lines = 0;
    for await (const _line of createInterface({ input: child.stdout })) {
      lines += 1;
      // Somewhere within the next requests.
      if (lines === 3 + round) setTimeout(() => child.kill('SIGKILL'), round * 4);
    }
    await bench.reopen();
    await bench.advance(2 * LEFT_BEHIND_MS);
    const { TableNames } = await bench.run('ListTables', { Limit: 100 });
    const tables = await Promise.all(
      TableNames.map(async (TableName: string) => (await bench.run('DescribeTable', { TableName })).Table),
    );
    expect(tables.length).toBeGreaterThan(0);
    for (const key of keys) {
      const tablesUnder = tables.filter(({ SSEDescription }) => SSEDescription.KMSMasterKeyArn === key);
      const granted = (await grantsOn(key)).map(
        ({ Constraints }) => Constraints.EncryptionContextSubset['aws:dynamodb:tableName'],
      );
      expect(granted.sort()).toEqual(tablesUnder.map(({ TableName }) => TableName).sort());
    }
    for (const { TableName } of tables) {
      expect(await bench.run('GetItem', { ...get, TableName })).toEqual({});
    }
  }
}, 60_000);
