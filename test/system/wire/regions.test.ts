import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { expect, onTestFinished, test } from 'vitest';
import { awsRequestBytes } from '../../../src/system/wire/wire.ts';
import { alice, exchangeRaw, serve } from './fixtures.ts';

const HERE = 'us-east-1';
const THERE = 'eu-west-1';

const listing = (name: string) => ({ ListTables: () => ({ TableNames: [name] }) });

async function twoRegions(options: Parameters<typeof serve>[0] = {}) {
  const main = await serve({ ...options, region: HERE, operations: listing('here') });
  const other = await serve({ ...options, region: THERE, operations: listing('there'), port: main });
  return { main, other };
}

function clientOf(endpoint: string, region: string): DynamoDBClient {
  const client = new DynamoDBClient({ endpoint, region, credentials: alice, maxAttempts: 1 });
  onTestFinished(() => client.destroy());
  return client;
}

test('an SDK client reaches a Region by naming it, at one and the same endpoint', async () => {
  const { main, other } = await twoRegions();
  const tables = async (region: string) =>
    (await clientOf(main.url, region).send(new ListTablesCommand({}))).TableNames;
  expect(await tables(HERE)).toEqual(['here']);
  expect(await tables(THERE)).toEqual(['there']);
  expect(other.url).toBe(main.url);
  expect(main.counters()).toMatchObject({ requests: 1, connections_opened: 2 });
  expect(other.counters()).toMatchObject({ requests: 1, connections_opened: 0 });
});

test('a Region that is not served, or no more, gets the error of AWS', async () => {
  const { main, other } = await twoRegions();
  const refused = expect.objectContaining({
    name: 'InvalidSignatureException',
    message: expect.stringContaining('Credential should be scoped to a valid region.'),
  });
  await expect(clientOf(main.url, 'sa-east-1').send(new ListTablesCommand({}))).rejects.toEqual(refused);
  await other.close();
  await expect(clientOf(main.url, THERE).send(new ListTablesCommand({}))).rejects.toEqual(refused);
  await clientOf(main.url, HERE).send(new ListTablesCommand({}));
});

test('without verification a request goes where its scope says, and otherwise to the main Region', async () => {
  const { main } = await twoRegions({ auth: 'none' });
  const answered = (region: string) =>
    exchangeRaw(
      main.port,
      awsRequestBytes({
        host: `127.0.0.1:${main.port}`,
        target: 'DynamoDB_20120810.ListTables',
        jsonVersion: '1.0',
        service: 'dynamodb',
        region,
        credentials: alice,
        sign: false,
        close: true,
        body: '{}',
      }).toString(),
    );
  expect(await answered(THERE)).toContain('["there"]');
  expect(await answered('sa-east-1')).toContain('["here"]');
  const bare =
    'POST / HTTP/1.1\r\nhost: x\r\nx-amz-target: DynamoDB_20120810.ListTables\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}';
  expect(await exchangeRaw(main.port, bare)).toContain('["here"]');
});

test('every Region hears of a connection that is gone', async () => {
  const gone: string[] = [];
  const main = await serve({ region: HERE, onConnectionClosed: () => gone.push(HERE) });
  await serve({ region: THERE, onConnectionClosed: () => gone.push(THERE), port: main });
  await exchangeRaw(main.port, 'GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
  await expect.poll(() => gone).toEqual([HERE, THERE]);
});
