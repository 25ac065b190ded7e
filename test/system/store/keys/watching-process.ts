/**
 * A store over a directory that others have, too. Lets so many ms pass as each line on stdin says, and tells on stdout
 * what it told the owner, and `passed` when all is done that fell due.
 */
import { createInterface } from 'node:readline';
import { SimulatedClock } from '../../../../src/std/clock.ts';
import { advanceTogether, traveller } from '../../../../src/std/schedule.ts';
import { createKmsClient } from '../../../../src/system/kms/kms.ts';
import { createStore } from '../../../../src/system/store/store.ts';
import { ACCOUNT, REGION, service } from '../crash-items.ts';

const [, , kmsUrl = '', directory = '', now_ns = '0', keyChange_ms = '0'] = process.argv;
const tell = (line: string) => process.stdout.write(`${line}\n`);
const clock = new SimulatedClock(Number(now_ns));
const kms = createKmsClient({ url: kmsUrl, region: REGION, credentials: service, connections: 'keep-alive' });
const store = await createStore({
  region: REGION,
  accountId: ACCOUNT,
  storage: 'lmdb',
  directory,
  kms,
  keyCache: { scope: 'connection', ttl_ms: 300_000, expiry: 'absolute' },
  clock,
  keyChange_ms: Number(keyChange_ms),
  notify: ({ event, table }) => void tell(`told ${event} ${table}`),
});
tell('passed');
for await (const line of createInterface({ input: process.stdin })) {
  await advanceTogether([traveller(clock, [store.housekeeping])], Number(line));
  tell('passed');
}
await store.close();
await kms.close();
