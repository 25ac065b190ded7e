import { OPERATION_KINDS, type OperationKind } from '../workload/types.ts';
import type { BreakdownRecorder } from './breakdown.ts';
import { LatencyHistogram } from './histogram.ts';
import { Looks } from './looks.ts';
import { SecondRows } from './seconds.ts';
import type { ConnectionCounters, KindRecording, SecondRow, ThreadLoad, TurnRecording } from './types.ts';
import type { WindowRecorder } from './windows.ts';

/** Distinct error codes kept apart; a server that invents ever new ones fills `OtherError`, not the memory. */
const ERROR_CODES_MAX = 64;

interface KindState {
  count: number;
  errors: Map<string, number>;
  early: number;
  missing: number;
  foundNothing_ns: number;
  response: LatencyHistogram;
  service: LatencyHistogram;
}

export interface TurnStart {
  /** On the clock of every other time given to the recorder. */
  now_ns: number;
  /** Planned length of the turn. */
  duration_ns: number;
  measured: boolean;
}

/**
 * What a lane writes into while it plays a turn: `begin`, then for each operation `due`, `started`, and `completed`,
 * `foundNothing` or `failed`, then `finish`. One recorder serves all turns of a lane. The calls for an operation allocate nothing
 * but the rows of the time line, once a second.
 */
export class TurnRecorder {
  readonly #kinds: Record<OperationKind, KindState>;
  readonly #lag = new LatencyHistogram();
  readonly #undelayed = new LatencyHistogram();
  readonly #plannedGaps = new LatencyHistogram();
  readonly #actualGaps = new LatencyHistogram();
  readonly #looks = new Looks();
  readonly #seconds = new SecondRows();
  #turn: TurnStart = { now_ns: 0, duration_ns: 0, measured: false };
  #planned = 0;
  #issued = 0;
  #unissued = 0;
  #inFlight = 0;
  #inFlight_ns = 0;
  #changed_ns = 0;
  #lastDue_ns = Number.NaN;
  #lastStart_ns = Number.NaN;
  #lastEnd_ns = 0;

  /** The driver counts into it; `finish` hands it over and puts a fresh one here. */
  connections: ConnectionCounters | null = noConnections();
  /** Whoever samples operations writes into it; `finish` takes what it holds. */
  breakdown: BreakdownRecorder | undefined;
  /** Whoever follows events writes into it; likewise. */
  windows: WindowRecorder | undefined;

  constructor() {
    this.#kinds = Object.fromEntries(OPERATION_KINDS.map((kind) => [kind, kindState()])) as Record<
      OperationKind,
      KindState
    >;
  }

  begin(turn: TurnStart): void {
    this.#turn = turn;
    this.#changed_ns = turn.now_ns;
    this.#lastEnd_ns = turn.now_ns;
    this.#lastDue_ns = Number.NaN;
    this.#looks.begin(turn.now_ns);
  }

  /** Operations that fell due in the turn, whether started or not. Counted where they are planned. */
  due(count = 1): void {
    this.#planned += count;
  }

  /** Work on an operation begins, before any wait for a slot. */
  started(due_ns: number, now_ns: number): void {
    this.#issued++;
    this.#lag.record(now_ns - due_ns);
    if (!Number.isNaN(this.#lastDue_ns)) {
      this.#plannedGaps.record(due_ns - this.#lastDue_ns);
      this.#actualGaps.record(now_ns - this.#lastStart_ns);
    }
    this.#lastDue_ns = due_ns;
    this.#lastStart_ns = now_ns;
    this.#changeInFlight(1, now_ns);
  }

  /**
   * @param second whole seconds of the arm's own time line, of the due time.
   * @param lag_ns as `started` had it
   */
  completed(
    kind: OperationKind,
    due_ns: number,
    start_ns: number,
    end_ns: number,
    second: number,
    lag_ns: number,
  ): void {
    const state = this.#kinds[kind];
    state.count++;
    state.response.record(end_ns - due_ns);
    state.service.record(end_ns - start_ns);
    this.#undelayed.record(end_ns - due_ns - lag_ns);
    this.#seconds.completed(second, end_ns - due_ns);
    this.#ended(end_ns);
  }

  /**
   * A read that was answered, and not with an item.
   * @param inserted its item is one that an insert adds
   * @param taken_ns when it was taken up, as `started` had it
   */
  foundNothing(kind: OperationKind, inserted: boolean, taken_ns: number, end_ns: number): void {
    const state = this.#kinds[kind];
    state.count++;
    if (inserted) state.early++;
    else state.missing++;
    state.foundNothing_ns += end_ns - taken_ns;
    this.#ended(end_ns);
  }

  /** Answered with an error, timed out, cut off or given up at the end of the drain: whatever was started ends. */
  failed(kind: OperationKind, code: string, end_ns: number, second: number): void {
    const { errors } = this.#kinds[kind];
    this.#kinds[kind].count++;
    const kept = errors.has(code) || errors.size < ERROR_CODES_MAX ? code : 'OtherError';
    errors.set(kept, (errors.get(kept) ?? 0) + 1);
    this.#seconds.failed(second);
    this.#ended(end_ns);
  }

  /** The turn ends before its time: what it was planned to last must not dilute its rates. */
  cut(now_ns: number): void {
    this.#turn = { ...this.#turn, duration_ns: Math.max(0, now_ns - this.#turn.now_ns) };
  }

  /** Operations that fell due and will not be started any more. */
  unissued(count: number): void {
    this.#unissued += count;
  }

  /** Begun, and still waiting for its slot when the drain ended: it was never issued after all. */
  withdrawn(now_ns: number): void {
    this.#issued--;
    this.#unissued++;
    this.#changeInFlight(-1, now_ns);
  }

  /** Seconds that are over, once there are `count` of them: handed out early, so that long turns fit into memory. */
  takeSeconds(count: number): SecondRow[] {
    return this.#seconds.size < count ? [] : this.#seconds.takePutAway(this.#turn.measured);
  }

  /** Operations in flight now. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Operations ended so far, well or not: for a progress line. */
  get ended(): number {
    return this.#issued - this.#inFlight;
  }

  /**
   * What the turn held; the recorder is empty again. Call it when nothing is in flight: what still is counts as in
   * flight to the end, and the result's checks will say that operations were lost.
   */
  finish(
    now_ns: number,
    cpu_us: number | null,
    threads: ThreadLoad[] = [],
    pacing_cpu_us: number | null = null,
  ): TurnRecording {
    const left = this.#inFlight;
    if (left > 0) this.#changeInFlight(-left, now_ns);
    const end_ns = left > 0 ? now_ns : this.#lastEnd_ns;
    this.#looks.upTo(Math.max(end_ns, this.#turn.now_ns + this.#turn.duration_ns), 0);
    const recording: TurnRecording = {
      planned: this.#planned,
      issued: this.#issued,
      unissued: this.#unissued,
      kinds: takeKinds(this.#kinds),
      lag: take(this.#lag),
      undelayed: take(this.#undelayed),
      gaps: { planned: take(this.#plannedGaps), actual: take(this.#actualGaps) },
      breakdown: this.breakdown?.take() ?? null,
      connections: this.connections,
      inFlight_ns: this.#inFlight_ns,
      inFlightLooks_ns: this.#looks.integral_ns,
      duration_ns: this.#turn.duration_ns,
      elapsed_ns: end_ns - this.#turn.now_ns,
      cpu_us,
      pacing_cpu_us,
      threads,
      seconds: this.#seconds.take(this.#turn.measured),
      windows: this.windows?.take() ?? [],
    };
    this.#planned = this.#issued = this.#unissued = this.#inFlight_ns = 0;
    this.connections = noConnections();
    return recording;
  }

  #ended(end_ns: number): void {
    if (end_ns > this.#lastEnd_ns) this.#lastEnd_ns = end_ns;
    this.#changeInFlight(-1, end_ns);
  }

  #changeInFlight(by: number, now_ns: number): void {
    this.#inFlight_ns += this.#inFlight * (now_ns - this.#changed_ns);
    this.#looks.upTo(now_ns, this.#inFlight);
    this.#changed_ns = now_ns;
    this.#inFlight += by;
  }
}

function kindState(): KindState {
  return {
    count: 0,
    errors: new Map(),
    early: 0,
    missing: 0,
    foundNothing_ns: 0,
    response: new LatencyHistogram(),
    service: new LatencyHistogram(),
  };
}

function takeKinds(states: Record<OperationKind, KindState>): Record<OperationKind, KindRecording> {
  const taken = OPERATION_KINDS.map((kind) => {
    const state = states[kind];
    const recording: KindRecording = {
      count: state.count,
      errors: Object.fromEntries(state.errors),
      early: state.early,
      missing: state.missing,
      foundNothing_ns: state.foundNothing_ns,
      response: take(state.response),
      service: take(state.service),
    };
    state.count = state.early = state.missing = state.foundNothing_ns = 0;
    state.errors.clear();
    return [kind, recording] as const;
  });
  return Object.fromEntries(taken) as Record<OperationKind, KindRecording>;
}

function take(histogram: LatencyHistogram) {
  const snapshot = histogram.snapshot();
  histogram.reset();
  return snapshot;
}

export function noConnections(): ConnectionCounters {
  return { opened: 0, tls_full: 0, tls_resumed: 0, requests: 0, transport_errors: 0, abandoned: 0 };
}
