/** The main path: a workload's arms, interleaved in blocks, become a result. */
import { compareArms } from './compare/compare.ts';
import { defaultLanes, type Lanes, startLanes } from './load/load.ts';
import { planTurns, type Turn } from './plan/plan.ts';
import { LatencyHistogram, type SecondRow, type TurnRecording } from './recording/recording.ts';
import {
  type ArmEvidence,
  buildResult,
  type Result,
  type SystemSample,
  TimelineBuilder,
} from './result/result.ts';
import { describeEnvironment } from './std/environment.ts';
import { type ArmTestbed, openTestbed, type Testbed } from './testbed/testbed.ts';
import type { Arm, Workload } from './workload/workload.ts';

/** What a run tells while it goes on. */
export interface RunEvents {
  /** Servers start, tables are made and filled. */
  preparing?(): void;
  settingUp?(arm: Arm): void;
  playing?(arm: Arm, turn: Turn, done: number, turns: number): void;
  /** The seconds of a turn, before they are folded into the time line. */
  played?(arm: Arm, seconds: SecondRow[]): void;
}

export interface RunOptions {
  /** Worker threads; cores − 1 without it. */
  lanes?: number;
  /** Ends the run early; what was measured until then is its result. */
  stopped?: Promise<void>;
  events?: RunEvents;
}

/** Measures a workload. @throws InputError when the target can't be reached or prepared */
export async function run(workload: Workload, options: RunOptions = {}): Promise<Result> {
  const startedAt = new Date().toISOString();
  options.events?.preparing?.();
  const testbed = await openTestbed(workload.arms);
  try {
    const lanes = startLanes(
      workload.arms.map((arm, index) => ({ arm, target: testbed.arms[index]!.target })),
      workload.seed,
      options.lanes ?? defaultLanes(),
    );
    try {
      const { arms, interrupted } = await measure(workload, testbed, lanes, options);
      const environment = describeEnvironment();
      const result = buildResult({ workload, environment, startedAt, lanes: lanes.count, interrupted, arms });
      return { ...result, comparisons: compareArms(result.arms, workload.compare) };
    } finally {
      await lanes.close();
    }
  } finally {
    await testbed.close();
  }
}

async function measure(
  workload: Workload,
  testbed: Testbed,
  lanes: Lanes,
  { stopped, events }: RunOptions,
): Promise<{ arms: ArmEvidence[]; interrupted: boolean }> {
  let interrupted = false;
  void stopped?.then(() => {
    interrupted = true;
    lanes.stop();
  });
  const runners = workload.arms.map((arm, index) => new ArmRunner(arm, index, testbed.arms[index]!, lanes));
  for (const runner of runners) {
    events?.settingUp?.(runner.arm);
    await runner.setUp();
  }
  const turns = planTurns(workload);
  for (const [index, turn] of turns.entries()) {
    if (interrupted) break;
    const runner = runners[turn.arm]!;
    events?.playing?.(runner.arm, turn, index, turns.length);
    events?.played?.(runner.arm, await runner.play(turn));
  }
  return { arms: await Promise.all(runners.map((runner) => runner.evidence())), interrupted };
}

/** Collects one arm's evidence: its turns, and what the system's counters gained in each of them. */
class ArmRunner {
  readonly arm: Arm;
  readonly #index: number;
  readonly #testbed: ArmTestbed;
  readonly #lanes: Lanes;
  readonly #timeline = new TimelineBuilder();
  readonly #turns: ArmEvidence['turns'] = [];
  #setup: TurnRecording | undefined;
  #total: SystemSample | undefined;

  constructor(arm: Arm, index: number, testbed: ArmTestbed, lanes: Lanes) {
    this.arm = arm;
    this.#index = index;
    this.#testbed = testbed;
    this.#lanes = lanes;
  }

  async setUp(): Promise<void> {
    const { recording } = await this.#observe(() => this.#lanes.setUp(this.#index));
    this.#setup = recording;
  }

  /** Plays a turn; returns its seconds, which are kept nowhere else. */
  async play(turn: Turn): Promise<SecondRow[]> {
    const { recording, before, after } = await this.#observe(() => this.#lanes.play(turn));
    const { seconds } = recording;
    this.#timeline.add(seconds);
    this.#turns.push({
      block: turn.block,
      measured: turn.measured,
      recording: { ...recording, seconds: [] },
      before,
      after,
    });
    return seconds;
  }

  async evidence(): Promise<ArmEvidence> {
    return {
      arm: this.arm,
      setup: this.#setup!,
      turns: this.#turns,
      total: this.#total!,
      kmsTimeHdr: await this.#kmsTimes(),
      timeline: this.#timeline.build(),
    };
  }

  /** Does something with the arm's clock running, between two readings of its counters. */
  async #observe(
    action: () => Promise<TurnRecording>,
  ): Promise<{ recording: TurnRecording; before: SystemSample; after: SystemSample }> {
    const before = await this.#sample();
    await this.#testbed.resume();
    const recording = await action();
    await this.#testbed.pause();
    const after = await this.#sample();
    this.#total = addGain(this.#total, before, after);
    return { recording, before, after };
  }

  /** A store inside the lanes is sampled there. */
  async #sample(): Promise<SystemSample> {
    const [system, local] = [await this.#testbed.sample(), await this.#lanes.samples(this.#index)];
    if (local.length === 0) return system;
    const sum = (part: (sample: (typeof local)[number]) => Record<string, number>): Record<string, number> =>
      local.map(part).reduce(add, {});
    return {
      ...system,
      store: {
        requests: null,
        cache: sum((sample) => ({ ...sample.cache })) as NonNullable<SystemSample['store']>['cache'],
        kmsAttempts: sum((sample) => sample.kmsAttempts),
        kmsRetries: sum((sample) => sample.kmsRetries),
        cpu_us: null,
      },
    };
  }

  async #kmsTimes(): Promise<string | null> {
    const encoded = [await this.#testbed.kmsTimes(), ...(await this.#lanes.kmsTimes(this.#index))].filter(
      (times) => times !== null,
    );
    if (encoded.length === 0) return null;
    const all = new LatencyHistogram();
    for (const times of encoded) all.add(LatencyHistogram.decode(times).snapshot());
    return all.encode();
  }
}

type Counters = { [name: string]: number | null | Counters };

/** total + (after − before), counter by counter: what other arms did to a shared KMS is in neither. */
function addGain(
  total: SystemSample | undefined,
  before: SystemSample,
  after: SystemSample,
): SystemSample {
  const gain = combine(asCounters(after), asCounters(before), -1);
  return combine(gain, asCounters(total), 1) as unknown as SystemSample;
}

function add(a: Record<string, number>, b: Record<string, number>): Record<string, number> {
  return combine(a, b, 1) as Record<string, number>;
}

/** a + sign × b; a counter that only one has counts as 0 in the other, one that is null in `a` stays null. */
function combine(a: Counters, b: Counters | null, sign: 1 | -1): Counters {
  const names = new Set([...Object.keys(a), ...Object.keys(b ?? {})]);
  const combined: Counters = {};
  for (const name of names) {
    const left = a[name];
    const right = b?.[name] ?? null;
    if (left === null) combined[name] = null;
    else if (typeof left === 'object' || typeof right === 'object' && right !== null)
      combined[name] = combine((left ?? {}) as Counters, right as Counters | null, sign);
    else combined[name] = (left ?? 0) + sign * (right ?? 0);
  }
  return combined;
}

function asCounters(sample: SystemSample | undefined): Counters {
  return (sample ?? {}) as unknown as Counters;
}
