import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ArmTarget } from '../drivers/drivers.ts';
import {
  ACCOUNT_ID,
  type Caller,
  createCaller,
  createCallers,
  createStoreService,
  createTlsIdentity,
  type KmsSample,
  launch,
  type ServerProcess,
  type StoreSample,
  type TlsIdentity,
} from '../system/system.ts';
import { type Arm, hasOwnKms, kmsIdentity, tableNames, traitsOf } from '../workload/workload.ts';
import { Happenings } from './events.ts';
import { createReplicas } from './replicas.ts';
import { createKey, createTables, fillTables } from './tables.ts';
import type { ArmTestbed, Testbed } from './types.ts';

/** What the arms of one run have in common. */
interface Grounds {
  directory: string;
  callers: Caller[];
  /** Makes keys and tables and fills them, so that the measured callers' caches stay cold. */
  operator: Caller;
  service: Caller;
  tls: TlsIdentity;
  closers: (() => Promise<unknown>)[];
}

/**
 * Starts the embedded system: a store process for each arm, a KMS process for each distinct KMS setting, tables made
 * and filled, counters at zero, caches cold, clocks standing.
 */
export async function openEmbedded(arms: readonly Arm[]): Promise<Testbed> {
  const grounds: Grounds = {
    directory: await mkdtemp(join(tmpdir(), 'sealbench-')),
    callers: createCallers(Math.max(...arms.map((arm) => arm.callers))),
    operator: createCaller('sealbench-operator'),
    service: createStoreService(),
    tls: await createTlsIdentity(),
    closers: [],
  };
  const close = async (): Promise<void> => {
    await Promise.allSettled(grounds.closers.map((closer) => closer()));
    await rm(grounds.directory, { recursive: true, force: true });
  };
  try {
    const kmses = new Map<string, Promise<ServerProcess<KmsSample>>>();
    const beds = await Promise.all(
      arms.map(async (arm, index) => {
        const identity = kmsIdentity(arm);
        if (!kmses.has(identity)) kmses.set(identity, startKms(arm, grounds));
        return openArm(arm, index, await kmses.get(identity)!, grounds);
      }),
    );
    for (const kms of kmses.values()) await (await kms).reset();
    return { arms: beds, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function startKms(arm: Arm, grounds: Grounds): Promise<ServerProcess<KmsSample>> {
  const { latency, quota_per_s, region, tls } = arm.system.kms;
  const kms = await launch({
    role: 'kms',
    clockSpeed: arm.clock.speed,
    replicaRegions: arm.system.replicas,
    options: {
      region,
      accountId: ACCOUNT_ID,
      callers: [grounds.service, grounds.operator, ...grounds.callers],
      auth: 'sigv4',
      latency,
      quota_per_s,
      tls: tls ? grounds.tls : undefined,
      port: 0,
    },
  });
  grounds.closers.push(() => kms.stop());
  return kms;
}

async function openArm(
  arm: Arm,
  index: number,
  kms: ServerProcess<KmsSample>,
  grounds: Grounds,
): Promise<ArmTestbed> {
  const { callers, operator, service, tls } = grounds;
  const directory = join(grounds.directory, `arm-${index}`);
  const kmsAccess = {
    url: kms.url,
    ca: tls.ca,
    credentials: { accessKeyId: service.accessKeyId, secretAccessKey: service.secretAccessKey },
    connections: arm.system.kms.connections,
  };
  const store = await launch({
    role: 'store',
    clockSpeed: arm.clock.speed,
    replicaRegions: arm.system.replicas,
    options: {
      region: arm.system.kms.region,
      accountId: ACCOUNT_ID,
      callers: [...callers, operator],
      auth: arm.system.auth,
      storage: arm.system.storage,
      directory,
      keyCache: { ...arm.system.keyCache, maxEntries: arm.system.keyCache.entries },
      hosts: arm.system.hosts,
      tls: arm.connections.tls ? tls : undefined,
      port: 0,
    },
    kms: { ...kmsAccess, region: arm.system.kms.region },
  });
  grounds.closers.push(() => store.stop());
  const operatorAccess = { region: arm.system.kms.region, ca: tls.ca, credentials: operator };
  const keyArn =
    arm.table.encryption === 'customer-managed'
      ? await createKey({ ...operatorAccess, url: kms.url }, arm.name)
      : undefined;
  const target: ArmTarget = {
    url: store.url,
    region: arm.system.kms.region,
    tables: tableNames(arm.table),
    ca: tls.ca,
    callers: callers.slice(0, arm.callers).map(({ accessKeyId, secretAccessKey, principal }) => ({
      accessKeyId,
      secretAccessKey,
      principalArn: principal.arn,
    })),
    keyArn,
    embedded: { directory, accountId: ACCOUNT_ID, kms: kmsAccess },
  };
  const storeAccess = { ...operatorAccess, url: store.url };
  await createTables(storeAccess, arm, keyArn);
  await fillTables(storeAccess, arm);
  if (traitsOf(arm).needs === 'directory') return handOver(target, store, kms);
  const kmsAsOperator = { ...operatorAccess, url: kms.url };
  const replicaKeyArns = await createReplicas(storeAccess, kmsAsOperator, arm);
  const happenings = new Happenings({
    arm,
    store,
    kms,
    storeAccess,
    kmsAccess: kmsAsOperator,
    keyArn,
    replicaKeyArns,
  });
  return measure(target, { store, kms, timed: hasOwnKms(arm) ? [store, kms] : [store] }, happenings);
}

interface Servers {
  store: ServerProcess<StoreSample>;
  kms: ServerProcess<KmsSample>;
  /** Their clocks stand while other arms play. */
  timed: readonly ServerProcess<unknown>[];
}

/** The store process is what is measured. */
async function measure(
  target: ArmTarget,
  { store, kms, timed }: Servers,
  happenings: Happenings,
): Promise<ArmTestbed> {
  for (const server of timed) await server.pause();
  await store.wipe();
  await store.reset();
  return {
    target,
    get ended() {
      return store.ended ?? kms.ended;
    },
    resume: async () => {
      for (const server of timed) await ofLiving(server, () => server.resume());
    },
    pause: async () => {
      for (const server of timed) await ofLiving(server, () => server.pause());
    },
    happen: (action, over) => happenings.happen(action, over),
    sample: async () => ({
      store: await ofLiving(store, async () => {
        const sample = await store.sample();
        return { ...sample, requests: sample.requests - happenings.requests };
      }),
      kms: await ofLiving(kms, () => kms.sample()),
    }),
    kmsTimes: () => ofLiving(store, () => store.kmsTimes()),
  };
}

/** What a server says; null once its process has ended: the run goes on without its counters. */
async function ofLiving<Value>(
  server: ServerProcess<unknown>,
  ask: () => Promise<Value>,
): Promise<Value | null> {
  try {
    return await ask();
  } catch (error) {
    if (server.ended === undefined) throw error;
    return null;
  }
}

/** The lanes open the prepared directory themselves: the store process has done its part. */
async function handOver(
  target: ArmTarget,
  store: ServerProcess<StoreSample>,
  kms: ServerProcess<KmsSample>,
): Promise<ArmTestbed> {
  await store.stop();
  return {
    target,
    resume: async () => {},
    pause: async () => {},
    get ended() {
      return kms.ended;
    },
    sample: async () => ({ store: null, kms: await ofLiving(kms, () => kms.sample()) }),
    kmsTimes: async () => null,
  };
}
