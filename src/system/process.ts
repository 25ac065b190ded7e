/**
 * One server of the embedded system in a process of its own, so that its CPU is its own. Forked by `launch.ts`,
 * told by its parent what to be, gone when its parent is.
 */

import { answerParent } from '../std/child.ts';
import { AdjustableClock } from '../std/clock.ts';
import { type Scheduled, traveller } from '../std/schedule.ts';
import { createKmsClient, type KmsFault, startKmsServer } from './kms/kms.ts';
import { recordKmsTimes } from './kms-times.ts';
import { startStoreServer } from './store/store.ts';
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

async function startKms({ options }: Extract<ServerSpecification, { role: 'kms' }>): Promise<Server> {
  const kms = await startKmsServer({ ...options, clock });
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
    close: () => kms.close(),
  };
}

async function startStore(specification: Extract<ServerSpecification, { role: 'store' }>): Promise<Server> {
  const kms = createKmsClient(specification.kms);
  const times = recordKmsTimes(kms);
  const server = await startStoreServer({ ...specification.options, exclusive: true, kms, clock });
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
    wipe: () => server.store.wipeCaches(),
    fault: () => {},
    work: [server.store.housekeeping],
    close: async () => {
      await server.close();
      await kms.close();
    },
  };
}

function cpuSinceReset_us(): number {
  const { user, system } = process.cpuUsage(cpuAtReset);
  return user + system;
}
