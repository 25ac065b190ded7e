import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SimulatedClock } from '../../../src/std/clock.ts';
import { advanceTogether, traveller } from '../../../src/std/schedule.ts';
import {
  createKmsClient,
  type KmsClient,
  type KmsServer,
  startKmsServer,
} from '../../../src/system/kms/kms.ts';
import { createStore, type Store, type StoreOptions } from '../../../src/system/store/store.ts';
import type { Caller, Principal } from '../../../src/system/wire/wire.ts';

export const REGION = 'us-east-1';
export const ACCOUNT = '123456789012';

export const alice: Caller = callerOf('alice', 'user');
export const bob: Caller = callerOf('bob', 'user');
export const service: Caller = callerOf('dynamodb.amazonaws.com', 'service');

function callerOf(name: string, kind: Principal['kind']): Caller {
  const arn = kind === 'user' ? `arn:aws:iam::${ACCOUNT}:user/${name}` : name;
  return {
    accessKeyId: `AKIA${name.slice(0, 5).toUpperCase()}`,
    secretAccessKey: `secret-of-${name}`,
    principal: { arn, accountId: ACCOUNT, name, kind },
  };
}

/** A store over a real KMS server, with its clock in the test's hand. */
export interface Bench {
  store: Store;
  kms: KmsServer;
  client: KmsClient;
  clock: SimulatedClock;
  directory: string;
  run<Answer = Answers>(
    operation: string,
    body: object,
    options?: { as?: Caller; connection?: number },
  ): Promise<Answer>;
  /** The code and message of the error that the operation must end with. */
  failure(operation: string, body: object, options?: { as?: Caller; connection?: number }): Promise<Failure>;
  /** A user's own request to the KMS. */
  asUser(operation: string, body: object): Promise<Answers>;
  /** Moves the clock ahead, and the store does what falls due on the way. */
  advance(duration_ms: number): Promise<void>;
  /** Closes the store and opens it anew over what it left. */
  reopen(): Promise<void>;
  close(): Promise<void>;
}

export interface Failure {
  code: string;
  message: string;
  fields: Readonly<Record<string, unknown>>;
}

/** Whatever an operation answered: tests read what they expect of it. */
// biome-ignore lint/suspicious/noExplicitAny: answers have as many shapes as there are operations
export type Answers = any;

export async function startBench(overrides: Partial<StoreOptions> = {}): Promise<Bench> {
  const clock = new SimulatedClock();
  const kms = await startKmsServer({
    region: REGION,
    accountId: ACCOUNT,
    callers: [alice, bob, service],
    auth: 'sigv4',
    clock,
    port: 0,
  });
  const clientOf = (caller: Caller) =>
    createKmsClient({ url: kms.url, region: REGION, credentials: caller, connections: 'keep-alive' });
  const client = clientOf(service);
  const user = clientOf(alice);
  const directory = mkdtempSync(join(tmpdir(), 'sealbench-store-'));
  const open = () =>
    createStore({
      region: REGION,
      accountId: ACCOUNT,
      storage: 'memory',
      directory: join(directory, 'store'),
      kms: client,
      keyCache: { scope: 'connection', ttl_ms: 300_000, expiry: 'absolute' },
      clock,
      ...overrides,
    });
  const bench: Bench = {
    store: await open(),
    kms,
    client,
    clock,
    directory,
    async run(operation, body, { as = alice, connection = 1 } = {}) {
      // Operations may change their body, as it comes out of JSON.parse for them alone.
      const own = JSON.parse(JSON.stringify(body));
      const answer = await bench.store.execute(operation, own, {
        principal: as.principal,
        connectionId: connection,
      });
      const isSerialised = typeof answer === 'string' || Buffer.isBuffer(answer);
      return JSON.parse(isSerialised ? String(answer) : JSON.stringify(answer));
    },
    async failure(operation, body, options) {
      try {
        await bench.run(operation, body, options);
      } catch (thrown) {
        const { code, message, fields } = thrown as Failure;
        return { code, message, fields };
      }
      throw new Error(`${operation} was expected to fail.`);
    },
    asUser: (operation, body) => user.call(operation, body),
    advance: (duration_ms) => advanceTogether([traveller(clock, [bench.store.housekeeping])], duration_ms),
    async reopen() {
      await bench.store.close();
      bench.store = await open();
    },
    async close() {
      await bench.store.close();
      await client.close();
      await user.close();
      await kms.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
  return bench;
}

export const hashTable = {
  TableName: 'users',
  AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
  KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
  BillingMode: 'PAY_PER_REQUEST',
};

export const sortTable = {
  TableName: 'events',
  AttributeDefinitions: [
    { AttributeName: 'pk', AttributeType: 'S' },
    { AttributeName: 'sk', AttributeType: 'N' },
  ],
  KeySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' },
    { AttributeName: 'sk', KeyType: 'RANGE' },
  ],
  BillingMode: 'PAY_PER_REQUEST',
};
