/** What the page says of tables whose customer managed key is out of DynamoDB's reach. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateBackupCommand,
  DescribeBackupCommand,
  RestoreTableFromBackupCommand,
} from '@aws-sdk/client-dynamodb';
import {
  CancelKeyDeletionCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  ListGrantsCommand,
  RevokeGrantCommand,
  ScheduleKeyDeletionCommand,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { folder } from '../cli.ts';
import {
  type AtRest,
  atRest,
  createKey,
  createTable,
  describeTable,
  failure,
  get,
  put,
  tableThat,
  under,
} from './at-rest.ts';

const INACCESSIBLE = 'INACCESSIBLE_ENCRYPTION_CREDENTIALS';
const messages = join(folder, 'messages.jsonl');
let at: AtRest;

beforeAll(async () => {
  at = await atRest({ args: ['--notify', messages] });
});
afterAll(async () => {
  await at.stop();
});

/** A table with an item, under a key of its own. */
async function tableWithKey(name: string): Promise<string> {
  const arn = await createKey(at.kms);
  await createTable(at, name, under(arn));
  await put(at, name);
  return arn;
}

async function statusOf(name: string): Promise<string | undefined> {
  return (await describeTable(at, name)).TableStatus;
}

it('32. A table whose key is disabled, scheduled for deletion or denied becomes inaccessible', async () => {
  const [disabled, scheduled, denied] = [
    await tableWithKey('disabled'),
    await tableWithKey('scheduled'),
    await tableWithKey('denied'),
  ];
  await at.kms.send(new DisableKeyCommand({ KeyId: disabled }));
  await at.kms.send(new ScheduleKeyDeletionCommand({ KeyId: scheduled }));
  const { Grants } = await at.kms.send(new ListGrantsCommand({ KeyId: denied }));
  await at.kms.send(new RevokeGrantCommand({ KeyId: denied, GrantId: Grants![0]!.GrantId }));
  expect(await statusOf('disabled')).toBe('ACTIVE');
  await at.pass('30m');
  for (const name of ['disabled', 'scheduled', 'denied']) {
    const { TableStatus, SSEDescription } = await describeTable(at, name);
    expect([name, TableStatus]).toEqual([name, INACCESSIBLE]);
    expect(SSEDescription).toMatchObject({
      Status: 'ENABLED',
      InaccessibleEncryptionDateTime: expect.any(Date),
    });
  }
});

it('33. Give DynamoDB access to the key within seven days, and you go on with the table', async () => {
  const { SSEDescription } = await describeTable(at, 'disabled');
  await at.pass('6d');
  expect(await statusOf('disabled')).toBe(INACCESSIBLE);
  await at.kms.send(new EnableKeyCommand({ KeyId: SSEDescription!.KMSMasterKeyArn }));
  const KeyId = (await describeTable(at, 'scheduled')).SSEDescription!.KMSMasterKeyArn;
  await at.kms.send(new CancelKeyDeletionCommand({ KeyId }));
  await at.pass('30m');
  expect(await get(at, 'disabled')).toBe('text of a');
  const back = await describeTable(at, 'disabled');
  expect(back.TableStatus).toBe('ACTIVE');
  expect(back.SSEDescription!.InaccessibleEncryptionDateTime).toBeUndefined();
  // A key whose deletion is cancelled is disabled: that alone gives no access.
  expect(await statusOf('scheduled')).toBe(INACCESSIBLE);
});

it('34. You are told as soon as DynamoDB finds the key inaccessible', async () => {
  const lines = readFileSync(messages, 'utf8').trim().split('\n');
  const told = lines.map((line) => JSON.parse(line)).filter(({ table }) => table === 'scheduled');
  const { InaccessibleEncryptionDateTime } = (await describeTable(at, 'scheduled')).SSEDescription!;
  expect(told).toHaveLength(1);
  expect(told[0]).toMatchObject({
    event: 'key-inaccessible',
    subject: expect.stringContaining('scheduled'),
    body: expect.stringMatching(/7 days|seven days/),
  });
  const delay_ms = Date.parse(told[0].time) - InaccessibleEncryptionDateTime!.getTime();
  expect(Math.abs(delay_ms)).toBeLessThan(10_000);
});

it('35. After more than seven days the table is archived, and can no longer be accessed', async () => {
  const KeyId = await tableWithKey('lost');
  await at.kms.send(new DisableKeyCommand({ KeyId }));
  await at.pass('7d');
  expect(await statusOf('lost')).toBe(INACCESSIBLE);
  await at.pass('1h');
  const { TableStatus, ArchivalSummary } = await tableThat(
    at,
    'lost',
    ({ TableStatus }) => TableStatus !== 'ARCHIVING',
  );
  expect(TableStatus).toBe('ARCHIVED');
  expect(ArchivalSummary).toMatchObject({
    ArchivalReason: INACCESSIBLE,
    ArchivalBackupArn: expect.any(String),
  });
  await at.kms.send(new EnableKeyCommand({ KeyId }));
  await at.pass('1h');
  expect(await statusOf('lost')).toBe('ARCHIVED');
  for (const request of [get(at, 'lost'), put(at, 'lost')]) {
    expect((await failure(request)).name).toMatch(/ValidationException|ResourceNotFoundException/);
  }
  await at.kms.send(new DisableKeyCommand({ KeyId }));
});

async function archiveOf(name: string): Promise<string> {
  return (await describeTable(at, name)).ArchivalSummary!.ArchivalBackupArn!;
}

it('36. DynamoDB makes an on-demand backup of it, which is billed for its size', async () => {
  const BackupArn = await archiveOf('lost');
  const { BackupDescription } = await at.dynamodb.send(new DescribeBackupCommand({ BackupArn }));
  expect(BackupDescription!.BackupDetails).toMatchObject({ BackupStatus: 'AVAILABLE', BackupType: 'SYSTEM' });
  expect(BackupDescription!.BackupDetails!.BackupSizeBytes).toBeGreaterThan(0);
  expect(BackupDescription!.SourceTableDetails).toMatchObject({ TableName: 'lost', ItemCount: 1 });
  const again = at.dynamodb.send(new CreateBackupCommand({ TableName: 'lost', BackupName: 'again' }));
  expect((await failure(again)).name).toMatch(/Exception$/);
});

it("38. To restore it, the table's last customer managed key has to be enabled and accessible", async () => {
  const BackupArn = await archiveOf('lost');
  const restore = new RestoreTableFromBackupCommand({ TargetTableName: 'found', BackupArn });
  expect((await failure(at.dynamodb.send(restore))).message).toMatch(/is disabled/);
  const KeyId = (await describeTable(at, 'lost')).SSEDescription!.KMSMasterKeyArn;
  await at.kms.send(new EnableKeyCommand({ KeyId }));
  await at.dynamodb.send(restore);
});

it('37. The backup restores the data to a new table', async () => {
  await tableThat(at, 'found', ({ TableStatus }) => TableStatus === 'ACTIVE');
  expect(await get(at, 'found')).toBe('text of a');
  expect(await statusOf('lost')).toBe('ARCHIVED');
});
