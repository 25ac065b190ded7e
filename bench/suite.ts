/**
 * Runs micro-benchmarks on tinybench so that their figures can be compared: tinybench plays its tasks one after the
 * other, and whichever comes first meets another heap, another clock rate and other neighbours than the last. Here
 * every task gets a short turn in each of several cycles, in shuffled order, and the spread between cycles tells how
 * far a figure can be trusted.
 */
import { Bench, type FnReturnedObject } from 'tinybench';
import { createRandom, type Random, shuffled } from '../src/std/random.ts';
import { mean, studentQuantile, variance } from '../src/std/stats.ts';

export interface Suite {
  name: string;
  /** Runs once, before any of the tasks. */
  setup?: () => Promise<void> | void;
  tasks: readonly BenchTask[];
}

export interface BenchTask {
  name: string;
  /** One operation. Its result is kept, so that no compiler can leave the work out. */
  fn: () => unknown;
  /** Plaintext bytes that an operation works on. */
  bytes?: number;
  /** The task of the same suite that this one's rate is compared with. */
  against?: string;
}

export interface RunOptions {
  /** For all tasks of all suites together, warm-up included. */
  budget_ms: number;
  /** Default 10; at least 2. */
  cycles?: number;
  /** Of the order of tasks. */
  seed?: number;
}

export interface TaskFigure {
  name: string;
  /** Median over the cycles of the mean in each. */
  latency_ns: number;
  /** Half-width of the 95 % interval of the mean over cycles (Student), as a share of it. */
  error: number;
  rate_per_s: number;
  bytes_per_s: number | null;
  /** This task's rate over the other's, cycle by cycle, with its 95 % interval (Student, on logarithms). */
  against: { task: string; ratio: number; low: number; high: number } | null;
}

export function taskOf({ tasks }: Suite, name: string): BenchTask {
  const task = tasks.find((candidate) => candidate.name === name);
  if (task === undefined) throw new Error(`There is no task ${name}.`);
  return task;
}

export interface SuiteFigures {
  name: string;
  tasks: TaskFigure[];
}

/** A call of a task takes some 50 ns to 50 µs and reading the clock 50 ns: samples are means over batches this long. */
const BATCH_MS = 0.05;
const WARM_UP_SHARE = 0.2;

/** A task with its measurements so far. */
interface Contender {
  task: BenchTask;
  batch: number;
  /** Mean of each cycle. */
  means_ns: number[];
}

export async function runSuites(suites: readonly Suite[], options: RunOptions): Promise<SuiteFigures[]> {
  const { budget_ms, cycles = 10, seed = 1 } = options;
  const taskCount = suites.reduce((sum, suite) => sum + suite.tasks.length, 0);
  const random = createRandom(seed);
  const figures: SuiteFigures[] = [];
  for (const suite of suites) figures.push(await runSuite(suite, budget_ms / taskCount, cycles, random));
  return figures;
}

async function runSuite(
  suite: Suite,
  perTask_ms: number,
  cycles: number,
  random: Random,
): Promise<SuiteFigures> {
  await suite.setup?.();
  const contenders: Contender[] = [];
  for (const task of suite.tasks) {
    contenders.push({ task, batch: await warmUp(task, perTask_ms * WARM_UP_SHARE), means_ns: [] });
  }
  const turn_ms = (perTask_ms * (1 - WARM_UP_SHARE)) / cycles;
  for (let cycle = 0; cycle < cycles; cycle++) await playCycle(shuffled(contenders, random), turn_ms);
  return { name: suite.name, tasks: contenders.map((contender) => figureOf(contender, contenders)) };
}

async function playCycle(contenders: readonly Contender[], turn_ms: number): Promise<void> {
  // One Bench a cycle; its own warm-up and its minimum of 64 iterations would exceed the turn.
  const bench = new Bench({ time: turn_ms, iterations: 1, warmup: false, throws: true });
  for (const { task, batch } of contenders)
    bench.add(task.name, () => runBatch(task, batch), { async: true });
  await bench.run();
  for (const { task, means_ns } of contenders) {
    const result = bench.getTask(task.name)?.result;
    if (result?.state !== 'completed') throw new Error(`Benchmark task ${task.name} did not complete.`);
    means_ns.push(result.latency.mean * 1e6);
  }
}

let sink: unknown;

/** The duration per operation is handed over, so that awaiting the batch itself is not in it. */
async function runBatch(task: BenchTask, batch: number): Promise<FnReturnedObject> {
  const start_ms = performance.now();
  for (let i = 0; i < batch; i++) {
    const result = task.fn();
    sink = result instanceof Promise ? await result : result;
  }
  const took_ms = performance.now() - start_ms;
  return { overriddenDuration: took_ms / batch, overriddenIterationCost: took_ms };
}

/** Runs the task for a while; returns how many operations make a batch. */
async function warmUp(task: BenchTask, time_ms: number): Promise<number> {
  const end_ms = performance.now() + time_ms;
  let batch = 1;
  let took_ms: number;
  do {
    took_ms = (await runBatch(task, batch)).overriddenIterationCost!;
    if (took_ms < BATCH_MS) batch *= 2;
  } while (performance.now() < end_ms || (took_ms < BATCH_MS && batch < 2 ** 16));
  return batch;
}

function figureOf({ task, means_ns }: Contender, contenders: readonly Contender[]): TaskFigure {
  const latency_ns = median(means_ns);
  return {
    name: task.name,
    latency_ns,
    error: halfWidth(means_ns) / mean(means_ns),
    rate_per_s: 1e9 / latency_ns,
    bytes_per_s: task.bytes === undefined ? null : (task.bytes * 1e9) / latency_ns,
    against: task.against === undefined ? null : compare(means_ns, task.against, contenders),
  };
}

function compare(
  means_ns: readonly number[],
  other: string,
  contenders: readonly Contender[],
): TaskFigure['against'] {
  const base = contenders.find(({ task }) => task.name === other);
  if (base === undefined) throw new Error(`There is no task ${other} to compare with in this suite.`);
  const logs = means_ns.map((mean_ns, cycle) => Math.log(base.means_ns[cycle]! / mean_ns));
  const [centre, width] = [mean(logs), halfWidth(logs)];
  return {
    task: other,
    ratio: Math.exp(centre),
    low: Math.exp(centre - width),
    high: Math.exp(centre + width),
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function halfWidth(values: readonly number[]): number {
  return studentQuantile(0.975, values.length - 1) * Math.sqrt(variance(values) / values.length);
}

/** What `sink` last held; exported so that it counts as used. */
export function lastResult(): unknown {
  return sink;
}
