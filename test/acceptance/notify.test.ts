/** `serve --notify`: who learns that a table lost its key, and how. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateTableCommand, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import { CreateKeyCommand, DisableKeyCommand, EnableKeyCommand } from '@aws-sdk/client-kms';
import { expect, it, onTestFinished } from 'vitest';
import { startSmtpServer } from '../system/smtp-server.ts';
import { folder, sealbench } from './cli.ts';
import { type Serving, serve } from './serving.ts';

async function makeTable({ dynamodb, kms }: Serving, TableName: string): Promise<string> {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  await dynamodb.send(
    new CreateTableCommand({
      TableName,
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
      SSESpecification: { Enabled: true, SSEType: 'KMS', KMSMasterKeyId: KeyMetadata!.Arn },
    }),
  );
  await waitUntilTableExists({ client: dynamodb, minDelay: 1, maxWaitTime: 20 }, { TableName });
  return KeyMetadata!.Arn!;
}

it('appends to a file what became of tables, by the time that POST /clock answers', async () => {
  const file = join(folder, 'messages.jsonl');
  const serving = await serve('--notify', file);
  onTestFinished(async () => void (await serving.stop()));
  const KeyId = await makeTable(serving, 'users');
  const messages = () =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  expect(messages()).toEqual([]);
  await serving.kms.send(new DisableKeyCommand({ KeyId }));
  await serving.admin('/clock', { advance: '20m' });
  expect(messages()).toEqual([
    {
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      event: 'key-inaccessible',
      table: 'users',
      keyArn: KeyId,
      subject: expect.stringContaining('users'),
      body: expect.stringContaining(KeyId),
    },
  ]);
  await serving.kms.send(new EnableKeyCommand({ KeyId }));
  await serving.admin('/clock', { advance: '8m' });
  await serving.kms.send(new DisableKeyCommand({ KeyId }));
  await serving.admin('/clock', { advance: '8d' });
  expect(messages().map(({ event }) => event)).toEqual([
    'key-inaccessible',
    'key-accessible',
    'key-inaccessible',
    'table-archived',
  ]);
});

it('sends e-mails, and goes on serving when nobody takes them', async () => {
  const server = await startSmtpServer();
  server.refusal = '451 4.3.0 try again later';
  const url = `smtp://ann:hunter2@127.0.0.1:${server.port}?from=dynamodb@example.com&to=ann@example.com`;
  const serving = await serve('--notify', url);
  let stderr = '';
  serving.command.child.stderr!.on('data', (text: string) => {
    stderr += text;
  });
  const KeyId = await makeTable(serving, 'users');
  await serving.kms.send(new DisableKeyCommand({ KeyId }));
  await serving.admin('/clock', { advance: '20m' });
  await serving.admin('/clock', { advance: '1h' });
  expect(server.mails).toEqual([]);
  server.refusal = undefined;
  await serving.admin('/clock', { advance: '10m' });
  expect(server.mails).toMatchObject([
    { from: 'dynamodb@example.com', to: ['ann@example.com'], credentials: '\0ann\0hunter2' },
  ]);
  expect(server.mails[0]!.text).toMatch(/^Subject: DynamoDB table users in us-east-1: /m);
  const { code } = await serving.stop();
  await server.close();
  expect(code).toBe(0);
  expect(stderr.match(/--notify: /g)).toHaveLength(1);
  expect(stderr).not.toContain('hunter2');
});

it.each([
  [
    ['--notify', 'smtp://ann:hunter2@host?from=a@b'],
    "--notify: 'to' is missing. It takes a file, or smtp://",
  ],
  [
    ['--notify', join(folder, 'none', 'messages.jsonl')],
    "messages.jsonl: can't be written (ENOENT). Name a file",
  ],
])('refuses what it can not use: %s', async (args, message) => {
  const { code, stdout, stderr } = await sealbench(['serve', '--port', '0', '--kms-port', '0', ...args]);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain(message);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(stderr).not.toContain('hunter2');
});
