/** The workload file as people write it: every field optional unless nothing can be assumed, unknown fields refused. */
import * as z from 'zod';
import { events } from './events.ts';
import { count, driver, duration, endpoint, factor, fraction, rate, target } from './fields.ts';
import {
  byteSizes,
  callers,
  countSizes,
  operationsPerConnection,
  popularity,
  rateShape,
  thinkTime,
} from './shapes.ts';
import { trace } from './traces.ts';
import type { OPERATION_KINDS } from './types.ts';

/** Arms name tables, files and `--set` paths. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,59}$/;
const REGION = /^[a-z]{2}(-[a-z]+)+-\d+$/;
const TABLE_NAME = /^[A-Za-z0-9_.-]{3,255}$/;

const connections = z
  .strictObject({
    mode: z
      .enum(['keep-alive', 'resumed', 'fresh'])
      .describe(
        'keep-alive: connections stay open. resumed: a new connection for every request, its TLS session resumed. fresh: a new connection and a full TLS handshake for every request.',
      )
      .optional(),
    perCaller: count('Connections of each caller', '1', '10k').optional(),
    operations: operationsPerConnection(
      'Operations that a connection carries before it is closed and another opened, drawn for each connection: what lies between keep-alive and fresh. The mode says how the next one is opened.',
    ).optional(),
    tls: z
      .boolean()
      .describe(
        'TLS between client and store. Default true for the embedded system over HTTP; a URL target decides by its scheme.',
      )
      .optional(),
    timeout: duration('Longest wait for an answer', '1ms', '10m').optional(),
    maxInFlight: count(
      'Most operations under way at once; more are issued late and show as schedule lag',
      '1',
      '1M',
    ).optional(),
  })
  .meta({ id: 'connections', description: 'How callers reach the store.' });

const kms = z
  .strictObject({
    region: z
      .string()
      .regex(REGION)
      .describe('AWS Region it stands for; decides its default quota.')
      .optional(),
    latency: z
      .strictObject({
        p50: duration('Median', '1us', '10m'),
        p99: duration('99th percentile, at least the median', '1us', '10m'),
      })
      .describe('Log-normal delay added to every cryptographic call; none without it.')
      .optional(),
    quota: rate(
      "Cryptographic requests before throttling; the Region's own without it",
      '1/s',
      '1G/s',
    ).optional(),
    connections: z.enum(['keep-alive', 'fresh']).describe("The store's connections to the KMS.").optional(),
    tls: z.boolean().describe('TLS between store and KMS.').optional(),
  })
  .meta({ id: 'kms', description: 'The simulated key management service.' });

const keyCache = z
  .strictObject({
    scope: z
      .enum(['connection', 'caller', 'host', 'process'])
      .describe(
        'What shares an entry: one connection of a caller, a caller, a caller on a host, or everybody (process: skips authorisation; for comparison only).',
      )
      .optional(),
    ttl: duration('Life of an entry', '1ms', '30d').optional(),
    expiry: z
      .enum(['absolute', 'sliding'])
      .describe('Counted from the load, or from the last use.')
      .optional(),
    entries: count('Most entries; the least recently used goes first', '1', '10M').optional(),
    singleFlight: z
      .boolean()
      .describe(
        'Whether who misses a key that is being loaded waits for that load. false: each asks the KMS.',
      )
      .optional(),
    earlyRefresh: duration(
      "A hit in so much of the end of an entry's life loads a new one in the background, while the old one serves to its end",
      '0',
      '30d',
    ).optional(),
    jitter: fraction(
      "Most of an entry's life that chance cuts off: lives differ, and don't end together.",
    ).optional(),
  })
  .meta({ id: 'keyCache', description: "The store's cache of table keys." });

const system = z
  .strictObject({
    kms: kms.optional(),
    keyCache: keyCache.optional(),
    hosts: count('Front-end hosts that connections are spread over', '1', '10k').optional(),
    replicas: z
      .array(z.string().regex(REGION))
      .max(10)
      .describe(
        "Regions that every table has a replica in, each with a KMS and keys of its own. Operations go to the main Region, 'system.kms.region'; requests and KMS calls are counted there, and CPU in all Regions, which the processes of the store and the KMS serve.",
      )
      .optional(),
    storage: z.enum(['lmdb', 'memory']).describe('lmdb is durable; memory is gone with the run.').optional(),
    auth: z
      .enum(['sigv4', 'none'])
      .describe('Whether the store verifies signatures. Default: as `sign`.')
      .optional(),
  })
  .meta({ id: 'system', description: 'The embedded system; has no effect on a URL target.' });

const table = z
  .strictObject({
    name: z.string().regex(TABLE_NAME).describe('Default: sealbench-<arm>.').optional(),
    encryption: z
      .enum(['none', 'aws-owned', 'aws-managed', 'customer-managed'])
      .describe('Whose KMS key the table is encrypted under.')
      .optional(),
    count: count('Tables that the items are spread over', '1', '1000').optional(),
    items: count('Items when measuring begins, of all tables together', '1', '1G').optional(),
    itemBytes: byteSizes(
      "Size of an item by DynamoDB's rule: attribute names and values.",
      '64B',
      '400KiB',
    ).optional(),
    fields: count('Attributes beside the key; an update writes one of them', '1', '100').optional(),
  })
  .meta({ id: 'table', description: 'The table, or tables, that are read and written.' });

const share = z.number().min(0).max(1e9);
const operations = z
  .strictObject({
    get: share.describe('GetItem').optional(),
    put: share.describe('PutItem of an item that is there').optional(),
    insert: share.describe('PutItem of a new item').optional(),
    update: share.describe('UpdateItem').optional(),
    delete: share.describe('DeleteItem').optional(),
    scan: share.describe('Scan of a few items from a key on').optional(),
    readModifyWrite: share.describe('GetItem, then UpdateItem of the same item').optional(),
  } satisfies Record<(typeof OPERATION_KINDS)[number], z.ZodType>)
  .meta({
    id: 'operations',
    description: "Shares of the kinds of operation, in any unit. An arm's replace the base's.",
  });

const arrivals = z
  .strictObject({
    loop: z
      .enum(['open', 'closed'])
      .describe(
        'open: operations fall due whether or not earlier ones are done. closed: each user waits for its answer.',
      )
      .optional(),
    process: z
      .enum(['constant', 'poisson'])
      .describe('Open loop: gaps all equal, or exponential.')
      .optional(),
    rate: rateShape('Open loop: operations due, in every phase that says nothing else.').optional(),
    concurrency: count('Closed loop: virtual users', '1', '100k').optional(),
    think: thinkTime('Closed loop: from an answer to the next operation of that user.').optional(),
  })
  .meta({ id: 'arrivals', description: 'When operations fall due.' });

const phases = z
  .array(
    z.strictObject({
      name: z.string().regex(NAME).describe('For reports.').optional(),
      for: duration('How long', '1ms', '7d').optional(),
      count: count('How many operations, in place of `for`', '1', '1G').optional(),
      rate: rateShape('Open loop: operations due in this phase.').optional(),
      measured: z
        .boolean()
        .describe('false: outside of histograms and rates (warm-up). Default true.')
        .optional(),
    }),
  )
  .min(1)
  .max(100)
  .meta({ id: 'phases', description: 'Stretches of time in order, those not measured first.' });

const cost = z
  .strictObject({
    kms: z.number().min(0).max(1e6).describe('USD for 10,000 KMS requests.').optional(),
    cloudtrail: z
      .number()
      .min(0)
      .max(1e6)
      .describe('USD for 100,000 management events of a paid copy.')
      .optional(),
    paidCopies: z
      .int()
      .min(0)
      .max(100)
      .describe('Copies of the management events that are paid for; the first copy is free.')
      .optional(),
  })
  .meta({ id: 'cost', description: 'Prices to count with.' });

const settings = {
  driver: driver(
    'http: over the wire. envelope: the store in the same process, without the wire. sdk: the AWS SDK for JavaScript v3. autocannon: in a closed loop. noop: nothing, which measures the tool itself. ./path.ts: a module of your own.',
  ).optional(),
  target: target('embedded, or the URL of a DynamoDB endpoint.').optional(),
  kms: endpoint("URL of the KMS behind a URL target: makes the table's key.").optional(),
  callers: callers(
    'Principals, each with its own credentials; with weights, some of them more active than others.',
    '10k',
  ).optional(),
  connections: connections.optional(),
  sign: z.boolean().describe('Sign every request with SigV4.').optional(),
  system: system.optional(),
  network: z
    .strictObject({
      rtt: duration('Round trip added between client and store', '0', '10s').optional(),
    })
    .meta({ id: 'network', description: 'What is emulated between client and store.' })
    .optional(),
  table: table.optional(),
  keys: z
    .strictObject({
      popularity: popularity('How unevenly keys are chosen.').optional(),
      scanItems: countSizes('Items that a scan asks for.', '1', '1M').optional(),
    })
    .meta({ id: 'keys', description: 'Which items operations touch.' })
    .optional(),
  trace: trace.optional(),
  clock: z
    .strictObject({
      speed: factor(
        "How many times faster than real time the embedded system's cache and lifecycle time pass; the KMS's quota and latency stay on real time",
        1,
        1_000_000,
      ).optional(),
    })
    .meta({ id: 'clock', description: 'Time in the embedded system.' })
    .optional(),
  events: events.optional(),
  operations: operations.optional(),
  arrivals: arrivals.optional(),
  phases: phases.optional(),
  cost: cost.optional(),
};

export const writtenArm = z
  .strictObject(settings)
  .meta({ id: 'arm', description: 'A variation: what it names replaces the same field of the base.' });

export const writtenWorkload = z
  .strictObject({
    name: z.string().regex(NAME).describe('Names the report.'),
    ...settings,
    arms: z
      .record(z.string().regex(NAME), writtenArm.nullable())
      .describe(
        'Variations of the fields above by name; they take turns. Without any, one arm named default.',
      )
      .optional(),
    compare: z
      .strictObject({
        base: z
          .string()
          .describe('The arm that the others are compared with. Default: the first.')
          .optional(),
        blocks: z
          .int()
          .min(1)
          .max(100)
          .describe('Turns that the measured time of every arm is cut into.')
          .optional(),
        confidence: z.number().min(0.5).max(0.999).describe('Of the intervals.').optional(),
      })
      .describe('How arms take turns and are compared.')
      .optional(),
    seed: z
      .int()
      .min(0)
      .max(Number.MAX_SAFE_INTEGER)
      .describe('Of all random choices: the same seed replays the same operations.')
      .optional(),
  })
  .meta({ title: 'sealbench workload', description: 'What to measure, in which variations.' });

export type WrittenArm = z.output<typeof writtenArm>;
export type WrittenWorkload = z.output<typeof writtenWorkload>;

/** The JSON Schema of the file, for editors. */
export function workloadJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(writtenWorkload, { io: 'input' }) };
}
