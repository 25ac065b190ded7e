import { availableParallelism } from 'node:os';
import { run } from '../run.ts';
import { realClock } from '../std/clock.ts';
import { type ArmTestbed, emulateNetwork, type Testbed } from '../testbed/testbed.ts';
import { type Arm, parseWorkload } from '../workload/workload.ts';
import { MachineWatch } from './machine.ts';
import type { RemoteServer, Servers } from './servers.ts';
import type { Evidence, Experiment, MachineState } from './types.ts';

export interface Measured {
  evidence: Evidence;
  machine: MachineState;
}

/**
 * Measures one server as any workload is measured: its file is parsed, its arm planned, driven and recorded, its result
 * built. Only its tables are not made, which such a server has none of.
 * @param stopped ends it early
 */
export async function measure(
  experiment: Experiment,
  servers: Servers,
  stopped: Promise<void>,
): Promise<Measured> {
  const { name, behaviour, workload, stopAfter_ms } = experiment;
  const server = behaviour === null ? undefined : await servers.open(behaviour);
  const target = server === undefined ? { driver: 'noop' } : { target: server.url };
  const file = { name: `selftest-${name}`, ...target, table: { encryption: 'none' }, compare: { blocks: 1 } };
  const parsed = parseWorkload(JSON.stringify({ ...file, ...workload }), `selftest ${name}`);
  const stop = stopAfter_ms === undefined ? undefined : new Stop(stopAfter_ms);
  const watch = new MachineWatch({
    own_us: async () => processCpu_us() + (await servers.cpu_us()),
    echoPort: await servers.echoPort(),
    cores: availableParallelism(),
  });
  try {
    const result = await run(parsed, {
      lanes: 1,
      stopped: Promise.race([stopped, ...(stop ? [stop.asked] : [])]),
      testbed: server && ((arms) => bedsOf(arms, server)),
      events: { playing: (_, turn) => turn.measured && stop?.begin() },
    });
    const stopped_after_ns = stop?.after_ns() ?? null;
    const log = server === undefined ? null : await server.log();
    const evidence = { arm: result.arms[0]!, interrupted: result.interrupted, stopped_after_ns, log };
    return { evidence, machine: await watch.stop() };
  } finally {
    watch.cancel();
    stop?.cancel();
    await server?.close();
  }
}

/** Of this process with all its threads: the lanes and their pacers. */
function processCpu_us(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Asks a run to stop a while after it began to measure. */
class Stop {
  readonly asked: Promise<void>;
  readonly #delay_ms: number;
  #ask = () => {};
  #timer: NodeJS.Timeout | undefined;
  #asked_ns: number | undefined;

  constructor(delay_ms: number) {
    this.#delay_ms = delay_ms;
    this.asked = new Promise((resolve) => {
      this.#ask = resolve;
    });
  }

  begin(): void {
    this.#timer ??= setTimeout(() => {
      this.#asked_ns = realClock.now_ns();
      this.#ask();
    }, this.#delay_ms);
  }

  after_ns(): number | null {
    return this.#asked_ns === undefined ? null : realClock.now_ns() - this.#asked_ns;
  }

  cancel(): void {
    clearTimeout(this.#timer);
  }
}

const NO_CACHE = {
  lookups: 0,
  hits: 0,
  misses: 0,
  coalesced: 0,
  duplicates: 0,
  refreshes: 0,
  expired: 0,
  evicted: 0,
};

/** Each turn is a stretch of the server's log, so that the last one is the measured turn. */
async function bedsOf(arms: readonly Arm[], server: RemoteServer): Promise<Testbed> {
  const bed = (arm: Arm): ArmTestbed => ({
    target: {
      url: server.url,
      region: arm.system.kms.region,
      tables: [arm.table.name],
      callers: Array.from({ length: arm.callers }, () => ({
        accessKeyId: 'selftest',
        secretAccessKey: 'selftest',
        principalArn: '',
      })),
    },
    resume: () => server.begin(),
    pause: async () => {},
    sample: async () => ({
      store: {
        requests: (await server.log()).total.requests,
        cache: NO_CACHE,
        ownDecrypts: 0,
        kmsAttempts: {},
        kmsRetries: {},
        cpu_us: 0,
      },
      kms: null,
    }),
    kmsTimes: async () => null,
  });
  const beds = arms.map(bed);
  const networks = await Promise.all(beds.map(({ target }, index) => emulateNetwork(arms[index]!, target)));
  const close = async (): Promise<void> => {
    await Promise.all(networks.flat().map((relay) => relay.stop()));
  };
  return { arms: beds, close };
}
