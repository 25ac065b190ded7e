/** `serve --policies`, key policies and grants, as programs with an AWS SDK meet them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import {
  CreateKeyCommand,
  EncryptCommand,
  KMSClient,
  ListGrantsCommand,
  PutKeyPolicyCommand,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { folder, sealbench } from './cli.ts';
import { type Serving, serve } from './serving.ts';

const ACCOUNT = '111122223333';
const CALLER_2 = `arn:aws:iam::${ACCOUNT}:user/caller-2`;
/** Use through DynamoDB, and no more. */
const policies = {
  'caller-2': {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: ['kms:Decrypt', 'kms:DescribeKey'],
        Resource: '*',
        Condition: { StringLike: { 'kms:ViaService': 'dynamodb.*.amazonaws.com' } },
      },
    ],
  },
};
const item = { pk: { S: 'a' }, text: { S: 'sealed' } };

describe('serve --policies', () => {
  let serving: Serving;
  let dynamodb: DynamoDBClient;
  let kms: KMSClient;

  beforeAll(async () => {
    const file = join(folder, 'policies.json');
    writeFileSync(file, JSON.stringify(policies));
    serving = await serve('--data', join(folder, 'data'), '--callers', '2', '--policies', file);
    const profile = readFileSync(join(folder, 'data', 'credentials'), 'utf8').split('[caller-2]')[1]!;
    const read = (name: string) => new RegExp(`${name} = (\\S+)`).exec(profile)![1]!;
    const credentials = {
      accessKeyId: read('aws_access_key_id'),
      secretAccessKey: read('aws_secret_access_key'),
    };
    const common = { region: serving.env.AWS_REGION!, credentials, maxAttempts: 1 };
    dynamodb = new DynamoDBClient({ ...common, endpoint: serving.env.AWS_ENDPOINT_URL_DYNAMODB! });
    kms = new KMSClient({ ...common, endpoint: serving.env.AWS_ENDPOINT_URL_KMS! });
  });
  afterAll(async () => {
    dynamodb.destroy();
    kms.destroy();
    expect((await serving.stop()).code).toBe(0);
  });

  async function makeTable(client: DynamoDBClient, TableName: string): Promise<string> {
    const { KeyMetadata } = await serving.kms.send(new CreateKeyCommand({}));
    await client.send(
      new CreateTableCommand({
        TableName,
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        BillingMode: 'PAY_PER_REQUEST',
        SSESpecification: { Enabled: true, SSEType: 'KMS', KMSMasterKeyId: KeyMetadata!.Arn },
      }),
    );
    await waitUntilTableExists({ client, minDelay: 1, maxWaitTime: 20 }, { TableName });
    return KeyMetadata!.Arn!;
  }

  it('a caller reads through DynamoDB what it may not touch directly', async () => {
    const KeyId = await makeTable(serving.dynamodb, 'orders');
    await serving.dynamodb.send(new PutItemCommand({ TableName: 'orders', Item: item }));
    const get = new GetItemCommand({ TableName: 'orders', Key: { pk: item.pk } });
    expect((await dynamodb.send(get)).Item).toEqual(item);
    await expect(kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.of(1) }))).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: `User: ${CALLER_2} is not authorized to perform: kms:Encrypt on resource: ${KeyId} because no identity-based policy allows the kms:Encrypt action`,
    });
  });

  it('a caller that may not create grants makes no encrypted table', async () => {
    await expect(makeTable(dynamodb, 'refused')).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringMatching(
        /^KMS key access denied error: .* is not authorized to perform: kms:CreateGrant on resource: .* because no identity-based policy allows the kms:CreateGrant action \(Service: AWSKMS;/,
      ),
    });
  });

  it('the example policy of a customer managed key lets its users through DynamoDB alone', async () => {
    const KeyId = await makeTable(serving.dynamodb, 'books');
    await serving.dynamodb.send(new PutItemCommand({ TableName: 'books', Item: item }));
    const Statement = [
      {
        Sid: 'Allow access through Amazon DynamoDB for all principals in the account that are authorized to use Amazon DynamoDB',
        Effect: 'Allow',
        Principal: { AWS: CALLER_2 },
        Action: [
          ...['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:DescribeKey'],
          'kms:CreateGrant',
        ],
        Resource: '*',
        Condition: { StringLike: { 'kms:ViaService': 'dynamodb.*.amazonaws.com' } },
      },
      {
        Sid: 'Allow administrators to view the KMS key and revoke grants',
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${ACCOUNT}:user/caller-1` },
        Action: ['kms:Describe*', 'kms:Get*', 'kms:List*', 'kms:RevokeGrant'],
        Resource: '*',
      },
    ];
    const Policy = JSON.stringify({ Id: 'key-policy-dynamodb', Version: '2012-10-17', Statement });
    await serving.kms.send(new PutKeyPolicyCommand({ KeyId, Policy, BypassPolicyLockoutSafetyCheck: true }));
    const get = new GetItemCommand({ TableName: 'books', Key: { pk: item.pk } });
    expect((await dynamodb.send(get)).Item).toEqual(item);
    await expect(kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.of(1) }))).rejects.toThrow(
      /not authorized/,
    );
    await serving.admin('/clock', { advance: '6m' });
    await expect(serving.dynamodb.send(get)).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining('The ciphertext refers to a customer master key that does not exist'),
    });
    expect((await serving.kms.send(new ListGrantsCommand({ KeyId }))).Grants).toHaveLength(1);
    await serving.dynamodb.send(new DeleteTableCommand({ TableName: 'books' }));
    await expect
      .poll(async () => (await serving.kms.send(new ListGrantsCommand({ KeyId }))).Grants)
      .toEqual([]);
  });

  it('says what is wrong with the file', async () => {
    const file = join(folder, 'bad.json');
    writeFileSync(file, JSON.stringify({ 'caller-7': {}, 'caller-1': { Statement: [] } }));
    const { code, stderr, stdout } = await sealbench([
      'serve',
      '--port',
      '0',
      '--kms-port',
      '0',
      '--policies',
      file,
    ]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/bad\.json: caller-7: There is no such caller\. There is only caller-1;/);
    expect(stderr).toMatch(/bad\.json: caller-1: This is no policy: it has no Statement\. /);
  });
});
