/** Writes to a store until it is killed, and tells on stdout what was acknowledged: `put 7`, `delete 3`. */
import { createKmsClient } from '../../../src/system/kms/kms.ts';
import { createStore } from '../../../src/system/store/store.ts';
import { ACCOUNT, alice, itemOf, keyOf, REGION, service } from './crash-items.ts';

const [, , kmsUrl = '', directory = '', first = '0', exclusive = 'false'] = process.argv;
const WRITERS = 10;
/** How far deletes trail behind puts. */
const LAG = 30;

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

let next = Number(first);
await Promise.all(
  Array.from({ length: WRITERS }, async () => {
    for (;;) {
      const index = next++;
      await store.execute('PutItem', { TableName: 'events', Item: itemOf(index) }, context);
      process.stdout.write(`put ${index}\n`);
      if (index % 3 !== 0 || index - LAG < Number(first)) continue;
      await store.execute('DeleteItem', { TableName: 'events', Key: keyOf(index - LAG) }, context);
      process.stdout.write(`delete ${index - LAG}\n`);
    }
  }),
);
