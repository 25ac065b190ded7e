/**
 * Backs a table up while it is written to, and restores it, over and over until it is killed. Tells on stdout what was
 * acknowledged: `put 7`, `backup <arn>`, `available <arn>`, `restoring <table>`, `restored <table>`.
 */
import { createKmsClient } from '../../../../src/system/kms/kms.ts';
import { createStore } from '../../../../src/system/store/store.ts';
import { ACCOUNT, alice, REGION, service } from '../crash-items.ts';
import { roundItem } from '../rounds.ts';

const [, , kmsUrl = '', directory = '', first = '0', exclusive = 'false'] = process.argv;

const store = await createStore({
  region: REGION,
  accountId: ACCOUNT,
  storage: 'lmdb',
  directory,
  exclusive: exclusive === 'true',
  kms: createKmsClient({ url: kmsUrl, region: REGION, credentials: service, connections: 'keep-alive' }),
  keyCache: { scope: 'connection', ttl_ms: 300_000, expiry: 'absolute' },
});
const context = { principal: alice.principal, connectionId: 1 };
const tell = (line: string) => process.stdout.write(`${line}\n`);

// biome-ignore lint/suspicious/noExplicitAny: each operation has its own answer
const run = async (operation: string, body: Record<string, unknown>): Promise<any> =>
  store.execute(operation, body, context);

async function write(): Promise<void> {
  for (let number = Number(first); ; number++) {
    await run('PutItem', { TableName: 'events', Item: roundItem(number) });
    tell(`put ${number}`);
  }
}

async function until(done: () => Promise<boolean>): Promise<void> {
  while (!(await done())) await new Promise((resolve) => setTimeout(resolve, 1));
}

async function backUp(): Promise<void> {
  for (let round = 0; ; round++) {
    const { BackupDetails } = await run('CreateBackup', { TableName: 'events', BackupName: 'crash' });
    const { BackupArn } = BackupDetails;
    tell(`backup ${BackupArn}`);
    await until(async () => {
      const { BackupDescription } = await run('DescribeBackup', { BackupArn });
      return BackupDescription.BackupDetails.BackupStatus === 'AVAILABLE';
    });
    tell(`available ${BackupArn}`);
    const TargetTableName = `restored-${first}-${round}`;
    await run('RestoreTableFromBackup', { BackupArn, TargetTableName });
    tell(`restoring ${TargetTableName}`);
    await until(async () => {
      const { Table } = await run('DescribeTable', { TableName: TargetTableName });
      return Table.TableStatus === 'ACTIVE';
    });
    tell(`restored ${TargetTableName}`);
  }
}

await Promise.all([write(), backUp()]);
