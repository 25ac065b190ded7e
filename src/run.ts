/** The main path: a workload's arms, interleaved in blocks, become a result. */
import { compareArms } from './compare/compare.ts';
import { checkDriverModules } from './drivers/drivers.ts';
import { defaultLanes, type Lanes, startLanes } from './load/load.ts';
import { planTurns, type Turn } from './plan/plan.ts';
import {
  failedIn,
  LatencyHistogram,
  mergeKinds,
  type SecondRow,
  type TurnRecording,
} from './recording/recording.ts';
import {
  type ArmEvidence,
  buildResult,
  type Result,
  type SystemSample,
  TimelineBuilder,
  type TurnEvidence,
} from './result/result.ts';
import { addCounters, subtractCounters } from './std/counters.ts';
import { describeEnvironment } from './std/environment.ts';
import { machineCpu } from './std/machine-cpu.ts';
import { type ArmTestbed, openTestbed, playEvents, type Testbed } from './testbed/testbed.ts';
import type { Arm, EventRecord, Workload } from './workload/workload.ts';

/** What a run tells while it goes on. */
export interface RunEvents {
  /** Servers start, tables are made and filled. */
  preparing?(): void;
  settingUp?(arm: Arm): void;
  playing?(arm: Arm, turn: Turn, done: number, turns: number): void;
  /** A turn is over, and its seconds have been told. */
  played?(arm: Arm, turn: Turn, figures: TurnFigures): void;
  /** Seconds of an arm's time line as they are over; a second may come in several parts, which add up. */
  seconds?(arm: Arm, seconds: SecondRow[]): void;
}

/** A turn in a few numbers. */
export interface TurnFigures {
  issued: number;
  /** With successes; reads that found nothing too. */
  ended: number;
  /** As planned, and as long as it took. */
  planned_ns: number;
  length_ns: number;
  /** Of the arm since its set-up began; null where nobody counts them. */
  kms_calls: number | null;
}

export interface RunOptions {
  /** Worker threads; cores − 1 without it. */
  lanes?: number;
  /** Ends the run early; what was measured until then is its result. */
  stopped?: Promise<void>;
  events?: RunEvents;
  /** What is measured, where that is neither the embedded system nor an endpoint with tables. */
  testbed?: (arms: readonly Arm[]) => Promise<Testbed>;
}

/** Measures a workload. @throws InputError when the target can't be reached or prepared */
export async function run(workload: Workload, options: RunOptions = {}): Promise<Result> {
  const { events, stopped } = options;
  const startedAt = new Date().toISOString();
  await checkDriverModules(workload.arms);
  events?.preparing?.();
  const testbed = await (options.testbed ?? openTestbed)(workload.arms);
  try {
    const timelines = workload.arms.map(() => new TimelineBuilder());
    const keepSeconds = (arm: number, seconds: SecondRow[]): void => {
      timelines[arm]!.add(seconds);
      events?.seconds?.(workload.arms[arm]!, seconds);
    };
    const lanes = startLanes({
      arms: workload.arms.map((arm, index) => ({ arm, target: testbed.arms[index]!.target })),
      seed: workload.seed,
      count: options.lanes ?? defaultLanes(),
      onSeconds: keepSeconds,
    });
    try {
      const runners = workload.arms.map((arm, index) => {
        return new ArmRunner({ arm, index, testbed: testbed.arms[index]!, lanes, keepSeconds });
      });
      const { interrupted } = await play(workload, runners, lanes, { events, stopped });
      const arms = await Promise.all(
        runners.map((runner, index) => runner.evidence(timelines[index]!.build())),
      );
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

/** Sets every arm up, then plays the turns in the order of the plan. */
async function play(
  workload: Workload,
  runners: ArmRunner[],
  lanes: Lanes,
  { stopped, events }: RunOptions,
): Promise<{ interrupted: boolean }> {
  let interrupted = false;
  void stopped?.then(() => {
    interrupted = true;
    lanes.stop();
  });
  for (const runner of runners) {
    events?.settingUp?.(runner.arm);
    await runner.setUp();
  }
  const turns = planTurns(workload);
  for (const [index, turn] of turns.entries()) {
    if (interrupted) break;
    const runner = runners[turn.arm]!;
    if (runner.lost !== undefined) continue;
    events?.playing?.(runner.arm, turn, index, turns.length);
    const figures = await runner.play(turn);
    events?.played?.(runner.arm, turn, figures);
  }
  return { interrupted };
}

interface ArmRunnerOptions {
  arm: Arm;
  index: number;
  testbed: ArmTestbed;
  lanes: Lanes;
  keepSeconds: (arm: number, seconds: SecondRow[]) => void;
}

/** What was done, and what the counters were before and after it. */
type Observed = Pick<TurnEvidence, 'recording' | 'before' | 'after' | 'machine'>;

/** Collects one arm's evidence: its turns, and what the system's counters gained in each of them. */
class ArmRunner {
  readonly arm: Arm;
  readonly #options: ArmRunnerOptions;
  readonly #turns: ArmEvidence['turns'] = [];
  readonly #events: EventRecord[] = [];
  /** Where the arm's time line has got to. */
  #played_ns = 0;
  #setup: TurnRecording | undefined;
  #lost: string | undefined;
  #total: SystemSample | undefined;

  constructor(options: ArmRunnerOptions) {
    this.arm = options.arm;
    this.#options = options;
  }

  /** What became of the target, once there is no measuring it any more. */
  get lost(): string | undefined {
    return this.#lost ?? this.#options.testbed.ended;
  }

  async setUp(): Promise<void> {
    const { lanes, index } = this.#options;
    const { recording } = await this.#observe(() => lanes.setUp(index));
    this.#setup = recording;
  }

  /** The seconds of a turn are handed on and not kept: memory does not grow with the length of a run. */
  async play(planned: Turn): Promise<TurnFigures> {
    const { index, testbed, keepSeconds } = this.#options;
    // How long turns by count take shows when they are played: each begins where the one before it ended.
    const turn = planned.to_ns === null ? { ...planned, from_ns: this.#played_ns } : planned;
    const { recording, before, after, machine } = await this.#observe(() => this.#playTurn(turn));
    this.#lost = whatBecameOf(testbed, recording);
    keepSeconds(index, recording.seconds);
    const { block, measured, from_ns, to_ns, operations = 0 } = turn;
    this.#played_ns = to_ns ?? from_ns + recording.duration_ns;
    const interrupted =
      to_ns === null ? recording.planned < operations : recording.duration_ns < to_ns - from_ns;
    this.#turns.push({
      block,
      measured,
      interrupted,
      recording: { ...recording, seconds: [] },
      before,
      after,
      machine,
    });
    return figuresOf(recording, this.#total!);
  }

  /** The lanes' operations, and beside them the events that fall into the turn. */
  async #playTurn(turn: Turn): Promise<TurnRecording> {
    const { lanes, testbed } = this.#options;
    const { happen } = testbed;
    if (happen === undefined || this.arm.events.length === 0) return lanes.play(turn);
    const over = new AbortController();
    let happening: Promise<EventRecord[]> | undefined;
    const recording = await lanes.play(turn, (start_ns) => {
      const stretch = { from_ns: turn.from_ns, to_ns: turn.to_ns ?? Number.POSITIVE_INFINITY, start_ns };
      happening = playEvents(this.arm.events, happen, stretch, over.signal);
    });
    over.abort();
    this.#events.push(...((await happening) ?? []));
    return recording;
  }

  async evidence(timeline: ArmEvidence['timeline']): Promise<ArmEvidence> {
    return {
      arm: this.arm,
      setup: this.#setup!,
      turns: this.#turns,
      events: this.#events,
      lost: this.lost,
      total: this.#total!,
      kmsTimeHdr: await this.#kmsTimes(),
      timeline,
    };
  }

  /** Does something with the arm's clock running, between two readings of its counters. */
  async #observe(action: () => Promise<TurnRecording>): Promise<Observed> {
    const before = await this.#sample();
    await this.#options.testbed.resume();
    const machineBefore = machineCpu();
    const recording = await action();
    const machine = subtractCounters(machineCpu(), machineBefore);
    await this.#options.testbed.pause();
    const after = await this.#sample();
    // Gains, not readings: what other arms did to a shared KMS is in neither.
    this.#total = addCounters(this.#total, subtractCounters(after, before));
    return { recording, before, after, machine };
  }

  /** A store inside the lanes is sampled there. */
  async #sample(): Promise<SystemSample> {
    const [system, local] = [
      await this.#options.testbed.sample(),
      await this.#options.lanes.samples(this.#options.index),
    ];
    if (local.length === 0) return system;
    const sum = local.reduce((total, sample) => addCounters(total, sample));
    return { ...system, store: { ...sum, requests: null, cpu_us: null } };
  }

  async #kmsTimes(): Promise<string | null> {
    const encoded = [
      await this.#options.testbed.kmsTimes(),
      ...(await this.#options.lanes.kmsTimes(this.#options.index)),
    ].filter((times) => times !== null);
    if (encoded.length === 0) return null;
    const all = new LatencyHistogram();
    for (const times of encoded) all.add(LatencyHistogram.decode(times).snapshot());
    return all.encode();
  }
}

/** A turn in which nobody listened any more is the target's end: playing on would measure nothing. */
function whatBecameOf({ ended }: ArmTestbed, { kinds }: TurnRecording): string | undefined {
  if (ended !== undefined) return ended;
  const { count, errors } = mergeKinds(Object.values(kinds));
  return count > 0 && errors.ECONNREFUSED === count ? 'the target accepts no connections' : undefined;
}

function figuresOf(recording: TurnRecording, total: SystemSample): TurnFigures {
  const { issued, duration_ns, elapsed_ns, kinds } = recording;
  const all = mergeKinds(Object.values(kinds));
  return {
    issued,
    ended: all.count - failedIn(all),
    planned_ns: duration_ns,
    length_ns: Math.max(duration_ns, elapsed_ns),
    kms_calls: total.kms && Object.values(total.kms.calls).reduce((sum, calls) => sum + calls, 0),
  };
}
