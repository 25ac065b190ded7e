/** An arm in simulated time, played through the recorder that runs use, with the noise of healthy machines and faults on request. */
import {
  LatencyHistogram,
  mergeKinds,
  mergeTurns,
  TurnRecorder,
  type TurnRecording,
} from '../../src/recording/recording.ts';
import { summariseGenerator } from '../../src/result/generator.ts';
import { percentileOf } from '../../src/result/percentiles.ts';
import type { OperationSummary, Summary, SystemSample } from '../../src/result/result.ts';
import type { Facts } from '../../src/result/validity.ts';
import { normal, type Random } from '../../src/std/random.ts';
import { fakeArm } from './evidence.ts';

export interface SimulatedArm {
  rate_per_s: number;
  process: 'constant' | 'poisson';
  p50_ns: number;
  blocks: number;
  /** Standard deviation of a turn's level, as a share. */
  jitter: number;
  fault?: Fault;
}

export type Fault =
  /** Every tenth operation is never planned. */
  | 'rate deficit'
  /** Responses slow down by a fifth from the first block to the last. */
  | 'drift'
  /** The lane does nothing in the last third of every turn, and then all at once. */
  | 'stuck lane'
  /** Operations wait for three others. */
  | 'bursts'
  /** A fifth of each time in flight is in no response time. */
  | 'lost time';

const TURN_NS = 1.5e9;
const NO_SAMPLE: SystemSample = { store: null, kms: null };

export function simulateFacts(settings: SimulatedArm, random: Random): Facts {
  const arm = fakeArm({ name: 'simulated' });
  const duration_ns = settings.blocks * TURN_NS;
  const rate = { kind: 'constant', rate_per_s: settings.rate_per_s } as const;
  arm.arrivals = { loop: 'open', process: settings.process };
  arm.phases = [{ name: 'steady', duration_ns, operations: null, rate, measured: true }];
  const recorder = new TurnRecorder();
  const idle_ms = 3000 * (0.3 + 0.4 * random.next());
  const turns = Array.from({ length: settings.blocks }, (_, block) => ({
    block,
    measured: true,
    interrupted: false,
    recording: playTurn(recorder, settings, block, random),
    before: NO_SAMPLE,
    after: NO_SAMPLE,
    machine: { idle_ms: idle_ms * (0.9 + 0.2 * random.next()), total_ms: 3000 },
  }));
  const recordings = turns.map((turn) => turn.recording);
  const measured = mergeTurns(recordings);
  const { count, errors, response, service } = mergeKinds(Object.values(measured.kinds));
  const all: OperationSummary = {
    count,
    errors,
    early: 0,
    missing: 0,
    response_ns: summaryOf(LatencyHistogram.from(response)),
    service_ns: summaryOf(LatencyHistogram.from(service)),
  };
  return {
    arm,
    interrupted: false,
    lost: undefined,
    openLoop: true,
    measured,
    turns: recordings,
    blocks: recordings,
    preparation: mergeTurns([]),
    unissued: 0,
    vanished: 0,
    lanes: 1,
    all,
    achieved_per_s: (count * 1e9) / duration_ns,
    lag: summaryOf(LatencyHistogram.from(measured.lag)),
    generator: summariseGenerator(arm, turns, measured, 1),
    identities: [],
    events: [],
  };
}

function playTurn(
  recorder: TurnRecorder,
  settings: SimulatedArm,
  block: number,
  random: Random,
): TurnRecording {
  const { p50_ns, jitter, blocks, fault } = settings;
  const drift = fault === 'drift' ? 1 + (0.2 * block) / (blocks - 1) : 1;
  const level_ns = p50_ns * drift * Math.exp(jitter * normal(random));
  const from_ns = block * TURN_NS;
  recorder.begin({ now_ns: from_ns, duration_ns: TURN_NS, measured: true });
  const flights: { at_ns: number; happen: () => void }[] = [];
  for (const [due_ns, taken_ns] of issueTimes(settings, from_ns, random)) {
    const lag_ns = taken_ns - due_ns;
    const end_ns = taken_ns + Math.round(level_ns * serviceOf(random));
    const lost_ns = fault === 'lost time' ? Math.round(0.2 * (end_ns - taken_ns)) : 0;
    recorder.due();
    flights.push({ at_ns: taken_ns, happen: () => recorder.started(due_ns, taken_ns) });
    flights.push({
      at_ns: end_ns,
      happen: () => recorder.completed('get', due_ns + lost_ns, taken_ns + lost_ns, end_ns, 0, lag_ns),
    });
  }
  for (const { happen } of flights.sort((a, b) => a.at_ns - b.at_ns)) happen();
  const pauses = new LatencyHistogram();
  for (let i = 0; i < 4; i++) pauses.record(Math.round(4e5 * Math.exp(0.8 * normal(random))));
  const active_ns = Math.round(TURN_NS * (0.2 + 0.1 * random.next()));
  return recorder.finish(from_ns + TURN_NS, Math.round(active_ns / 1200), [
    { active_ns, pauses: pauses.snapshot() },
  ]);
}

/** Log-normal around 1, with a tail: one in a hundred takes up to fifty times as long. */
function serviceOf(random: Random): number {
  const body = Math.exp(0.5 * normal(random));
  return random.next() < 0.01 ? body * Math.min(50, 4 * (1 - random.next()) ** -0.7) : body;
}

/** Due and taken up, in order. */
function issueTimes(
  { rate_per_s, process, fault }: SimulatedArm,
  from_ns: number,
  random: Random,
): [number, number][] {
  const gap_ns = 1e9 / rate_per_s;
  const due: number[] = [];
  for (let at_ns = process === 'constant' ? 0 : -gap_ns * Math.log(1 - random.next()); at_ns < TURN_NS; ) {
    if (fault !== 'rate deficit' || random.next() < 0.9) due.push(Math.round(from_ns + at_ns));
    at_ns += process === 'constant' ? gap_ns : -gap_ns * Math.log(1 - random.next());
  }
  let free_ns = 0;
  return due.map((due_ns, i) => {
    // Sub-millisecond pacing, and now and then a lane that had something else to do.
    const late_ns = random.next() < 0.01 ? 2e6 * random.next() : -6e4 * Math.log(1 - random.next());
    let start_ns = due_ns + late_ns;
    if (fault === 'bursts') start_ns = due[Math.min(due.length - 1, i - (i % 4) + 3)]! + late_ns;
    if (fault === 'stuck lane' && due_ns - from_ns > (2 / 3) * TURN_NS)
      start_ns = from_ns + TURN_NS + late_ns;
    free_ns = Math.round(Math.max(free_ns + 2e4, start_ns));
    return [due_ns, free_ns];
  });
}

function summaryOf(histogram: LatencyHistogram): Summary {
  const { count, min_ns: min, mean_ns: mean, max_ns: max } = histogram;
  const [p50, p90, p99, p999] = [50, 90, 99, 99.9].map((percentile) =>
    percentileOf(histogram, percentile, 0),
  );
  return { count, min, mean, max, p50: p50!, p90: p90!, p99: p99!, p999: p999!, hdr: '' };
}
