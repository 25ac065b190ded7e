/** Measures servers whose answer is known, by the way that every workload is measured, and says what this machine adds. */
import { realClock } from '../std/clock.ts';
import { describeEnvironment } from '../std/environment.ts';
import { InputError } from '../std/errors.ts';
import { EXPERIMENTS } from './cases/cases.ts';
import { decide, hasPassed, verdictOf } from './checks.ts';
import { floorOf } from './machine.ts';
import { type Measured, measure } from './measure.ts';
import { askPeer } from './peer.ts';
import { type Servers, startServers } from './servers.ts';
import {
  type CaseResult,
  type Experiment,
  type Floor,
  type MachineState,
  type PeerFigures,
  SELFTEST_SCHEMA,
  type SelftestReport,
  type Spread,
} from './types.ts';

export type * from './types.ts';

export interface SelftestOptions {
  /** Leaves the long measurements out. */
  quick?: boolean;
  /** Names of the cases to do; all without it. */
  only?: readonly string[];
  /** Asks autocannon about the same servers. */
  peers?: boolean;
  /** Ends it early: what was decided until then is its report. */
  stopped: Promise<void>;
  /** Told of each measurement as it begins. */
  measuring?: (name: string, how: 'first' | 'again' | 'autocannon') => void;
}

/** Quiet ones at the same time. */
const SIDE_BY_SIDE = 3;

/** @throws InputError for an unknown case */
export async function selftest(options: SelftestOptions): Promise<SelftestReport> {
  const experiments = chosen(options);
  const startedAt = new Date().toISOString();
  const start_ns = realClock.now_ns();
  const servers = startServers();
  const session = new Session(servers, options);
  try {
    await session.play(experiments);
    const report = session.report();
    return {
      schema: SELFTEST_SCHEMA,
      startedAt,
      elapsed_s: (realClock.now_ns() - start_ns) / 1e9,
      environment: describeEnvironment(),
      ...report,
    };
  } finally {
    await servers.close();
  }
}

/** Those that have a case to do, or that tell the machine's floor where every case is done. */
function chosen({ quick, only }: SelftestOptions): Experiment[] {
  const names = EXPERIMENTS.flatMap(({ cases }) => cases.map(({ name }) => name));
  const unknown = only?.filter((name) => !names.includes(name)) ?? [];
  if (unknown.length > 0) {
    throw new InputError('E_SELFTEST_CASE', {
      what: `there is no case ${unknown.map((name) => `'${name}'`).join(', ')}.`,
      where: '--only',
      remedy: `Cases: ${names.join(', ')}.`,
    });
  }
  if (only) return EXPERIMENTS.filter(({ cases }) => cases.some(({ name }) => only.includes(name)));
  return EXPERIMENTS.filter(({ long }) => !quick || !long);
}

/** What one selftest has found so far. */
class Session {
  readonly #servers: Servers;
  readonly #options: SelftestOptions;
  readonly #cases = new Map<Experiment, CaseResult[]>();
  readonly #peers = new Map<Experiment, PeerFigures>();
  readonly #machine: MachineState[] = [];
  #floor: Floor = {
    oversleep_ns: null,
    echo_ns: null,
    others_share: null,
    lag_ns: null,
    added_ns: null,
    requests_per_s: null,
    cpu_us_per_request: null,
  };
  #interrupted = false;

  constructor(servers: Servers, options: SelftestOptions) {
    this.#servers = servers;
    this.#options = options;
    void options.stopped.then(() => {
      this.#interrupted = true;
    });
  }

  /** Those that need the machine one by one, then the quiet ones side by side, then again alone what failed. */
  async play(experiments: readonly Experiment[]): Promise<void> {
    const quiet = experiments.filter((experiment) => experiment.quiet);
    await this.#sideBySide(
      1,
      experiments.filter((experiment) => !experiment.quiet),
      this.#try,
    );
    await this.#sideBySide(SIDE_BY_SIDE, quiet, this.#try);
    await this.#sideBySide(1, experiments.filter(this.#failed), this.#tryAgain);
    if (this.#options.peers) await this.#sideBySide(SIDE_BY_SIDE, experiments, this.#askPeer);
  }

  report(): Pick<SelftestReport, 'interrupted' | 'verdict' | 'cases' | 'floor'> {
    const { only } = this.#options;
    const cases = EXPERIMENTS.flatMap((experiment) => {
      const peer = this.#peers.get(experiment);
      const results = this.#cases.get(experiment) ?? [];
      return results.map((result) => (peer ? withPeer(result, peer) : result));
    }).filter(({ name }) => only?.includes(name) ?? true);
    return { interrupted: this.#interrupted, verdict: verdictOf(cases), cases, floor: this.#wholeFloor() };
  }

  async #sideBySide(
    width: number,
    experiments: readonly Experiment[],
    action: (experiment: Experiment) => Promise<void>,
  ): Promise<void> {
    const waiting = [...experiments];
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined && !this.#interrupted; next = waiting.shift()) {
        try {
          await action(next);
        } catch (error) {
          // A Ctrl-C reaches the servers too, and ends them where they have only just started.
          if (!this.#interrupted) throw error;
        }
      }
    };
    await Promise.all(Array.from({ length: width }, work));
  }

  readonly #try = async (experiment: Experiment): Promise<void> => {
    this.#options.measuring?.(experiment.name, 'first');
    const measured = await this.#measure(experiment);
    if (this.#interrupted) return;
    const { evidence, machine } = measured;
    const state = { machine, repeated: false };
    this.#cases.set(
      experiment,
      experiment.cases.map((one) => decide(one, evidence, state)),
    );
    this.#floor = { ...this.#floor, ...experiment.floor?.(evidence) };
  };

  /** A machine that was busy once is asked twice: what passed stays, what failed is as it turns out now. */
  readonly #tryAgain = async (experiment: Experiment): Promise<void> => {
    this.#options.measuring?.(experiment.name, 'again');
    const { evidence, machine } = await this.#measure(experiment);
    if (this.#interrupted) return;
    const state = { machine, repeated: true };
    const before = this.#cases.get(experiment)!;
    this.#cases.set(
      experiment,
      experiment.cases.map((one, index) =>
        hasPassed(before[index]!.outcome) ? before[index]! : decide(one, evidence, state),
      ),
    );
  };

  readonly #askPeer = async (experiment: Experiment): Promise<void> => {
    if (experiment.peer === undefined) return;
    this.#options.measuring?.(experiment.name, 'autocannon');
    const figures = await askPeer(experiment, this.#servers, this.#options.stopped);
    if (figures) this.#peers.set(experiment, figures);
  };

  readonly #failed = (experiment: Experiment): boolean =>
    this.#cases.get(experiment)?.some(({ outcome }) => !hasPassed(outcome)) ?? false;

  async #measure(experiment: Experiment): Promise<Measured> {
    const measured = await measure(experiment, this.#servers, this.#options.stopped);
    this.#machine.push(measured.machine);
    return measured;
  }

  /** What sleeping and sending cost is seen in the quietest of the measurements. */
  #wholeFloor(): Floor {
    const least = (path: { wakes: number; trips: number }): Spread | null => {
      const spreads = this.#machine.flatMap(({ looks }) => {
        const [p50, p99] = [floorOf(looks, { ...path, p: 0.5 }), floorOf(looks, { ...path, p: 0.99 })];
        return p50 === null || p99 === null ? [] : { p50, p99 };
      });
      return spreads.toSorted((a, b) => a.p99 - b.p99)[0] ?? null;
    };
    const shares = this.#machine.map(({ others_share }) => others_share);
    return {
      ...this.#floor,
      oversleep_ns: least({ wakes: 1, trips: 0 }),
      echo_ns: least({ wakes: 0, trips: 1 }),
      others_share: shares.length === 0 ? null : Math.max(...shares),
    };
  }
}

function withPeer(result: CaseResult, figures: PeerFigures): CaseResult {
  return {
    ...result,
    checks: result.checks.map((check) => {
      const peer = figures[check.what];
      return peer === undefined ? check : { ...check, peer };
    }),
  };
}
