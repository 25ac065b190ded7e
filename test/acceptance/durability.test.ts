/** What `serve --data` keeps: over a restart, over kill -9, and from whoever reads the disk. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateTableCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { CreateKeyCommand, GenerateDataKeyCommand, ListKeysCommand } from '@aws-sdk/client-kms';
import { expect, it } from 'vitest';
import type { Ended } from './cli.ts';
import { folder } from './cli.ts';
import { type Serving, serve } from './serving.ts';

const TableName = 'notes';

it('keeps tables, items, keys and credentials over a restart, and over kill -9 every acknowledged write', async () => {
  const data = join(folder, 'kept');
  let serving = await serve('--data', data, '--callers', '2');
  await createTable(serving);
  await put(serving.dynamodb, 'before', 'restart');
  const before = serving.env;
  expect((await serving.stop()).code).toBe(0);

  serving = await serve('--data', data, '--callers', '2');
  expect(serving.env.AWS_ACCESS_KEY_ID).toBe(before.AWS_ACCESS_KEY_ID);
  expect(serving.env.AWS_SECRET_ACCESS_KEY).toBe(before.AWS_SECRET_ACCESS_KEY);
  expect(await bodyOf(serving.dynamodb, 'before')).toBe('restart');
  expect((await serving.kms.send(new ListKeysCommand({}))).Keys).toHaveLength(1);

  const acknowledged = await writeUntilKilled(serving, 200);
  serving = await serve('--data', data);
  const { Items } = await serving.dynamodb.send(new ScanCommand({ TableName }));
  const found = new Map(Items!.map((item) => [item.pk!.S, item.body!.S]));
  expect(acknowledged.filter((pk) => found.get(pk) !== `body of ${pk}`)).toEqual([]);
  await put(serving.dynamodb, 'after', 'crash');
  expect(await bodyOf(serving.dynamodb, 'after')).toBe('crash');
  await serving.stop();
});

it('shows no plaintext: not in files, not in what it prints, not in its trail', async () => {
  const data = join(folder, 'sealed');
  const serving = await serve('--data', data);
  const keyId = await createTable(serving);
  const secrets = ['pk-GRAPEFRUIT', 'sk-MARZIPAN', 'body-PERIWINKLE'];
  await put(serving.dynamodb, secrets[0]!, secrets[2]!, secrets[1]);
  const { Plaintext } = await serving.kms.send(
    new GenerateDataKeyCommand({ KeyId: keyId, KeySpec: 'AES_256' }),
  );
  const trail = await serving.admin('/trail');
  const ended = await serving.stop();
  const key = Buffer.from(Plaintext!);
  const needles = [...secrets.map((text) => Buffer.from(text)), ...formsOf(key)];
  const places = [...placesOf(data), ...printedBy(ended), { name: '/trail', bytes: Buffer.from(trail) }];
  expect(places.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['store/data.mdb', '/trail', 'stderr']),
  );
  expect(findAny(places, needles)).toEqual([]);
  // The search finds what is there: the table's name is no secret.
  expect(findAny(places, [Buffer.from(TableName)])).toContain('store/data.mdb');
});

it('lets only its owner read the root of its keys and the credentials', async () => {
  const data = join(folder, 'modes');
  await (await serve('--data', data)).stop();
  const mode = (path: string) => statSync(join(data, path)).mode & 0o777;
  expect([mode('.'), mode('kms/root.key'), mode('credentials')]).toEqual([0o700, 0o600, 0o600]);
});

interface Place {
  name: string;
  bytes: Buffer;
}

function placesOf(directory: string): Place[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(directory, name)).isFile())
    .map((name) => ({ name, bytes: readFileSync(join(directory, name)) }));
}

function printedBy({ stdout, stderr }: Ended): Place[] {
  return [
    { name: 'stdout', bytes: Buffer.from(stdout) },
    { name: 'stderr', bytes: Buffer.from(stderr) },
  ];
}

function formsOf(key: Buffer): Buffer[] {
  return [key, Buffer.from(key.toString('base64')), Buffer.from(key.toString('hex'))];
}

function findAny(places: Place[], needles: Buffer[]): string[] {
  return places
    .filter(({ bytes }) => needles.some((needle) => bytes.includes(needle)))
    .map(({ name }) => name);
}

/** @returns the id of its key */
async function createTable({ dynamodb, kms }: Serving): Promise<string> {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const KMSMasterKeyId = KeyMetadata!.KeyId!;
  await dynamodb.send(
    new CreateTableCommand({
      TableName,
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
      ],
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      BillingMode: 'PAY_PER_REQUEST',
      SSESpecification: { Enabled: true, SSEType: 'KMS', KMSMasterKeyId },
    }),
  );
  for (;;) {
    const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName }));
    if (Table!.TableStatus === 'ACTIVE') return KMSMasterKeyId;
  }
}

async function put(dynamodb: DynamoDBClient, pk: string, body: string, sk = '0'): Promise<void> {
  const Item = { pk: { S: pk }, sk: { S: sk }, body: { S: body } };
  await dynamodb.send(new PutItemCommand({ TableName, Item }));
}

async function bodyOf(dynamodb: DynamoDBClient, pk: string): Promise<string | undefined> {
  const { Item } = await dynamodb.send(
    new GetItemCommand({ TableName, Key: { pk: { S: pk }, sk: { S: '0' } } }),
  );
  return Item?.body?.S;
}

/** Eight writers at once; SIGKILL when so many writes are acknowledged. @returns all that were acknowledged */
async function writeUntilKilled({ dynamodb, command }: Serving, writes: number): Promise<string[]> {
  const acknowledged: string[] = [];
  let killed = false;
  const writer = async (name: number): Promise<void> => {
    for (let count = 0; !killed; count++) {
      const pk = `writer-${name}-${count}`;
      try {
        await put(dynamodb, pk, `body of ${pk}`);
      } catch (error) {
        if (killed) return;
        throw error;
      }
      acknowledged.push(pk);
      if (acknowledged.length >= writes) killed = command.child.kill('SIGKILL');
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, name) => writer(name)));
  expect(await command.ended).toMatchObject({ signal: 'SIGKILL' });
  return acknowledged;
}
