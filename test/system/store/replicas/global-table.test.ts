import {
  DeleteItemCommand,
  DeleteTableCommand,
  type DynamoDBClient,
  PutItemCommand,
  UpdateItemCommand,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import { CreateKeyCommand, DisableKeyCommand, EnableKeyCommand } from '@aws-sdk/client-kms';
import { expect, onTestFinished, test } from 'vitest';
import { alice } from '../harness.ts';
import {
  addReplica,
  contents,
  described,
  IRELAND,
  MAIN,
  makeTable,
  SINGAPORE,
  startWorld,
  type World,
} from './world.ts';

async function regions(...names: [string, ...string[]]): Promise<World> {
  return keptWorld(names);
}

async function keptWorld(...options: Parameters<typeof startWorld>): Promise<World> {
  const world = await startWorld(...options);
  onTestFinished(() => world.close());
  return world;
}

const put = (client: DynamoDBClient, pk: string, value: string) =>
  client.send(new PutItemCommand({ TableName: 'songs', Item: { pk: { S: pk }, value: { S: value } } }));
const item = (pk: string, value: string) => ({ pk: { S: pk }, value: { S: value } });

test('a replica gets what is there, and then changes go both ways', async () => {
  const world = await regions(MAIN, IRELAND);
  const [here, there] = [world.dynamodb(MAIN), world.dynamodb(IRELAND)];
  await makeTable(here, 'songs');
  for (let i = 0; i < 250; i++) await put(here, `old-${i}`, 'from before');
  await addReplica(here, 'songs', IRELAND);
  expect((await described(here, 'songs')).Replicas).toMatchObject([{ RegionName: IRELAND }]);
  await world.settle();
  expect(await described(here, 'songs')).toMatchObject({
    TableStatus: 'ACTIVE',
    GlobalTableVersion: '2019.11.21',
    StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
    Replicas: [
      {
        RegionName: IRELAND,
        ReplicaStatus: 'ACTIVE',
        ReplicaArn: 'arn:aws:dynamodb:eu-west-1:123456789012:table/songs',
      },
    ],
  });
  expect(await described(there, 'songs')).toMatchObject({
    TableStatus: 'ACTIVE',
    ItemCount: 250,
    Replicas: [{ RegionName: MAIN, ReplicaStatus: 'ACTIVE' }],
  });
  await put(here, 'a', 'made here');
  await put(there, 'b', 'made there');
  await world.settle();
  await there.send(
    new UpdateItemCommand({
      TableName: 'songs',
      Key: { pk: { S: 'a' } },
      UpdateExpression: 'SET #v = :v',
      ExpressionAttributeNames: { '#v': 'value' },
      ExpressionAttributeValues: { ':v': { S: 'changed there' } },
    }),
  );
  await here.send(new DeleteItemCommand({ TableName: 'songs', Key: { pk: { S: 'old-7' } } }));
  await world.settle();
  const all = await contents(here, 'songs');
  expect(Object.keys(all)).toHaveLength(251);
  expect(all).toMatchObject({ a: item('a', 'changed there'), b: item('b', 'made there') });
  expect(await contents(there, 'songs')).toEqual(all);
});

test('of two changes that do not know of each other the later wins, in all Regions; of one moment, the last by name', async () => {
  const world = await regions(MAIN, IRELAND, SINGAPORE);
  const clients = [MAIN, IRELAND, SINGAPORE].map((region) => world.dynamodb(region));
  const [here, there, far] = clients as [DynamoDBClient, DynamoDBClient, DynamoDBClient];
  await makeTable(here, 'songs');
  await addReplica(here, 'songs', IRELAND);
  await world.settle();
  await addReplica(there, 'songs', SINGAPORE);
  await world.settle();
  expect((await described(here, 'songs')).Replicas!.map(({ RegionName }) => RegionName)).toEqual([
    SINGAPORE,
    IRELAND,
  ]);
  await Promise.all([put(here, 'x', 'here'), put(there, 'x', 'there'), put(far, 'x', 'far')]);
  await world.settle();
  for (const client of clients) expect(await contents(client, 'songs')).toEqual({ x: item('x', 'here') });
  await far.send(new DeleteItemCommand({ TableName: 'songs', Key: { pk: { S: 'x' } } }));
  await world.settle();
  for (const client of clients) expect(await contents(client, 'songs')).toEqual({});
});

test('each Region seals its copy under a key of its own', async () => {
  const world = await regions(MAIN, IRELAND);
  const [here, there] = [world.dynamodb(MAIN), world.dynamodb(IRELAND)];
  const keyIn = async (region: string) =>
    (await world.kms(region).send(new CreateKeyCommand({}))).KeyMetadata!.Arn!;
  const keys = { here: await keyIn(MAIN), there: await keyIn(IRELAND) };
  await makeTable(here, 'songs', {
    SSESpecification: { Enabled: true, SSEType: 'KMS', KMSMasterKeyId: keys.here },
  });
  await expect(addReplica(here, 'songs', IRELAND)).rejects.toMatchObject({
    name: 'ValidationException',
    message: 'One or more parameter values were invalid: KMSMasterKeyId must be specified for each replica.',
  });
  await expect(addReplica(here, 'songs', IRELAND, keys.here)).rejects.toMatchObject({
    name: 'ValidationException',
    message: expect.stringContaining('Invalid arn us-east-1'),
  });
  await addReplica(here, 'songs', IRELAND, keys.there);
  await world.settle();
  expect((await described(here, 'songs')).Replicas).toMatchObject([{ KMSMasterKeyId: keys.there }]);
  expect((await described(there, 'songs')).SSEDescription).toMatchObject({
    Status: 'ENABLED',
    KMSMasterKeyArn: keys.there,
  });
  await put(here, 'a', 'b');
  await world.settle();
  expect(Object.keys(await contents(there, 'songs'))).toEqual(['a']);
  const asked = world
    .kmsIn(IRELAND)
    .trail()
    .map(({ eventName }) => eventName);
  expect(asked).toEqual(expect.arrayContaining(['CreateGrant', 'GenerateDataKey', 'Decrypt']));
});

test('what there can be no replica of, or in, is refused', async () => {
  const world = await regions(MAIN, IRELAND);
  const [here, there] = [world.dynamodb(MAIN), world.dynamodb(IRELAND)];
  await makeTable(here, 'songs');
  await makeTable(there, 'taken');
  await makeTable(here, 'taken');
  await makeTable(here, 'narrow', {
    StreamSpecification: { StreamEnabled: true, StreamViewType: 'KEYS_ONLY' },
  });
  const refused = (text: string) => ({
    name: 'ValidationException',
    message: expect.stringContaining(text),
  });
  await expect(addReplica(here, 'songs', MAIN)).rejects.toMatchObject(refused('the local region'));
  await expect(addReplica(here, 'songs', 'sa-east-1')).rejects.toMatchObject(refused('sa-east-1'));
  await expect(addReplica(here, 'taken', IRELAND)).rejects.toMatchObject(refused('already existed'));
  await expect(addReplica(here, 'narrow', IRELAND)).rejects.toMatchObject(refused('NEW_AND_OLD_IMAGES'));
  const update = (ReplicaUpdates: object[], more: object = {}) =>
    here.send(new UpdateTableCommand({ TableName: 'songs', ReplicaUpdates, ...more }));
  await expect(update([{ Delete: { RegionName: IRELAND } }])).rejects.toMatchObject(refused('not found'));
  await expect(update([])).rejects.toMatchObject(refused('greater than or equal to 1'));
  await expect(
    update([{ Delete: { RegionName: IRELAND } }, { Create: { RegionName: IRELAND } }]),
  ).rejects.toMatchObject(refused('one replica'));
  await expect(
    update([{ Create: { RegionName: IRELAND } }], { DeletionProtectionEnabled: true }),
  ).rejects.toMatchObject(refused('only change'));
  expect((await described(here, 'songs')).Replicas).toBeUndefined();
});

test('a source stays for a day while it has replicas; a replica goes alone', async () => {
  const world = await regions(MAIN, IRELAND);
  const [here, there] = [world.dynamodb(MAIN), world.dynamodb(IRELAND)];
  await makeTable(here, 'songs');
  await addReplica(here, 'songs', IRELAND);
  await world.settle();
  await expect(here.send(new DeleteTableCommand({ TableName: 'songs' }))).rejects.toMatchObject({
    name: 'ValidationException',
    message: expect.stringContaining('acted as a source region'),
  });
  await expect(
    here.send(new UpdateTableCommand({ TableName: 'songs', StreamSpecification: { StreamEnabled: false } })),
  ).rejects.toMatchObject({ name: 'ValidationException' });
  await here.send(
    new UpdateTableCommand({ TableName: 'songs', ReplicaUpdates: [{ Delete: { RegionName: IRELAND } }] }),
  );
  await expect(described(there, 'songs')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  expect((await described(here, 'songs')).Replicas).toBeUndefined();
  await put(here, 'still', 'here');
  await addReplica(here, 'songs', IRELAND);
  await world.settle();
  expect(Object.keys(await contents(there, 'songs'))).toEqual(['still']);
  await world.advance(25 * 3_600_000);
  await here.send(new DeleteTableCommand({ TableName: 'songs' }));
  expect((await described(there, 'songs')).Replicas).toBeUndefined();
  expect(Object.keys(await contents(there, 'songs'))).toEqual(['still']);
});

test('replication goes on where it was after a restart', async () => {
  const world = await regions(MAIN, IRELAND);
  await makeTable(world.dynamodb(MAIN), 'songs');
  for (let i = 0; i < 300; i++) await put(world.dynamodb(MAIN), `old-${i}`, 'from before');
  await addReplica(world.dynamodb(MAIN), 'songs', IRELAND);
  await world.reopen();
  await put(world.dynamodb(MAIN), 'new', 'after');
  await world.settle();
  const all = await contents(world.dynamodb(MAIN), 'songs');
  expect(Object.keys(all)).toHaveLength(301);
  expect(await contents(world.dynamodb(IRELAND), 'songs')).toEqual(all);
});

test('a lost key: the replica is told to be inaccessible, leaves 20 hours later, and is a table of its own when the key is back', async () => {
  const told: string[] = [];
  const bodies: string[] = [];
  const world = await keptWorld([MAIN, IRELAND], {
    notify: ({ event, subject, body }) => {
      told.push(`${event}: ${subject}`);
      bodies.push(body);
    },
  });
  const [here, there, kms] = [world.dynamodb(MAIN), world.dynamodb(IRELAND), world.kms(IRELAND)];
  const KeyId = (await kms.send(new CreateKeyCommand({}))).KeyMetadata!.Arn!;
  await makeTable(here, 'songs');
  await addReplica(here, 'songs', IRELAND, KeyId);
  await world.settle();
  await kms.send(new DisableKeyCommand({ KeyId }));
  await world.advance(30 * 60_000);
  const [lost] = (await described(here, 'songs')).Replicas!;
  expect(lost).toMatchObject({
    RegionName: IRELAND,
    ReplicaStatus: 'INACCESSIBLE_ENCRYPTION_CREDENTIALS',
    ReplicaInaccessibleDateTime: expect.any(Date),
  });
  expect((await described(here, 'songs')).TableStatus).toBe('ACTIVE');
  await put(here, 'meanwhile', 'here');
  const leaves_ms = lost!.ReplicaInaccessibleDateTime!.getTime() + 20 * 3_600_000;
  await world.advance(leaves_ms - 1000 - world.clock.wall_ms());
  expect((await described(here, 'songs')).Replicas).toHaveLength(1);
  await world.advance(1000);
  expect(await described(here, 'songs')).not.toHaveProperty('Replicas');
  expect((await described(there, 'songs')).TableStatus).toBe('INACCESSIBLE_ENCRYPTION_CREDENTIALS');
  await world.settle();
  expect(told).toEqual([
    expect.stringMatching(/^key-inaccessible: /),
    'replica-removed: DynamoDB table songs in eu-west-1: removed from its global table, its KMS key was inaccessible for 20 hours',
  ]);
  expect(bodies[0]).toContain(`At ${new Date(leaves_ms).toISOString()}, after 20 hours, it is removed`);
  await kms.send(new EnableKeyCommand({ KeyId }));
  await world.advance(3_600_000);
  expect(await described(there, 'songs')).not.toHaveProperty('Replicas');
  expect((await described(there, 'songs')).TableStatus).toBe('ACTIVE');
  expect(await contents(there, 'songs')).toEqual({});
  await put(there, 'own', 'there');
  await world.advance(3_600_000);
  expect(Object.keys(await contents(here, 'songs'))).toEqual(['meanwhile']);
});

test('a key that is back in time: the replica catches up, both ways', async () => {
  const world = await regions(MAIN, IRELAND);
  const [here, there, kms] = [world.dynamodb(MAIN), world.dynamodb(IRELAND), world.kms(IRELAND)];
  const KeyId = (await kms.send(new CreateKeyCommand({}))).KeyMetadata!.Arn!;
  await makeTable(here, 'songs');
  await addReplica(here, 'songs', IRELAND, KeyId);
  await world.settle();
  await put(here, 'gone', 'soon');
  // Nothing happens for so long that what is read after the key's loss looks as if there had been more.
  await world.advance(11 * 3_600_000);
  await kms.send(new DisableKeyCommand({ KeyId }));
  await world.advance(20 * 3_600_000);
  await put(here, 'meanwhile', 'here');
  await here.send(new DeleteItemCommand({ TableName: 'songs', Key: { pk: { S: 'gone' } } }));
  await kms.send(new EnableKeyCommand({ KeyId }));
  await world.advance(3_600_000);
  expect((await described(here, 'songs')).Replicas).toMatchObject([{ ReplicaStatus: 'ACTIVE' }]);
  expect(Object.keys(await contents(there, 'songs'))).toEqual(['meanwhile']);
});

test('a replica whose key refuses itself fails to be made, says why, and goes by being deleted', async () => {
  const world = await regions(MAIN, IRELAND);
  const [here, kms] = [world.dynamodb(MAIN), world.kms(IRELAND)];
  const KeyId = (await kms.send(new CreateKeyCommand({}))).KeyMetadata!.Arn!;
  await kms.send(new DisableKeyCommand({ KeyId }));
  await makeTable(here, 'songs');
  await addReplica(here, 'songs', IRELAND, KeyId);
  await world.settle();
  expect((await described(here, 'songs')).Replicas).toEqual([
    {
      RegionName: IRELAND,
      ReplicaStatus: 'CREATION_FAILED',
      ReplicaStatusDescription: expect.stringContaining(`${KeyId} is disabled`),
      KMSMasterKeyId: KeyId,
    },
  ]);
  await here.send(
    new UpdateTableCommand({ TableName: 'songs', ReplicaUpdates: [{ Delete: { RegionName: IRELAND } }] }),
  );
  await kms.send(new EnableKeyCommand({ KeyId }));
  await addReplica(here, 'songs', IRELAND, KeyId);
  await world.settle();
  expect((await described(here, 'songs')).Replicas).toMatchObject([{ ReplicaStatus: 'ACTIVE' }]);
});

test("a replica's key is changed from another Region", async () => {
  const world = await regions(MAIN, IRELAND);
  const [here, there, kms] = [world.dynamodb(MAIN), world.dynamodb(IRELAND), world.kms(IRELAND)];
  await makeTable(here, 'songs');
  await addReplica(here, 'songs', IRELAND);
  await world.settle();
  const KMSMasterKeyId = (await kms.send(new CreateKeyCommand({}))).KeyMetadata!.Arn!;
  await here.send(
    new UpdateTableCommand({
      TableName: 'songs',
      ReplicaUpdates: [{ Update: { RegionName: IRELAND, KMSMasterKeyId } }],
    }),
  );
  expect((await described(here, 'songs')).Replicas).toMatchObject([{ ReplicaStatus: 'UPDATING' }]);
  await world.advance(1000);
  expect((await described(here, 'songs')).Replicas).toMatchObject([
    { ReplicaStatus: 'ACTIVE', KMSMasterKeyId },
  ]);
  await put(here, 'a', 'b');
  await world.settle();
  expect(Object.keys(await contents(there, 'songs'))).toEqual(['a']);
});

test('large items go over in pieces', async () => {
  const world = await regions(MAIN, IRELAND);
  const [here, there] = [world.dynamodb(MAIN), world.dynamodb(IRELAND)];
  await makeTable(here, 'songs');
  await addReplica(here, 'songs', IRELAND);
  await world.settle();
  const long = 'x'.repeat(90_000);
  await Promise.all(Array.from({ length: 12 }, (_, i) => put(here, `${i}`, `${long}${i}`)));
  await world.settle();
  const all = await contents(here, 'songs');
  expect(Object.keys(all)).toHaveLength(12);
  expect(await contents(there, 'songs')).toEqual(all);
});

test('a replica that is protected against deletion is not deleted from another Region either', async () => {
  const world = await regions(MAIN, IRELAND);
  const [here, there] = [world.dynamodb(MAIN), world.dynamodb(IRELAND)];
  await makeTable(here, 'songs');
  await addReplica(here, 'songs', IRELAND);
  await world.settle();
  await there.send(new UpdateTableCommand({ TableName: 'songs', DeletionProtectionEnabled: true }));
  await expect(
    here.send(
      new UpdateTableCommand({ TableName: 'songs', ReplicaUpdates: [{ Delete: { RegionName: IRELAND } }] }),
    ),
  ).rejects.toMatchObject({ message: expect.stringContaining('currently protected against deletion') });
  expect((await described(here, 'songs')).Replicas).toMatchObject([{ ReplicaStatus: 'ACTIVE' }]);
});

test.each([
  ['no Region', [{ Create: {} }], 'ValidationException'],
  ['a number for a Region', [{ Create: { RegionName: 7 } }], 'SerializationException'],
  ['no list', { Create: {} }, 'SerializationException'],
  ['null', [null], 'SerializationException'],
  ['text', ['Create'], 'SerializationException'],
  ['a list for a replica', [{ Create: [] }], 'SerializationException'],
  ['nothing to do', [{}], 'ValidationException'],
  [
    'two things to do',
    [{ Create: { RegionName: IRELAND }, Delete: { RegionName: IRELAND } }],
    'ValidationException',
  ],
  ['the empty Region', [{ Create: { RegionName: '' } }], 'ValidationException'],
  [
    'a setting there is not',
    [{ Create: { RegionName: IRELAND, TableClassOverride: 'STANDARD' } }],
    'ValidationException',
  ],
  [
    'indexes there are not',
    [{ Create: { RegionName: IRELAND, GlobalSecondaryIndexes: [{}] } }],
    'ValidationException',
  ],
])('refuses ReplicaUpdates with %s', async (_, ReplicaUpdates, code) => {
  const world = await regions(MAIN, IRELAND);
  await makeTable(world.dynamodb(MAIN), 'songs');
  const context = { principal: alice.principal, connectionId: 1 };
  const updating = async () =>
    world.storeIn(MAIN).execute('UpdateTable', { TableName: 'songs', ReplicaUpdates }, context);
  await expect(updating()).rejects.toMatchObject({ code, status: 400 });
  expect((await described(world.dynamodb(MAIN), 'songs')).Replicas).toBeUndefined();
});
