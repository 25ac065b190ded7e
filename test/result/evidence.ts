import { mergeLanes, TurnRecorder, type TurnRecording } from '../../src/recording/recording.ts';
import type { ArmEvidence, RunEvidence, SystemSample } from '../../src/result/result.ts';
import { createRandom, normal, type Random } from '../../src/std/random.ts';
import type { Arm, ConnectionMode, OperationKind } from '../../src/workload/types.ts';

/** A run that never took place: seeded, and true to the identities unless an option breaks them. */
export interface FakeArm {
  name: string;
  mode?: ConnectionMode;
  /** Median response time. */
  p50_ms?: number;
  sigma?: number;
  lag_us?: number;
  /** Of every so many operations one fails. */
  failEvery?: number;
  unissued?: number;
  encryption?: Arm['table']['encryption'];
  scope?: Arm['system']['keyCache']['scope'];
  closed?: boolean;
  /** The target supplies no counters. */
  remote?: boolean;
}

export interface FakeRun {
  name?: string;
  seed?: number;
  blocks?: number;
  perBlock?: number;
  interrupted?: boolean;
  lanes?: number;
}

const CONNECTIONS = 16;
const TURN_NS = 1.5e9;

export function fakeArm({
  name,
  mode = 'keep-alive',
  encryption = 'customer-managed',
  scope = 'connection',
  closed = false,
}: FakeArm): Arm {
  const rate = closed ? null : ({ kind: 'constant', rate_per_s: 100 } as const);
  return {
    name,
    driver: 'http',
    target: 'embedded',
    callers: 4,
    connections: { mode, perCaller: 4, tls: true, timeout_ms: 10_000, maxInFlight: 10_000 },
    sign: true,
    system: {
      kms: { region: 'us-east-1', latency: { p50_ms: 6, p99_ms: 25 }, connections: 'keep-alive', tls: true },
      keyCache: {
        scope,
        ttl_ms: 300_000,
        expiry: 'absolute',
        entries: 10_000,
        singleFlight: true,
        earlyRefresh_ms: 0,
        jitter: 0,
      },
      hosts: 1,
      replicas: [],
      storage: 'lmdb',
      auth: 'sigv4',
    },
    clock: { speed: 1 },
    events: [],
    network: { rtt_ns: 0 },
    table: {
      name: 'items',
      count: 1,
      encryption,
      items: 10_000,
      itemBytes: { kind: 'fixed', value: 1024 },
      fields: 1,
    },
    keys: { popularity: { kind: 'zipf', s: 0.99 }, scanItems: { kind: 'fixed', value: 10 } },
    operations: { get: 0.95, put: 0.05, insert: 0, update: 0, delete: 0, scan: 0, readModifyWrite: 0 },
    arrivals: closed
      ? // 150 operations a turn: what users don't wait for answers, they think.
        { loop: 'closed', concurrency: 8, think: { kind: 'constant', mean_ns: 78.7e6 } }
      : { loop: 'open', process: 'poisson' },
    phases: [
      { name: 'warm-up', duration_ns: 5e9, operations: null, rate, measured: false },
      { name: 'steady', duration_ns: 15e9, operations: null, rate, measured: true },
    ],
    cost: { kms_usd_per_10k: 0.03, cloudtrail_usd_per_100k: 2, cloudtrail_paid_copies: 0 },
  };
}

export function fakeRun(arms: readonly FakeArm[], run: FakeRun = {}): RunEvidence {
  const { name = 'keep-alive-vs-fresh', seed = 42, interrupted = false, lanes = 2, blocks = 10 } = run;
  return {
    workload: {
      name,
      seed,
      arms: arms.map(fakeArm),
      compare: { base: arms[0]!.name, blocks, confidence: 0.95 },
      source: 'workloads/fake.yaml',
      written: { name },
    },
    environment: {
      sealbench: '0.1.0',
      node: 'v26.10.0',
      platform: 'linux x64',
      cpu: 'Fake CPU',
      cores: 2,
      memory_bytes: 8 * 2 ** 30,
      git: '0123abc',
    },
    startedAt: '2026-01-01T12:00:00.000Z',
    lanes,
    interrupted,
    arms: arms.map((arm, i) => fakeEvidence(arm, run, createRandom(seed, i))),
  };
}

function fakeEvidence(fake: FakeArm, { blocks = 10, perBlock = 150 }: FakeRun, random: Random): ArmEvidence {
  const target = new FakeTarget(fake);
  const recorder = new TurnRecorder();
  const setup = playSetup(recorder, fake, target);
  const turns: ArmEvidence['turns'] = [];
  for (let block = -1; block < blocks; block++) {
    const before = target.sample();
    const from_ns = (block + 1) * TURN_NS;
    const lanes = [0, 1].map((lane) =>
      playTurn(recorder, fake, target, random, {
        from_ns,
        operations: Math.floor((perBlock + 1 - lane) / 2),
        measured: block >= 0,
      }),
    );
    const recording = mergeLanes(lanes);
    if (block === 0) addUnissued(recording, fake.unissued ?? 0);
    turns.push({
      block,
      measured: block >= 0,
      interrupted: false,
      recording,
      before,
      after: target.sample(),
      machine: { idle_ms: 1_800, total_ms: 3_000 },
    });
  }
  return { arm: fakeArm(fake), setup, turns, total: target.sample(), kmsTimeHdr: null };
}

function playSetup(recorder: TurnRecorder, fake: FakeArm, target: FakeTarget): TurnRecording {
  recorder.begin({ now_ns: 0, duration_ns: 0, measured: false });
  for (let i = 0; i < CONNECTIONS; i++) {
    recorder.connections!.opened++;
    recorder.connections!.tls_full++;
    recorder.connections!.requests++;
    recorder.due();
    recorder.started(0, 0);
    recorder.completed('get', 0, 0, 5e6, 0, 0);
    target.request(true, fake);
  }
  return recorder.finish(5e6, 4_000);
}

interface FakeTurn {
  from_ns: number;
  operations: number;
  measured: boolean;
}

function playTurn(
  recorder: TurnRecorder,
  fake: FakeArm,
  target: FakeTarget,
  random: Random,
  turn: FakeTurn,
): TurnRecording {
  const { p50_ms = 1.2, sigma = 0.4, lag_us = 20, failEvery = 0, mode = 'keep-alive' } = fake;
  const jitter = Math.exp(0.05 * normal(random));
  recorder.begin({ now_ns: turn.from_ns, duration_ns: TURN_NS, measured: turn.measured });
  for (let i = 0; i < turn.operations; i++) {
    const due_ns = turn.from_ns + Math.round(((i + 0.5) / turn.operations) * TURN_NS);
    const issue_ns = due_ns + Math.round(lag_us * 1e3 * random.next());
    const end_ns = issue_ns + Math.round(p50_ms * 1e6 * jitter * Math.exp(sigma * normal(random)));
    const second = Math.floor(due_ns / 1e9);
    const kind: OperationKind = random.next() < 0.95 ? 'get' : 'put';
    recorder.due();
    recorder.started(due_ns, issue_ns);
    recorder.connections!.requests++;
    if (mode !== 'keep-alive') recorder.connections!.opened++;
    if (mode === 'fresh') recorder.connections!.tls_full++;
    if (mode === 'resumed') recorder.connections!.tls_resumed++;
    target.request(mode !== 'keep-alive', fake);
    if (turn.measured && failEvery > 0 && i % failEvery === failEvery - 1)
      recorder.failed(kind, 'ThrottlingException', end_ns, second);
    else recorder.completed(kind, due_ns, issue_ns, end_ns, second, issue_ns - due_ns);
  }
  return recorder.finish(
    turn.from_ns + TURN_NS,
    turn.operations * (mode === 'keep-alive' ? 300 : 1_900),
    [],
    turn.operations * 20,
  );
}

function addUnissued(recording: TurnRecording, unissued: number): void {
  recording.planned += unissued;
  recording.unissued += unissued;
}

/** Counts as a store and its KMS would. */
class FakeTarget {
  readonly #fake: FakeArm;
  #requests = 0;
  #misses = 0;

  constructor(fake: FakeArm) {
    this.#fake = fake;
  }

  request(miss: boolean, { encryption }: FakeArm): void {
    this.#requests++;
    if (miss && encryption !== 'none') this.#misses++;
  }

  sample(): SystemSample {
    if (this.#fake.remote) return { store: null, kms: null };
    const lookups = this.#fake.encryption === 'none' ? 0 : this.#requests;
    return {
      store: {
        requests: this.#requests,
        cache: {
          lookups,
          hits: lookups - this.#misses,
          misses: this.#misses,
          coalesced: 0,
          duplicates: 0,
          refreshes: 0,
          expired: 0,
          evicted: 0,
        },
        ownDecrypts: 0,
        kmsAttempts: { Decrypt: this.#misses },
        kmsRetries: {},
        cpu_us: this.#requests * 400 + this.#misses * 2_000,
      },
      kms: { calls: { Decrypt: this.#misses }, throttled: 0, failed: 0, cpu_us: this.#misses * 600 },
    };
  }
}
