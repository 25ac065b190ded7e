import { setTimeout as delay } from 'node:timers/promises';
import { itemJson } from '../drivers/drivers.ts';
import { InputError } from '../std/errors.ts';
import { AwsError } from '../system/system.ts';
import type { Arm } from '../workload/workload.ts';
import { type Access, Client } from './client.ts';

/** BatchWriteItem takes no more. */
const BATCH_ITEMS = 25;
const LOADERS = 4;
const POLL_MS = 50;
const ACTIVE_WITHIN_MS = 60_000;

/** A customer managed key for an arm's table. @returns its ARN */
export async function createKey(access: Access, arm: string): Promise<string> {
  const client = new Client('kms', access);
  try {
    const description = JSON.stringify({ Description: `sealbench, arm ${arm}` });
    const { KeyMetadata } = await client.call<{ KeyMetadata?: { Arn?: string } }>('CreateKey', description);
    if (KeyMetadata?.Arn !== undefined) return KeyMetadata.Arn;
    throw new InputError('E_KMS_TARGET', {
      what: 'CreateKey answered without a key.',
      where: access.url,
      remedy: 'Give the URL of a KMS with --kms.',
    });
  } finally {
    client.close();
  }
}

/** The key's end, after the shortest waiting time there is: a key costs money for as long as it exists. */
export async function deleteKey(access: Access, keyArn: string): Promise<void> {
  const client = new Client('kms', access);
  try {
    await client.call('ScheduleKeyDeletion', JSON.stringify({ KeyId: keyArn, PendingWindowInDays: 7 }));
  } finally {
    client.close();
  }
}

/** Makes an arm's table and waits until it is active. @throws InputError E_TABLE_EXISTS */
export async function createTable(access: Access, arm: Arm, keyArn: string | undefined): Promise<void> {
  const client = new Client('dynamodb', access);
  try {
    await requestTable(client, access, arm, keyArn);
    await becomesActive(client, access, arm.table.name).catch(async (error: unknown) => {
      await deleteTable(access, arm.table.name).catch(() => {});
      throw error;
    });
  } finally {
    client.close();
  }
}

export async function deleteTable(access: Access, table: string): Promise<void> {
  const client = new Client('dynamodb', access);
  try {
    await client.call('DeleteTable', JSON.stringify({ TableName: table }));
  } finally {
    client.close();
  }
}

async function requestTable(
  client: Client,
  access: Access,
  { table }: Arm,
  keyArn: string | undefined,
): Promise<void> {
  const request = {
    TableName: table.name,
    AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    BillingMode: 'PAY_PER_REQUEST',
    ...encryptionMembers(table.encryption, keyArn),
  };
  try {
    await client.call('CreateTable', JSON.stringify(request));
  } catch (error) {
    const { cause } = error as Error;
    if (!(cause instanceof AwsError) || cause.code !== 'ResourceInUseException') throw error;
    throw new InputError('E_TABLE_EXISTS', {
      what: `table '${table.name}' exists already.`,
      where: access.url,
      remedy: 'Delete it, or give another name with --set table.name=…',
    });
  }
}

function encryptionMembers(encryption: Arm['table']['encryption'], keyArn: string | undefined): object {
  switch (encryption) {
    case 'none':
      return { Tags: [{ Key: 'sealbench:encryption', Value: 'none' }] };
    case 'aws-owned':
      return {};
    case 'aws-managed':
      return { SSESpecification: { Enabled: true, SSEType: 'KMS' } };
    case 'customer-managed':
      return { SSESpecification: { Enabled: true, SSEType: 'KMS', KMSMasterKeyId: keyArn } };
  }
}

async function becomesActive(client: Client, access: Access, table: string): Promise<void> {
  const deadline_ms = performance.now() + ACTIVE_WITHIN_MS;
  const request = JSON.stringify({ TableName: table });
  for (;;) {
    const { Table } = await client.call<{ Table?: { TableStatus?: string } }>('DescribeTable', request);
    const status = Table?.TableStatus ?? 'without a status';
    if (status === 'ACTIVE') return;
    if (performance.now() > deadline_ms) {
      throw new InputError('E_TABLE_NOT_ACTIVE', {
        what: `table '${table}' is still ${status} after ${ACTIVE_WITHIN_MS / 1000} s.`,
        where: access.url,
        remedy: 'Look at what keeps it, then run again.',
      });
    }
    await delay(POLL_MS);
  }
}

/** Puts the table's items: loaders take batches from one counter, each over a connection of its own. */
export async function fillTable(access: Access, { table }: Arm): Promise<void> {
  const shape = { table: table.name, itemBytes: table.itemBytes };
  let next = 0;
  const loader = async (): Promise<void> => {
    const client = new Client('dynamodb', access);
    try {
      while (next < table.items) {
        const first = next;
        next = Math.min(next + BATCH_ITEMS, table.items);
        const puts = Array.from({ length: next - first }, (_, offset) => {
          return `{"PutRequest":{"Item":${itemJson(first + offset, 0, shape)}}}`;
        });
        await writeBatch(client, access, table.name, `[${puts.join(',')}]`);
      }
    } finally {
      client.close();
    }
  };
  await Promise.all(Array.from({ length: LOADERS }, loader));
}

async function writeBatch(client: Client, access: Access, table: string, puts: string): Promise<void> {
  let requests = `{"RequestItems":{${JSON.stringify(table)}:${puts}}}`;
  for (let attempt = 0; attempt < 10; attempt++) {
    const { UnprocessedItems } = await client.call<{ UnprocessedItems?: Record<string, unknown> }>(
      'BatchWriteItem',
      requests,
    );
    if (!UnprocessedItems || Object.keys(UnprocessedItems).length === 0) return;
    requests = JSON.stringify({ RequestItems: UnprocessedItems });
    await delay(POLL_MS * 2 ** attempt);
  }
  throw new InputError('E_LOAD', {
    what: `table '${table}' keeps refusing items.`,
    where: access.url,
    remedy: 'Raise its write capacity, or lower table.items.',
  });
}
