/** What a run shows while it goes on: state that its events change, and its text. Knows no clock and no stream. */
import { expectedOperations, planTurns, type Turn, WARM_UP_BLOCK } from '../plan/plan.ts';
import { LatencyHistogram, type SecondRow } from '../recording/recording.ts';
import { format } from '../report/report.ts';
import { percentileOf } from '../result/result.ts';
import type { TurnFigures } from '../run.ts';
import type { Arm, Workload } from '../workload/workload.ts';

/** Figures of one arm so far, its warm-up apart; null where there is none yet, or never. */
export interface LiveView {
  /** `starting servers, filling tables`, `block 3 of 10`, … */
  what: string;
  arm: string | null;
  /** Share of the planned time that is over. */
  done: number | null;
  offered_per_s: number | null;
  achieved_per_s: number | null;
  p50_ns: number | null;
  p99_ns: number | null;
  /** Up to the last turn that ended. */
  kms_calls: number | null;
  failed: number;
  left_s: number | null;
}

interface ArmSoFar {
  measured: boolean;
  response: LatencyHistogram;
  failed: number;
  /** Over turns that ended. */
  issued: number;
  planned_ns: number;
  /** Over turns that ended; beside them, whole seconds of the one under way. */
  ended: number;
  played_ns: number;
  seconds: Set<number>;
  inTurn: number;
}

export class LiveState {
  readonly #turns: readonly Turn[];
  readonly #blocks: number;
  readonly #arms = new Map<string, ArmSoFar>();
  readonly #kmsCalls = new Map<string, number | null>();
  #what = '';
  #arm: Arm | undefined;
  #turn: { index: number; began_ns: number } | undefined;

  constructor(workload: Workload) {
    this.#turns = planTurns(workload);
    this.#blocks = workload.compare.blocks;
  }

  preparing(): void {
    this.#what = 'starting servers, filling tables';
  }

  settingUp(arm: Arm): void {
    this.#arm = arm;
    this.#what = 'opening connections';
  }

  playing(arm: Arm, turn: Turn, index: number, now_ns: number): void {
    this.#arm = arm;
    this.#what = turn.block === WARM_UP_BLOCK ? 'warming up' : `block ${turn.block + 1} of ${this.#blocks}`;
    this.#turn = { index, began_ns: now_ns };
    if (this.#arms.get(arm.name)?.measured !== turn.measured)
      this.#arms.set(arm.name, nothingYet(turn.measured));
  }

  seconds(arm: Arm, rows: readonly SecondRow[]): void {
    const soFar = this.#arms.get(arm.name);
    if (!soFar) return;
    for (const { second, measured, response, errors } of rows) {
      if (measured !== soFar.measured) continue;
      soFar.response.add(response);
      soFar.failed += errors;
      if (!this.#isWhole(second)) continue;
      soFar.inTurn += response.count;
      soFar.seconds.add(second);
    }
  }

  /** Whether the turn under way plays all of that second: a part of one is no rate. */
  #isWhole(second: number): boolean {
    const turn = this.#turns[this.#turn?.index ?? -1];
    if (turn === undefined) return false;
    return second * 1e9 >= turn.from_ns && (second + 1) * 1e9 <= (turn.to_ns ?? Number.POSITIVE_INFINITY);
  }

  played(arm: Arm, { issued, ended, planned_ns, length_ns, kms_calls }: TurnFigures): void {
    this.#kmsCalls.set(arm.name, kms_calls);
    const soFar = this.#arms.get(arm.name);
    if (!soFar) return;
    soFar.issued += issued;
    soFar.planned_ns += planned_ns;
    soFar.ended += ended;
    soFar.played_ns += length_ns;
    soFar.seconds.clear();
    soFar.inTurn = 0;
  }

  view(now_ns: number): LiveView {
    const soFar = this.#arm && this.#arms.get(this.#arm.name);
    const over_ns = this.#over_ns(now_ns);
    const whole_ns = this.#whole_ns();
    return {
      what: this.#what,
      arm: this.#arm?.name ?? null,
      done: over_ns === null || whole_ns === null ? null : over_ns / whole_ns,
      offered_per_s: soFar ? this.#offered_per_s(soFar) : null,
      achieved_per_s: soFar ? achieved_per_s(soFar) : null,
      p50_ns: soFar ? percentileOf(soFar.response, 50, soFar.failed) : null,
      p99_ns: soFar ? percentileOf(soFar.response, 99, soFar.failed) : null,
      kms_calls: (this.#arm && this.#kmsCalls.get(this.#arm.name)) ?? null,
      failed: soFar?.failed ?? 0,
      left_s: over_ns === null || whole_ns === null ? null : Math.max(0, whole_ns - over_ns) / 1e9,
    };
  }

  /** Turns by count last as long as they do: with one of them nobody knows what is left. */
  #whole_ns(): number | null {
    return lengthOf(this.#turns);
  }

  #over_ns(now_ns: number): number | null {
    if (!this.#turn) return null;
    const { index, began_ns } = this.#turn;
    const before_ns = lengthOf(this.#turns.slice(0, index));
    const own_ns = lengthOf(this.#turns.slice(index, index + 1));
    if (before_ns === null || own_ns === null) return null;
    return before_ns + Math.min(own_ns, Math.max(0, now_ns - began_ns));
  }

  /** What the workload asks for in measured phases, until a turn shows what is offered. */
  #offered_per_s({ issued, planned_ns }: ArmSoFar): number | null {
    if (planned_ns > 0) return (issued * 1e9) / planned_ns;
    if (!this.#arm || this.#arm.arrivals.loop === 'closed') return null;
    const phases = this.#arm.phases.filter((phase) => phase.measured);
    const expected = expectedOperations(phases);
    const length_ns = phases.reduce((sum, phase) => sum + (phase.duration_ns ?? 0), 0);
    return expected === null || length_ns === 0 ? null : (expected * 1e9) / length_ns;
  }
}

function nothingYet(measured: boolean): ArmSoFar {
  const response = new LatencyHistogram();
  return {
    measured,
    response,
    failed: 0,
    issued: 0,
    planned_ns: 0,
    ended: 0,
    played_ns: 0,
    seconds: new Set(),
    inTurn: 0,
  };
}

function achieved_per_s({ ended, inTurn, played_ns, seconds }: ArmSoFar): number | null {
  const length_ns = played_ns + seconds.size * 1e9;
  return length_ns === 0 ? null : ((ended + inTurn) * 1e9) / length_ns;
}

function lengthOf(turns: readonly Turn[]): number | null {
  let length_ns = 0;
  for (const { from_ns, to_ns } of turns) {
    if (to_ns === null) return null;
    length_ns += to_ns - from_ns;
  }
  return length_ns;
}

/** One line of at most `width` characters: what matters least goes first where it gets narrow. */
export function liveLine(view: LiveView, width: number): string {
  const parts = partsOf(view);
  for (let least = 7; least > 0; least--) {
    const line = parts
      .filter(([importance]) => importance <= least)
      .map(([, text]) => text)
      .join('  ');
    if ([...line].length <= width) return line;
  }
  return [...parts[0]![1]].slice(0, Math.max(0, width)).join('');
}

/** For a log: everything, after the name of the block. */
export function plainLine(view: LiveView): string {
  const [what, ...others] = partsOf({ ...view, done: null });
  const done = view.done === null ? [] : [`${wholePercent(view.done)} done`];
  return [what![1], ...done, ...others.map(([, text]) => text)].join(', ');
}

/** How important (1 most), and the text; in the order in which they stand. */
function partsOf(view: LiveView): [number, string][] {
  const { what, arm, done, offered_per_s, achieved_per_s, p50_ns, p99_ns, kms_calls, failed, left_s } = view;
  const parts: [number, string | null][] = [
    [1, done === null ? what : `${wholePercent(done).padStart(5)}  ${what}`],
    [2, arm],
    [3, rates(offered_per_s, achieved_per_s)],
    [4, p50_ns === null ? null : `p50 ${format.duration(p50_ns)}`],
    [5, p99_ns === null ? null : `p99 ${format.duration(p99_ns)}`],
    [7, kms_calls === null ? null : `KMS ${format.count(kms_calls)}`],
    [2, failed === 0 ? null : `${format.count(failed)} failed`],
    [6, left_s === null ? null : `${timeLeft(left_s)} left`],
  ];
  return parts.filter((part): part is [number, string] => part[1] !== null);
}

function rates(offered_per_s: number | null, achieved_per_s: number | null): string | null {
  if (achieved_per_s === null) return offered_per_s === null ? null : `${format.rate(offered_per_s)} asked`;
  if (offered_per_s === null) return format.rate(achieved_per_s);
  return `${format.rate(achieved_per_s)} of ${format.rate(offered_per_s)}`;
}

function wholePercent(share: number): string {
  return `${Math.floor(100 * share)} %`;
}

/** `45 s`, `3 min`, `1 h 20 min`. */
function timeLeft(left_s: number): string {
  if (left_s < 90) return `${Math.ceil(left_s)} s`;
  const minutes = Math.ceil(left_s / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
