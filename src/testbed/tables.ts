import { setTimeout as delay } from 'node:timers/promises';
import { itemJson } from '../drivers/drivers.ts';
import { createItemBytes } from '../plan/plan.ts';
import { InputError } from '../std/errors.ts';
import { AwsError } from '../system/system.ts';
import { type Arm, tableNames } from '../workload/workload.ts';
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

/** Makes an arm's tables and waits until they are active. @throws InputError E_TABLE_EXISTS */
export async function createTables(access: Access, arm: Arm, keyArn: string | undefined): Promise<void> {
  const client = new Client('dynamodb', access);
  const created: string[] = [];
  try {
    for (const name of tableNames(arm.table)) {
      await requestTable(client, access, { name, keyArn, encryption: arm.table.encryption });
      created.push(name);
      await becomesActive(client, access, name);
    }
  } catch (error) {
    await Promise.allSettled(created.map((name) => deleteTable(access, name)));
    throw error;
  } finally {
    client.close();
  }
}

/** Deletes all that can be; throws the first of what went wrong, since a table that is left costs money. */
export async function deleteTables(access: Access, arm: Arm): Promise<void> {
  const failures: unknown[] = [];
  for (const name of tableNames(arm.table)) {
    await deleteTable(access, name).catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
}

async function deleteTable(access: Access, table: string): Promise<void> {
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
  table: { name: string; encryption: Arm['table']['encryption']; keyArn: string | undefined },
): Promise<void> {
  const request = {
    TableName: table.name,
    AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    BillingMode: 'PAY_PER_REQUEST',
    ...encryptionMembers(table.encryption, table.keyArn),
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

/** Puts the items: loaders take batches from one counter, each over a connection of its own. */
export async function fillTables(access: Access, arm: Arm): Promise<void> {
  const { items, fields, count } = arm.table;
  const names = tableNames(arm.table);
  const bytesOf = createItemBytes(arm.table);
  let batch = 0;
  const loader = async (): Promise<void> => {
    const client = new Client('dynamodb', access);
    try {
      for (;;) {
        // A batch goes to one table, whose keys are `count` apart; so many batches in turn cover a run of keys.
        const table = batch % count;
        const first = (batch++ - table) * BATCH_ITEMS + table;
        if (first >= items) return;
        const keys = keysOf(first, BATCH_ITEMS, count, items);
        const puts = keys.map((key) => `{"PutRequest":{"Item":${itemJson(key, 0, bytesOf(key), fields)}}}`);
        await writeBatch(client, access, names[table]!, `[${puts.join(',')}]`);
      }
    } finally {
      client.close();
    }
  };
  await Promise.all(Array.from({ length: LOADERS }, loader));
}

function keysOf(first: number, most: number, step: number, below: number): number[] {
  const left = Math.ceil((below - first) / step);
  return Array.from({ length: Math.min(most, left) }, (_, index) => first + index * step);
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
