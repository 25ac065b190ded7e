/** Global tables on `serve --replica-regions`: through the AWS SDK, over restarts, and over kill -9 amid it all. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  PutItemCommand,
  paginateScan,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import { expect, it } from 'vitest';
import { folder, start } from './cli.ts';
import { type Serving, serve } from './serving.ts';

const TableName = 'songs';
const MAIN = 'us-east-1';
const OTHERS = ['eu-west-1', 'ap-southeast-1'];
const PATIENCE = { timeout: 20_000, interval: 50 };

it('loses no acknowledged write to kill -9, while a replica is made and while changes go to and fro', async () => {
  const data = join(folder, 'regions');
  const args = ['--data', data, '--replica-regions', OTHERS.join(',')];
  let serving = await serve(...args);
  await createTable(clientIn(serving, MAIN));
  const acknowledged = new Set<string>();
  await Promise.all(
    Array.from({ length: 300 }, (_, i) => write(clientIn(serving, MAIN), `first-${i}`, acknowledged)),
  );
  for (const region of OTHERS) {
    await addReplica(clientIn(serving, MAIN), region);
    await killAfter(serving, region === OTHERS[0] ? 0 : 15);
    serving = await serve(...args);
    await expect.poll(() => statusesSeen(serving), PATIENCE).toMatchObject({ [region]: 'ACTIVE' });
  }
  for (const [round, delay_ms] of [150, 260].entries()) {
    await writeEverywhere(serving, `round-${round}`, delay_ms, acknowledged);
    serving = await serve(...args);
    await expect.poll(() => areEqual(serving), PATIENCE).toBe(true);
    const there = await itemsIn(serving, OTHERS[1]!);
    expect([...acknowledged].filter((pk) => !there.has(pk))).toEqual([]);
  }
  await serving.stop();
  const places = ['store', 'kms', 'eu-west-1/store', 'eu-west-1/kms', 'ap-southeast-1/store'];
  expect(places.filter((place) => !existsSync(join(data, place)))).toEqual([]);
}, 90_000);

it.each([
  ['the main one', ['--replica-regions', MAIN], /us-east-1 is the main Region/],
  ['one twice', ['--replica-regions', 'eu-west-1,eu-west-1'], /each Region once/],
  ['none', ['--replica-regions', 'nowhere'], /a Region such as/],
])('refuses as Regions of replicas: %s', async (_, args, text) => {
  const { code, stderr } = await start(['serve', '--port', '0', '--kms-port', '0', ...args]).ended;
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(text) });
});

function clientIn({ env }: Serving, region: string): DynamoDBClient {
  return new DynamoDBClient({
    endpoint: env.AWS_ENDPOINT_URL_DYNAMODB!,
    region,
    credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID!, secretAccessKey: env.AWS_SECRET_ACCESS_KEY! },
    maxAttempts: 1,
  });
}

async function createTable(client: DynamoDBClient): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName,
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
      SSESpecification: { Enabled: true, SSEType: 'KMS' },
    }),
  );
}

async function addReplica(client: DynamoDBClient, RegionName: string): Promise<void> {
  await client.send(new UpdateTableCommand({ TableName, ReplicaUpdates: [{ Create: { RegionName } }] }));
}

async function statusesSeen(serving: Serving): Promise<Record<string, string>> {
  const { Table } = await clientIn(serving, MAIN).send(new DescribeTableCommand({ TableName }));
  return Object.fromEntries(
    (Table!.Replicas ?? []).map(({ RegionName, ReplicaStatus }) => [RegionName, ReplicaStatus]),
  );
}

async function write(client: DynamoDBClient, pk: string, acknowledged: Set<string>): Promise<void> {
  await client.send(new PutItemCommand({ TableName, Item: { pk: { S: pk }, by: { S: pk } } }));
  acknowledged.add(pk);
}

async function killAfter({ command }: Serving, delay_ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, delay_ms));
  command.child.kill('SIGKILL');
  await command.ended;
}

/** Writers in all Regions, of items of their own and of one that is everybody's, until the servers are killed. */
async function writeEverywhere(
  serving: Serving,
  name: string,
  delay_ms: number,
  acknowledged: Set<string>,
): Promise<void> {
  let killed = false;
  const writers = [MAIN, ...OTHERS].map(async (region) => {
    const client = clientIn(serving, region);
    for (let i = 0; !killed; i++) {
      try {
        await write(client, `${name}-${region}-${i}`, acknowledged);
        await client.send(
          new PutItemCommand({ TableName, Item: { pk: { S: 'shared' }, by: { S: `${region} ${i}` } } }),
        );
      } catch (thrown) {
        if (!killed) throw thrown;
      }
    }
  });
  const kill = async () => {
    await new Promise((resolve) => setTimeout(resolve, delay_ms));
    killed = true;
    serving.command.child.kill('SIGKILL');
    await serving.command.ended;
  };
  await Promise.all([kill(), ...writers]);
}

async function itemsIn(serving: Serving, region: string): Promise<Map<string, string>> {
  const items = new Map<string, string>();
  for await (const { Items } of paginateScan({ client: clientIn(serving, region) }, { TableName })) {
    for (const item of Items ?? []) items.set(item.pk!.S!, item.by!.S!);
  }
  return items;
}

async function areEqual(serving: Serving): Promise<boolean> {
  const contents = await Promise.all([MAIN, ...OTHERS].map((region) => itemsIn(serving, region)));
  const texts = contents.map((items) => JSON.stringify([...items].sort()));
  return texts.every((text) => text === texts[0]);
}
