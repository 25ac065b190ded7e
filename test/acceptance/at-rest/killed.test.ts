/** `serve --data` killed amid what the page describes, after days that passed: done or not done, and every item opens. */
import {
  CreateBackupCommand,
  ListBackupsCommand,
  ScanCommand,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import {
  DecryptCommand,
  EncryptCommand,
  ListGrantsCommand,
  RotateKeyOnDemandCommand,
} from '@aws-sdk/client-kms';
import { expect, it } from 'vitest';
import { atRest, createKey, createTable, put, tableThat, under } from './at-rest.ts';

const ITEMS = 100;

it.each([5, 400])('killed %d ms into a key change, a backup and a rotation', async (life_ms) => {
  let at = await atRest();
  const [first, second] = [await createKey(at.kms), await createKey(at.kms)];
  const { CiphertextBlob } = await at.kms.send(
    new EncryptCommand({ KeyId: first, Plaintext: Buffer.from('x') }),
  );
  for (const name of ['changing', 'copied']) {
    await createTable(at, name, under(first));
    await Promise.all(Array.from({ length: ITEMS }, (_, n) => put(at, name, `item-${n}`)));
  }
  await at.pass('30d');
  const underWay = [
    at.dynamodb.send(new UpdateTableCommand({ TableName: 'changing', ...under(second) })),
    at.dynamodb.send(new CreateBackupCommand({ TableName: 'copied', BackupName: 'nightly' })),
    at.kms.send(new RotateKeyOnDemandCommand({ KeyId: first })),
  ];
  await new Promise((resolve) => setTimeout(resolve, life_ms));
  const [changed] = await Promise.all([
    outcome(underWay[0]!, at.kill()),
    ...underWay.map((work) => work.catch(() => {})),
  ]);

  at = await atRest({ data: at.data });
  const isDone = ({ SSEDescription: sse }: { SSEDescription?: { Status?: string } }) =>
    sse?.Status === 'ENABLED';
  const { SSEDescription } = await tableThat(at, 'changing', isDone);
  if (changed) expect(SSEDescription!.KMSMasterKeyArn).toBe(second);
  for (const TableName of ['changing', 'copied']) {
    expect((await at.dynamodb.send(new ScanCommand({ TableName }))).Count).toBe(ITEMS);
  }
  await at.kms.send(new DecryptCommand({ CiphertextBlob }));
  await at.pass('1h');
  const { BackupSummaries } = await at.dynamodb.send(new ListBackupsCommand({}));
  expect(BackupSummaries!.every(({ BackupStatus }) => BackupStatus === 'AVAILABLE')).toBe(true);
  const grants = async (KeyId: string) =>
    (await at.kms.send(new ListGrantsCommand({ KeyId }))).Grants!.length;
  const isChanged = SSEDescription!.KMSMasterKeyArn === second;
  expect([await grants(first), await grants(second)]).toEqual(isChanged ? [1, 1] : [2, 0]);
  await at.stop();
});

/** True when it was answered before the server died. */
async function outcome(request: Promise<unknown>, death: Promise<unknown>): Promise<boolean> {
  const answered = await request.then(
    () => true,
    () => false,
  );
  await death;
  return answered;
}
