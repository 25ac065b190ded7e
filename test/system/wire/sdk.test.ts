import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { DescribeKeyCommand, KMSClient, NotFoundException } from '@aws-sdk/client-kms';
import { expect, onTestFinished, test } from 'vitest';
import { AwsError, createTlsIdentity, type WireRequest } from '../../../src/system/wire/wire.ts';
import { alice, REGION, serve } from './fixtures.ts';

const identity = await createTlsIdentity();

function dynamodb(endpoint: string, secretAccessKey = alice.secretAccessKey): DynamoDBClient {
  const client = new DynamoDBClient({
    endpoint,
    region: REGION,
    credentials: { accessKeyId: alice.accessKeyId, secretAccessKey },
    maxAttempts: 1,
    requestHandler: { httpsAgent: { ca: identity.ca, keepAlive: true } },
  });
  onTestFinished(() => client.destroy());
  return client;
}

test.each([
  ['http', undefined],
  ['https', identity],
])('the AWS SDK signs, calls and reads over %s', async (_, tls) => {
  const seen: WireRequest[] = [];
  const ListTables = (request: WireRequest) => {
    seen.push(request);
    return { TableNames: ['müsic'], LastEvaluatedTableName: 'müsic' };
  };
  const server = await serve({ tls, operations: { ListTables } });
  const client = dynamodb(server.url);
  for (let call = 0; call < 2; call++) {
    const { TableNames } = await client.send(
      new ListTablesCommand({ ExclusiveStartTableName: 'ä', Limit: 3 }),
    );
    expect(TableNames).toEqual(['müsic']);
  }
  expect(seen.map((request) => request.body)).toEqual(
    Array(2).fill({ ExclusiveStartTableName: 'ä', Limit: 3 }),
  );
  expect(seen[0]).toMatchObject({
    operation: 'ListTables',
    signer: alice.principal,
    principal: alice.principal,
  });
  expect(seen[0]!.userAgent).toContain('aws-sdk-js');
  expect(seen[0]!.sourceIp).toBe('127.0.0.1');
  expect(seen[1]!.connectionId).toBe(seen[0]!.connectionId);
  expect(server.counters()).toEqual({
    requests: 2,
    connections_opened: 1,
    tls_full: tls ? 1 : 0,
    tls_resumed: 0,
  });
});

test('a session token is signed along and does no harm', async () => {
  const server = await serve();
  const client = new DynamoDBClient({
    endpoint: server.url,
    region: REGION,
    credentials: { ...alice, sessionToken: 'token' },
  });
  onTestFinished(() => client.destroy());
  expect((await client.send(new ListTablesCommand({}))).TableNames).toEqual(['music']);
});

test('a wrong secret is refused with the error that the SDK knows', async () => {
  const server = await serve();
  await expect(dynamodb(server.url, 'guess').send(new ListTablesCommand({}))).rejects.toMatchObject({
    name: 'InvalidSignatureException',
    message: expect.stringContaining('Check your AWS Secret Access Key and signing method.'),
  });
});

test('an operation’s own error reaches the SDK as its exception, members included', async () => {
  const DescribeKey = () => {
    throw new AwsError('NotFoundException', "Key 'x' does not exist");
  };
  const server = await serve({
    service: 'kms',
    jsonVersion: '1.1',
    errorNamespace: '',
    crc32: false,
    apis: { TrentService: { DescribeKey } },
  });
  const client = new KMSClient({ endpoint: server.url, region: REGION, credentials: alice, maxAttempts: 1 });
  onTestFinished(() => client.destroy());
  const failure = client.send(new DescribeKeyCommand({ KeyId: 'x' }));
  await expect(failure).rejects.toBeInstanceOf(NotFoundException);
  await expect(failure).rejects.toMatchObject({
    message: "Key 'x' does not exist",
    $metadata: { httpStatusCode: 400, requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
  });
});
