/** Makes, changes and deletes encrypted tables until it is killed; tells on stdout what it did. */
import { SimulatedClock } from '../../../../src/std/clock.ts';
import { advanceTogether, traveller } from '../../../../src/std/schedule.ts';
import { createKmsClient } from '../../../../src/system/kms/kms.ts';
import { createStore } from '../../../../src/system/store/store.ts';
import { ACCOUNT, alice, REGION, service } from '../crash-items.ts';

const [, , kmsUrl = '', directory = '', round = '0', elapsed_ms = '0', ...keyArns] = process.argv;

/** As late as the parent's, whose store is over the same directory. */
const clock = new SimulatedClock();
clock.advance(Number(elapsed_ms));
const store = await createStore({
  region: REGION,
  accountId: ACCOUNT,
  storage: 'lmdb',
  directory,
  kms: createKmsClient({ url: kmsUrl, region: REGION, credentials: service, connections: 'keep-alive' }),
  keyCache: { scope: 'connection', ttl_ms: 300_000, expiry: 'absolute' },
  keyChange_ms: 2,
  clock,
});
const context = { principal: alice.principal, connectionId: 1 };
const encryptedBy = (arn: string | undefined) => ({
  SSESpecification: { Enabled: true, SSEType: 'KMS', KMSMasterKeyId: arn },
});

for (let i = 0; ; i++) {
  const TableName = `table-${round}-${i}`;
  await store.execute(
    'CreateTable',
    {
      TableName,
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
      ...encryptedBy(keyArns[0]),
    },
    context,
  );
  process.stdout.write(`made ${TableName}\n`);
  await store.execute('UpdateTable', { TableName, ...encryptedBy(keyArns[1]) }, context);
  await advanceTogether([traveller(clock, [store.housekeeping])], 3);
  process.stdout.write(`changed ${TableName}\n`);
  if (i % 2 === 0) await store.execute('DeleteTable', { TableName }, context);
}
