import type { ArmResult } from '../result/types.ts';
import type { Environment } from '../std/environment.ts';

export const SELFTEST_SCHEMA = 'sealbench/selftest/1';

// --- servers whose answer is known -----------------------------------------------------------------------------------

/** How a server answers. Plain data: it crosses to the servers' process. */
export interface Behaviour {
  /** How long requests stay, ns, in the order in which they arrive; after the last the first again. */
  delays_ns: readonly number[];
  /** Every so many requests one is answered with ThrottlingException, at once. */
  throttleEvery?: number;
  /** Every so many requests one gets no answer: its connection is reset once the delay is over. */
  resetEvery?: number;
  /** Every answer says `Connection: close`, and means it. */
  closes?: boolean;
}

export interface ServerCounts {
  requests: number;
  connections: number;
  throttled: number;
  resets: number;
}

/** What a server saw of the last stretch of a run, on the machine's monotonic clock: the truth to compare with. */
export interface ServerLog {
  /** When each request had arrived whole, in order. */
  received_ns: Float64Array;
  /** From a request's arrival until its answer was written: of the successes, in order of their answers. */
  stays_ns: Float64Array;
  /** Of the last stretch. */
  stretch: ServerCounts;
  /** Since the server started. */
  total: ServerCounts;
}

// --- what is checked -------------------------------------------------------------------------------------------------

/** How far a figure may be from what is expected of it. */
export type Bound =
  /** Off by no more than a share of the expectation and so much beside, in the unit of the figure. */
  | { kind: 'near'; share: number; beside: number }
  | { kind: 'exactly' }
  | { kind: 'at most' }
  | { kind: 'at least' };

export interface Check {
  what: string;
  unit: 'ns' | 'count' | 'share' | 'per_s';
  /** By the law of the server, or by its count. The limit where the bound is one-sided. */
  expected: number;
  /** The same by the server's own log; null where that has nothing to say. */
  logged: number | null;
  /** Null where the measurement withholds it. */
  measured: number | null;
  bound: Bound;
  /** What of the machine's own is in the figure; null where nothing is: counts, and what only the tool can get wrong. */
  floor: FloorShare | null;
}

/** How often in a row a figure's operation waits for the machine. */
export interface FloorShare {
  /** For a sleeping thread to wake. */
  wakes: number;
  /** For bytes to go to another process and back. */
  trips: number;
  /** The percentile of both that the figure has in it, 0 … 1. */
  p: FloorPercentile;
}

export type FloorPercentile = 0.5 | 0.9 | 0.99;

/** What was measured of one server, and what the server has to say. */
export interface Evidence {
  arm: ArmResult;
  interrupted: boolean;
  /** From asking the run to stop until it had ended, where it was asked. */
  stopped_after_ns: number | null;
  /** Null without a server. */
  log: ServerLog | null;
}

export interface Case {
  name: string;
  /** What passing shows, in a few words. */
  shows: string;
  checks(evidence: Evidence): Check[];
}

/** One run against one server, and the cases that its evidence decides. */
export interface Experiment {
  name: string;
  /** Null: the `noop` driver, which asks nobody. */
  behaviour: Behaviour | null;
  /** The workload file's fields beside name and target. */
  workload: Readonly<Record<string, unknown>>;
  /** Ends the run early, so long after it began to measure. */
  stopAfter_ms?: number;
  /** Leaves the machine idle enough for another one beside it. */
  quiet: boolean;
  /** Left out of a quick selftest. */
  long: boolean;
  cases: readonly Case[];
  floor?(evidence: Evidence): Partial<Floor>;
  peer?: PeerPlan;
}

// --- a peer beside us ------------------------------------------------------------------------------------------------

/** How a user would ask autocannon for the same load. */
export interface PeerPlan {
  options: { connections: number; duration: number } & Readonly<Record<string, number>>;
  /** Calls its `stop` after so long. */
  stopAfter_ms?: number;
  /** Its answers by the name of the check that they stand beside. */
  figures(outcome: PeerOutcome, log: ServerLog): PeerFigures;
}

export type PeerFigures = Readonly<Record<string, PeerFigure>>;

export interface PeerFigure {
  /** Null: it gave no answer. */
  said: number | null;
  /** By its server's own count, where that is not what is expected of us. */
  truth?: number;
}

/** autocannon's own figures, its times in ms; null when it gave none. */
export interface PeerOutcome {
  result: {
    latency: Record<string, number>;
    requests: { total: number; sent: number };
    '2xx': number;
    non2xx: number;
    errors: number;
  } | null;
  /** From calling its `stop` until its promise settled; null while it was pending. */
  stopped_after_ns: number | null;
}

// --- what comes of it ------------------------------------------------------------------------------------------------

export interface Spread {
  p50: number;
  p99: number;
}

/** What the machine did beside a measurement, seen by means that have nothing of the load generator in them. */
export interface MachineState {
  /** One after the other, what a sleeping thread slept too long, and what a few bytes then took to the servers' process
   * and back over a plain socket. */
  looks: readonly Look[];
  /** Of all cores, what others took: processes that are not ours, and a hypervisor. */
  others_share: number;
}

export interface Look {
  overslept_ns: number;
  echo_ns: number;
}

/** What this machine adds to what it measures; null where that was not measured. */
export interface Floor {
  /** What a sleeping thread sleeps too long, at most (95 %): the machine alone, in the quietest of the measurements. */
  oversleep_ns: Spread | null;
  /** What a few bytes take to another process and back: likewise. */
  echo_ns: Spread | null;
  /** Of all cores, what others took in the worst of the measurements. */
  others_share: number | null;
  /** How late operations start at 2,000/s, with nothing else to do. */
  lag_ns: Spread | null;
  /** Service time of the `http` driver less the server's own log. */
  added_ns: Spread | null;
  /** Of the `http` driver in one lane, against a server that answers at once on the same machine. */
  requests_per_s: number | null;
  /** CPU of a lane's thread for one of those. */
  cpu_us_per_request: number | null;
}

export interface CheckResult extends Check {
  state: CheckState;
  /** What the machine itself added, at most, where the figure has anything of it. */
  floor_ns: number | null;
  /** autocannon's answer; absent where it was not asked or has none. */
  peer?: PeerFigure;
}

/** `floor`: beyond its bound by no more than the machine itself added at that time. */
export type CheckState = 'pass' | 'floor' | 'off';

/** `floor`: passes with what the machine adds. `busy`: failed, on a machine that was too busy to tell why. */
export type Outcome = 'pass' | 'floor' | 'fail' | 'busy';

export interface CaseResult {
  name: string;
  shows: string;
  outcome: Outcome;
  /** It failed at first, and these are the figures of its repetition. */
  repeated: boolean;
  /** Of all cores, what others took meanwhile. */
  others_share: number;
  checks: CheckResult[];
}

export interface SelftestReport {
  schema: typeof SELFTEST_SCHEMA;
  startedAt: string;
  elapsed_s: number;
  environment: Environment;
  interrupted: boolean;
  verdict: Exclude<Outcome, 'floor'>;
  cases: CaseResult[];
  floor: Floor;
}
