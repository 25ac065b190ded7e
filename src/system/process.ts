/**
 * One server of the embedded system in a process of its own, so that its CPU is its own. Forked by `launch.ts`,
 * told by its parent what to be, gone when its parent is.
 */

import { join } from 'node:path';
import { answerParent } from '../std/child.ts';
import { AdjustableClock } from '../std/clock.ts';
import { type Scheduled, traveller } from '../std/schedule.ts';
import { type KmsFault, startKmsServer } from './kms/kms.ts';
import { recordKmsTimes } from './kms-times.ts';
import { startRegionStores, startRegions } from './regions.ts';
import type { KmsSample, ServerSpecification, StoreSample } from './types.ts';

interface Server {
  url: string;
  sample(): StoreSample | KmsSample;
  kmsTimes(): string | null;
  reset(): void;
  wipe(): void;
  /** Of a KMS. */
  fault(fault: KmsFault): void;
  /** What falls due by the clock. */
  work: readonly Scheduled[];
  close(): Promise<void>;
}

const clock = new AdjustableClock();
let cpuAtReset = process.cpuUsage();
let server: Server | undefined;

const answers = {
  start: async (specification: ServerSpecification) => {
    clock.setSpeed(specification.clockSpeed ?? 1);
    server = await (specification.role === 'kms' ? startKms(specification) : startStore(specification));
    return server.url;
  },
  sample: () => server!.sample(),
  kmsTimes: () => server!.kmsTimes(),
  reset: () => {
    server!.reset();
    cpuAtReset = process.cpuUsage();
  },
  wipe: () => server!.wipe(),
  fault: (fault: KmsFault) => server!.fault(fault),
  pause: () => clock.pause(),
  resume: () => clock.resume(),
  untilDue_ms: () => traveller(clock, server!.work).untilDue_ms(),
  step: ({ duration_ms, quiet_ms }: { duration_ms: number; quiet_ms: number }) =>
    traveller(clock, server!.work).step(duration_ms, quiet_ms),
  stop: async () => {
    await server?.close();
    setImmediate(() => process.disconnect());
  },
};

// The parent decides when to stop: a Ctrl-C on the terminal, or whoever ends a service, reaches the whole process
// group, and what was measured must still be read from here.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
process.on('disconnect', () => process.exit());
answerParent(answers);

async function startKms(specification: Extract<ServerSpecification, { role: 'kms' }>): Promise<Server> {
  const { options } = specification;
  const kmses = await startRegions(regionsOf(specification), (region, beside) =>
    startKmsServer({
      ...options,
      region,
      directory: placeOf(region, options),
      port: beside ?? options.port,
      clock,
    }),
  );
  const kms = kmses.main;
  return {
    url: kms.url,
    sample: () => {
      const { calls, throttled, failed } = kms.counters();
      return { calls, throttled, failed, cpu_us: cpuSinceReset_us() };
    },
    kmsTimes: () => null,
    reset: () => kms.reset(),
    wipe: () => {},
    fault: (fault) => kms.fault(fault),
    work: [],
    close: () => kmses.close(),
  };
}

async function startStore(specification: Extract<ServerSpecification, { role: 'store' }>): Promise<Server> {
  const { options, kms } = specification;
  const stores = await startRegionStores(
    regionsOf(specification),
    (region) => ({ ...kms, region }),
    (region) => ({ ...options, region, directory: placeOf(region, options), exclusive: true, clock }),
  );
  const times = recordKmsTimes(stores.kms);
  const server = stores.main;
  const all = [...stores.all.values()].map(({ store }) => store);
  return {
    url: server.url,
    sample: () => {
      const counters = server.counters();
      return {
        requests: counters.requests,
        cache: counters.cache,
        ownDecrypts: counters.ownDecrypts,
        kmsAttempts: counters.kms.attempts,
        kmsRetries: counters.kms.retries,
        cpu_us: cpuSinceReset_us(),
      };
    },
    kmsTimes: () => times.encode(),
    reset: () => {
      server.reset();
      times.reset();
    },
    wipe: () => {
      for (const store of all) store.wipeCaches();
    },
    fault: () => {},
    work: all.map((store) => store.housekeeping),
    close: () => stores.close(),
  };
}

function regionsOf({ options, replicaRegions = [] }: ServerSpecification): [string, ...string[]] {
  return [options.region, ...replicaRegions];
}

/** Another Region's directory is within the main one's. */
function placeOf(region: string, main: { region: string; directory?: string }): string | undefined {
  return main.directory === undefined || region === main.region
    ? main.directory
    : join(main.directory, region);
}

function cpuSinceReset_us(): number {
  const { user, system } = process.cpuUsage(cpuAtReset);
  return user + system;
}
