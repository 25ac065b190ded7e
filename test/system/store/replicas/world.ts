import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AttributeValue,
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  paginateScan,
  type TableDescription,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { SimulatedClock } from '../../../../src/std/clock.ts';
import { advanceTogether, traveller } from '../../../../src/std/schedule.ts';
import { createKmsClient, startKmsServer } from '../../../../src/system/kms/kms.ts';
import { startRegions } from '../../../../src/system/regions.ts';
import { RegionGroup, type StoreOptions, startStoreServer } from '../../../../src/system/store/store.ts';
import { ACCOUNT, alice, service } from '../harness.ts';

export const MAIN = 'us-east-1';
export const IRELAND = 'eu-west-1';
export const SINGAPORE = 'ap-southeast-1';

/** Stores and KMSs of several Regions at one port each, with their common clock in the test's hand. */
export type World = Awaited<ReturnType<typeof startWorld>>;

export async function startWorld(
  regions: readonly [string, ...string[]],
  overrides: Partial<StoreOptions> = {},
) {
  const clock = new SimulatedClock();
  const directory = mkdtempSync(join(tmpdir(), 'sealbench-regions-'));
  const common = { accountId: ACCOUNT, auth: 'sigv4' as const, clock };
  const kms = await startRegions(regions, (region, beside) =>
    startKmsServer({ ...common, region, callers: [alice, service], port: beside ?? 0 }),
  );
  const kmsClients = regions.map((region) =>
    createKmsClient({ url: kms.main.url, region, credentials: service, connections: 'keep-alive' }),
  );
  const open = (group = new RegionGroup()) =>
    startRegions(regions, (region, beside) =>
      startStoreServer({
        ...common,
        region,
        callers: [alice],
        kms: kmsClients[regions.indexOf(region)]!,
        storage: 'lmdb',
        exclusive: true,
        directory: join(directory, region),
        keyCache: { scope: 'connection', ttl_ms: 300_000, expiry: 'absolute' },
        regions: group,
        port: beside ?? 0,
        ...overrides,
      }),
    );
  let stores = await open();
  const clients: { destroy(): void }[] = [];
  const kept = <Client extends { destroy(): void }>(client: Client): Client => {
    clients.push(client);
    return client;
  };
  const work = () => [...stores.all.values()].map(({ store }) => store.housekeeping);
  const world = {
    clock,
    directory,
    storeIn: (region: string) => stores.all.get(region)!.store,
    kmsIn: (region: string) => kms.all.get(region)!,
    dynamodb: (region: string) =>
      kept(new DynamoDBClient({ endpoint: stores.main.url, region, credentials: alice, maxAttempts: 1 })),
    kms: (region: string) =>
      kept(new KMSClient({ endpoint: kms.main.url, region, credentials: alice, maxAttempts: 1 })),
    advance: (duration_ms: number) => advanceTogether([traveller(clock, work())], duration_ms),
    /** Does what is due in all Regions until nothing is. */
    async settle() {
      while (work().some((part) => part.nextDue_ms() <= clock.wall_ms())) await world.advance(0);
    },
    async reopen() {
      await stores.close();
      stores = await open();
    },
    async close() {
      for (const client of clients) client.destroy();
      await stores.close();
      for (const client of kmsClients) await client.close();
      await kms.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
  return world;
}

export async function makeTable(client: DynamoDBClient, name: string, more: object = {}): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: name,
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
      ...more,
    }),
  );
}

export async function addReplica(
  client: DynamoDBClient,
  name: string,
  region: string,
  keyId?: string,
): Promise<void> {
  await client.send(
    new UpdateTableCommand({
      TableName: name,
      ReplicaUpdates: [{ Create: { RegionName: region, KMSMasterKeyId: keyId } }],
    }),
  );
}

export async function described(client: DynamoDBClient, name: string): Promise<TableDescription> {
  return (await client.send(new DescribeTableCommand({ TableName: name }))).Table!;
}

/** What there is, by `pk`. */
export async function contents(
  client: DynamoDBClient,
  name: string,
): Promise<Record<string, Record<string, AttributeValue>>> {
  const found: Record<string, Record<string, AttributeValue>> = {};
  for await (const page of paginateScan({ client }, { TableName: name, ConsistentRead: true })) {
    for (const item of page.Items ?? []) found[item.pk!.S!] = item;
  }
  return Object.fromEntries(Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1)));
}
