/** `serve` as the tests of docs/AT-REST.md have it: several callers, days that pass, tables under chosen keys. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  type SSESpecification,
  type TableDescription,
} from '@aws-sdk/client-dynamodb';
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { CreateKeyCommand, type CreateKeyCommandInput, KMSClient } from '@aws-sdk/client-kms';
import { expect } from 'vitest';
import { folder } from '../cli.ts';
import { type Serving, serve } from '../serving.ts';

/** An event of the trail, as far as these tests look into it. */
export interface TrailEvent {
  eventName: string;
  eventSource: string;
  readOnly: boolean;
  userIdentity: { type: string; arn?: string; userName?: string; invokedBy?: string };
  requestParameters: { keySpec?: string; encryptionContext?: Record<string, string> } | null;
  errorCode?: string;
  resources: { ARN: string }[];
}

export interface Clients {
  dynamodb: DynamoDBClient;
  kms: KMSClient;
  streams: DynamoDBStreamsClient;
}

export interface AtRest extends Serving, Clients {
  /** Where its data is. */
  data: string;
  /** Lets lifecycle time pass, and all happen that falls due meanwhile. */
  pass(duration: string): Promise<void>;
  trail(): Promise<TrailEvent[]>;
  /** Clients of their own for a caller (`caller-2`): new connections, in this Region or another one. */
  clientsOf(caller: string, region?: string): Clients;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
}

export interface AtRestOptions {
  args?: string[];
  callers?: number;
  /** Of an earlier one; new without it. */
  data?: string;
  /** Policy documents of IAM by caller. */
  policies?: Record<string, object>;
}

export async function atRest({
  args = [],
  callers = 1,
  data = mkdtempSync(join(folder, 'data-')),
  policies,
}: AtRestOptions = {}): Promise<AtRest> {
  const policyFile = join(folder, 'policies.json');
  if (policies !== undefined) writeFileSync(policyFile, JSON.stringify(policies));
  const withPolicies = policies === undefined ? [] : ['--policies', policyFile];
  const serving = await serve('--data', data, '--callers', String(callers), ...withPolicies, ...args);
  const made: { destroy(): void }[] = [];
  const clientsOf = (caller: string, region = serving.env.AWS_REGION!): Clients => {
    const common = { region, credentials: credentialsOf(data, caller) };
    const endpoint = serving.env.AWS_ENDPOINT_URL_DYNAMODB!;
    const clients = {
      dynamodb: new DynamoDBClient({ ...common, endpoint, maxAttempts: 1 }),
      streams: new DynamoDBStreamsClient({ ...common, endpoint, maxAttempts: 1 }),
      // Management operations have quotas of some per second: the SDK's retries get over them.
      kms: new KMSClient({ ...common, endpoint: serving.env.AWS_ENDPOINT_URL_KMS!, maxAttempts: 6 }),
    };
    made.push(...Object.values(clients));
    return clients;
  };
  const { kms, streams } = clientsOf('default');
  return {
    ...serving,
    kms,
    streams,
    data,
    pass: async (duration) => void (await serving.admin('/clock', { advance: duration })),
    trail: async () => eventsOf(await serving.admin('/trail')),
    clientsOf,
    kill: async () => {
      serving.command.child.kill('SIGKILL');
      await serving.command.ended;
    },
    stop: () => {
      serving.kms.destroy();
      for (const client of made) client.destroy();
      return serving.stop();
    },
  };
}

function eventsOf(lines: string): TrailEvent[] {
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

function credentialsOf(data: string, caller: string): { accessKeyId: string; secretAccessKey: string } {
  const text = readFileSync(join(data, 'credentials'), 'utf8');
  const profile = text.split(/^\[/m).find((part) => part.startsWith(`${caller}]`))!;
  const value = (name: string): string => new RegExp(`^${name} = (.*)$`, 'm').exec(profile)![1]!;
  return { accessKeyId: value('aws_access_key_id'), secretAccessKey: value('aws_secret_access_key') };
}

/** @returns its ARN */
export async function createKey(kms: KMSClient, input: CreateKeyCommandInput = {}): Promise<string> {
  return (await kms.send(new CreateKeyCommand(input))).KeyMetadata!.Arn!;
}

/** Encryption under the AWS managed key, or under a customer managed one. */
export function under(key?: string): { SSESpecification: SSESpecification } {
  return { SSESpecification: { Enabled: true, SSEType: 'KMS', KMSMasterKeyId: key } };
}

/** Creates a table with the partition key `id` and waits until it is ACTIVE. */
export async function createTable(
  { dynamodb }: Pick<Clients, 'dynamodb'>,
  TableName: string,
  more: Partial<CreateTableCommandInput> = {},
): Promise<TableDescription> {
  await dynamodb.send(
    new CreateTableCommand({
      TableName,
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
      ...more,
    }),
  );
  return tableThat({ dynamodb }, TableName, ({ TableStatus }) => TableStatus === 'ACTIVE');
}

export async function describeTable(
  { dynamodb }: Pick<Clients, 'dynamodb'>,
  TableName: string,
): Promise<TableDescription> {
  return (await dynamodb.send(new DescribeTableCommand({ TableName }))).Table!;
}

/** Asks until the table is as wanted: what takes the service a moment of real time. */
export async function tableThat(
  clients: Pick<Clients, 'dynamodb'>,
  name: string,
  isAsWanted: (table: TableDescription) => boolean,
): Promise<TableDescription> {
  for (;;) {
    const table = await describeTable(clients, name);
    if (isAsWanted(table)) return table;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export async function put(
  { dynamodb }: Pick<Clients, 'dynamodb'>,
  TableName: string,
  id = 'a',
): Promise<void> {
  await dynamodb.send(
    new PutItemCommand({ TableName, Item: { id: { S: id }, text: { S: `text of ${id}` } } }),
  );
}

/** @returns what `put` wrote */
export async function get(
  { dynamodb }: Pick<Clients, 'dynamodb'>,
  TableName: string,
  id = 'a',
): Promise<string | undefined> {
  const { Item } = await dynamodb.send(new GetItemCommand({ TableName, Key: { id: { S: id } } }));
  return Item?.text?.S;
}

/** What DynamoDB answers when a table's key is disabled. */
export const KEY_DISABLED = {
  name: 'ValidationException',
  message: expect.stringMatching(/^KMS key disabled error: /),
};

/** What it answers where a policy or a grant that is missing denies its use. */
export const DENIED = {
  name: 'AccessDeniedException',
  message: expect.stringMatching(/^KMS key access denied error: /),
};

/** How a request failed. @throws when it did not */
export async function failure(request: Promise<unknown>): Promise<{ name: string; message: string }> {
  try {
    await request;
  } catch (error) {
    const { name, message } = error as Error;
    return { name, message };
  }
  throw new Error('it did not fail');
}
