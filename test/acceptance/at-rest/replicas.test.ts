/** What the page says of a global table one of whose replicas loses its key. */
import { UpdateTableCommand } from '@aws-sdk/client-dynamodb';
import { DisableKeyCommand, EnableKeyCommand } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  type AtRest,
  atRest,
  type Clients,
  createKey,
  createTable,
  describeTable,
  get,
  put,
  tableThat,
  under,
} from './at-rest.ts';

const IRELAND = 'eu-west-1';
const INACCESSIBLE = 'INACCESSIBLE_ENCRYPTION_CREDENTIALS';
const TableName = 'songs';
let at: AtRest;
let there: Clients;
let keyThere: string;

beforeAll(async () => {
  at = await atRest({ args: ['--replica-regions', IRELAND] });
  there = at.clientsOf('default', IRELAND);
  keyThere = await createKey(there.kms);
  await createTable(at, TableName, {
    ...under(await createKey(at.kms)),
    StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
  });
  const Create = { RegionName: IRELAND, KMSMasterKeyId: keyThere };
  await at.dynamodb.send(new UpdateTableCommand({ TableName, ReplicaUpdates: [{ Create }] }));
  await tableThat(at, TableName, ({ Replicas }) => Replicas?.[0]?.ReplicaStatus === 'ACTIVE');
});
afterAll(async () => {
  await at.stop();
});

async function replicas(): Promise<(string | undefined)[]> {
  const { Replicas = [] } = await describeTable(at, TableName);
  return Replicas.map(({ ReplicaStatus }) => ReplicaStatus);
}

it('39. A replica whose key is inaccessible is taken out of its group 20 hours after that was found', async () => {
  await put(at, TableName, 'before');
  await at.pass('1m');
  expect(await get(there, TableName, 'before')).toBe('text of before');
  await there.kms.send(new DisableKeyCommand({ KeyId: keyThere }));
  await at.pass('30m');
  expect(await replicas()).toEqual([INACCESSIBLE]);
  await at.pass('19h');
  expect(await replicas()).toEqual([INACCESSIBLE]);
  await at.pass('1h');
  expect(await replicas()).toEqual([]);
});

it('40. It is not deleted, and replication to it and from it stops', async () => {
  expect((await describeTable(there, TableName)).TableStatus).toBe(INACCESSIBLE);
  await there.kms.send(new EnableKeyCommand({ KeyId: keyThere }));
  await at.pass('1h');
  expect((await describeTable(there, TableName)).TableStatus).toBe('ACTIVE');
  expect(await get(there, TableName, 'before')).toBe('text of before');
  await put(at, TableName, 'from-here');
  await put(there, TableName, 'from-there');
  await at.pass('1h');
  expect(await get(there, TableName, 'from-here')).toBeUndefined();
  expect(await get(at, TableName, 'from-there')).toBeUndefined();
});
