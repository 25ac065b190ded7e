/** A program of a user of `serve`: the AWS SDK as it comes, told where to go by its environment alone. */
import {
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { CreateKeyCommand, DisableKeyCommand, EnableKeyCommand, KMSClient } from '@aws-sdk/client-kms';

const TableName = `program-${process.pid}`;
const dynamodb = new DynamoDBClient({ maxAttempts: 1 });
const kms = new KMSClient({ maxAttempts: 1 });

const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Description: 'of a program' }));
const KeyId = KeyMetadata!.KeyId!;
await dynamodb.send(
  new CreateTableCommand({
    TableName,
    AttributeDefinitions: [
      { AttributeName: 'pk', AttributeType: 'S' },
      { AttributeName: 'sk', AttributeType: 'N' },
    ],
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
    BillingMode: 'PAY_PER_REQUEST',
    SSESpecification: { Enabled: true, SSEType: 'KMS', KMSMasterKeyId: KeyId },
  }),
);
const sse = await activeTable();
for (const sk of ['10', '7']) {
  const Item = { pk: { S: 'user#1' }, sk: { N: sk }, data: { S: 'x' } };
  await dynamodb.send(new PutItemCommand({ TableName, Item }));
}
const { Item: item } = await get();
const { Items } = await dynamodb.send(
  new QueryCommand({
    TableName,
    KeyConditionExpression: 'pk = :p AND sk > :s',
    ExpressionAttributeValues: { ':p': { S: 'user#1' }, ':s': { N: '1' } },
  }),
);
await kms.send(new DisableKeyCommand({ KeyId }));
const disabledWithinLifetime = await outcome();
await fetch(`${process.env.SEALBENCH_ADMIN_URL}/clock`, { method: 'POST', body: '{"advance":"6m"}' });
const disabledLater = await outcome();
await kms.send(new EnableKeyCommand({ KeyId }));
const enabledAgain = await outcome();
const queried = Items!.map(({ sk }) => sk);
console.log(JSON.stringify({ sse, item, queried, disabledWithinLifetime, disabledLater, enabledAgain }));
dynamodb.destroy();
kms.destroy();

async function activeTable(): Promise<string | undefined> {
  for (;;) {
    const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName }));
    if (Table?.TableStatus === 'ACTIVE') return Table.SSEDescription?.Status;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function get() {
  return dynamodb.send(new GetItemCommand({ TableName, Key: { pk: { S: 'user#1' }, sk: { N: '7' } } }));
}

async function outcome(): Promise<string> {
  try {
    return (await get()).Item ? 'served' : 'gone';
  } catch (error) {
    const { name, message } = error as Error;
    return `${name}: ${message.split(':')[0]}`;
  }
}
