/**
 * Changes a table's KMS key, or lets the days pass after which a table whose key is lost is archived, and dies of
 * SIGKILL in the given write to the engine or right after it. Tells on stdout what it told the owner, and its end.
 */
import { SimulatedClock } from '../../../../src/std/clock.ts';
import { advanceTogether, traveller } from '../../../../src/std/schedule.ts';
import { createKmsClient } from '../../../../src/system/kms/kms.ts';
import { LmdbEngine } from '../../../../src/system/store/engine/engine-lmdb.ts';
import { LoggedEngine } from '../../../../src/system/store/engine/engine-logged.ts';
import { createStore } from '../../../../src/system/store/store.ts';
import { ACCOUNT, alice, REGION, service } from '../crash-items.ts';

export interface KeyCrash {
  kmsUrl: string;
  directory: string;
  exclusive: boolean;
  now_ns: number;
  /** The table, and the KMS key that it changes to: without one, only days pass. */
  tableName: string;
  changeTo: string | undefined;
  pass_ms: number;
  /** The how-manieth write it dies of, from 1, and whether in its transaction or once it is durable. */
  write: number;
  moment: 'during' | 'after';
}

const crash: KeyCrash = JSON.parse(process.argv[2]!);
const tell = (line: string) => process.stdout.write(`${line}\n`);

let writes = 0;
const { prototype } = crash.exclusive ? LoggedEngine : LmdbEngine;
const { write } = prototype;
const die = (number: number, moment: KeyCrash['moment']) => {
  if (number === crash.write && moment === crash.moment) process.kill(process.pid, 'SIGKILL');
};

const clock = new SimulatedClock(crash.now_ns);
const kms = createKmsClient({
  url: crash.kmsUrl,
  region: REGION,
  credentials: service,
  connections: 'keep-alive',
});
const store = await createStore({
  region: REGION,
  accountId: ACCOUNT,
  storage: 'lmdb',
  directory: crash.directory,
  exclusive: crash.exclusive,
  kms,
  keyCache: { scope: 'connection', ttl_ms: 300_000, expiry: 'absolute' },
  clock,
  notify: ({ event }) => void tell(`told ${event}`),
});
prototype.write = async function (this: LmdbEngine & LoggedEngine, change) {
  const number = ++writes;
  const result = await write.call(this, (transaction) => {
    const made = change(transaction);
    die(number, 'during');
    return made;
  });
  die(number, 'after');
  return result as never;
};

const { tableName: TableName, changeTo: KMSMasterKeyId } = crash;
if (KMSMasterKeyId !== undefined) {
  const SSESpecification = { Enabled: true, SSEType: 'KMS', KMSMasterKeyId };
  const context = { principal: alice.principal, connectionId: 1 };
  await store.execute('UpdateTable', { TableName, SSESpecification }, context);
  tell('accepted');
}
await advanceTogether([traveller(clock, [store.housekeeping])], crash.pass_ms);
tell('ended');
await store.close();
await kms.close();
