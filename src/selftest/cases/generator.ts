/** The generator itself: its clock, its resolution, its arrivals, its end. */
import { LatencyHistogram } from '../../recording/recording.ts';
import { exactly, limit, near } from '../checks.ts';
import { gapsOf, quantileOf } from '../laws.ts';
import type { Check, Evidence, Experiment, Floor } from '../types.ts';
import {
  BRISK,
  booksAgree,
  GETS,
  gapFigures,
  lagFloor,
  peerTimes,
  responseFloor,
  serviceFloor,
  steady,
  warmAndSteady,
} from './shared.ts';

const MS = 1e6;
const US = 1e3;

const LAG_P99_NS = 200 * US;
const ON_TIME_PER_S = 2000;

export const onTime: Experiment = {
  name: 'on-time',
  behaviour: null,
  workload: {
    driver: 'noop',
    arrivals: { process: 'constant', rate: `${ON_TIME_PER_S}/s` },
    phases: warmAndSteady(2),
  },
  quiet: false,
  long: false,
  cases: [
    {
      name: 'on-time',
      shows: '2,000 operations a second that do nothing: each starts when it is due',
      checks: ({ arm }) => [
        limit('lag p99', 'at most', LAG_P99_NS, {
          measured: arm.schedule_lag_ns.p99,
          floor: lagFloor(0.99),
        }),
        rateOf('planned rate', arm.rate.planned_per_s),
        rateOf('achieved rate', arm.rate.achieved_per_s),
      ],
    },
  ],
  floor: ({ arm: { schedule_lag_ns } }) => ({ lag_ns: spreadOf(schedule_lag_ns.p50, schedule_lag_ns.p99) }),
};

const EVEN_PER_S = 200;
/** Cells of a histogram that the answers of a run fall into: whole milliseconds are a handful. */
const DISTINCT_TIMES = 50;

export const instant: Experiment = {
  name: 'instant',
  behaviour: { delays_ns: [0] },
  workload: {
    ...GETS,
    connections: { perCaller: 100 },
    arrivals: { process: 'constant', rate: `${EVEN_PER_S}/s` },
    phases: warmAndSteady(5.2, BRISK),
  },
  quiet: false,
  long: false,
  cases: [
    {
      name: 'sub-millisecond',
      shows: 'a server that answers at once: times below a millisecond, told apart',
      checks: (evidence) => {
        const { service_ns } = evidence.arm.operations.all;
        return [
          limit('service p50', 'at most', 1 * MS, {
            measured: service_ns.p50,
            logged: stay(evidence, 0.5),
            floor: serviceFloor(0.5),
          }),
          limit('fastest', 'at least', 1 * US, { measured: service_ns.min }),
          limit('distinct times', 'at least', DISTINCT_TIMES, {
            measured: LatencyHistogram.decode(service_ns.hdr).snapshot().cells.length / 2,
            unit: 'count',
          }),
          ...booksAgree(evidence),
        ];
      },
    },
    {
      name: 'even-rate',
      shows: 'requests at 200/s reach the server evenly spaced, and not in a burst each second',
      checks: ({ log }) => {
        const gaps = gapsOf(log!.received_ns);
        const gap = (p: number) => ({
          expected: 1e9 / EVEN_PER_S,
          measured: quantileOf(gaps, p),
          // Shorter where the one before came late, longer where this one does.
          floor: responseFloor(0.99),
        });
        return [near('gap p1', gap(0.01), { share: 0.2 }), near('gap p99', gap(0.99), { share: 0.2 })];
      },
    },
  ],
  floor: (evidence) => {
    const { p50, p99 } = evidence.arm.operations.all.service_ns;
    return {
      added_ns:
        p50 === null || p99 === null
          ? null
          : { p50: p50 - stay(evidence, 0.5), p99: p99 - stay(evidence, 0.99) },
    };
  },
  peer: {
    options: { connections: 1, overallRate: EVEN_PER_S, duration: 4 },
    figures: (outcome, log) => {
      const { result } = outcome;
      return {
        ...peerTimes(outcome, ['p50']),
        ...gapFigures(log),
        fastest: { said: result ? result.latency.min! * MS : null },
      };
    },
  },
};

const SLOW_NS = 100 * MS;

export const omission: Experiment = {
  name: 'omission',
  behaviour: { delays_ns: [SLOW_NS] },
  workload: {
    ...GETS,
    arrivals: { process: 'constant', rate: '5/s' },
    phases: [steady(4)],
  },
  quiet: true,
  long: false,
  cases: [
    {
      name: 'no-invented-times',
      shows: 'a server that always takes 100 ms, at 5/s: one time a request, and none below',
      checks: (evidence) => {
        const { response_ns } = evidence.arm.operations.all;
        const logged = (p: number) => quantileOf(evidence.log!.stays_ns, p);
        const bound = { share: 0.05, beside: 1 * MS };
        return [
          exactly('times recorded', evidence.log!.stretch.requests, response_ns.count),
          near('fastest', { expected: SLOW_NS, logged: logged(0), measured: response_ns.min }, bound),
          near(
            'response p50',
            {
              expected: SLOW_NS,
              logged: logged(0.5),
              measured: response_ns.p50,
              floor: responseFloor(0.5),
            },
            bound,
          ),
        ];
      },
    },
  ],
  peer: {
    options: { connections: 1, connectionRate: 5, duration: 4 },
    figures: (outcome, { total }) => ({
      ...peerTimes(outcome, ['p50']),
      'times recorded': { said: outcome.result?.latency.totalCount ?? null, truth: total.requests },
      fastest: { said: outcome.result ? outcome.result.latency.min! * MS : null },
    }),
  },
};

export const stop: Experiment = {
  name: 'stop',
  behaviour: { delays_ns: [10 * MS] },
  workload: {
    ...GETS,
    connections: { perCaller: 50 },
    arrivals: { process: 'constant', rate: '50/s' },
    phases: [steady(60)],
  },
  stopAfter_ms: 1000,
  quiet: true,
  long: false,
  cases: [
    {
      name: 'stop',
      shows: 'a run of a minute that is stopped after a second: it ends, with all that it measured',
      checks: (evidence) => [
        limit('ended after', 'at most', 1000 * MS, { measured: evidence.stopped_after_ns }),
        exactly('answers', evidence.log!.stretch.requests, evidence.arm.operations.all.response_ns.count),
        ...booksAgree(evidence),
      ],
    },
  ],
  peer: {
    options: { connections: 1, workers: 1, duration: 60 },
    stopAfter_ms: 1000,
    figures: ({ result, stopped_after_ns }, { total }) => ({
      'ended after': { said: stopped_after_ns },
      answers: { said: result?.['2xx'] ?? null, truth: total.requests },
    }),
  },
};

/** No case: what the `http` driver carries is a fact about the machine. */
export const capacity: Experiment = {
  name: 'capacity',
  behaviour: { delays_ns: [0] },
  workload: {
    ...GETS,
    connections: { perCaller: 16 },
    arrivals: { loop: 'closed', concurrency: 16 },
    phases: warmAndSteady(2),
  },
  quiet: false,
  long: false,
  cases: [],
  floor: ({ arm }): Partial<Floor> => ({
    requests_per_s: arm.rate.achieved_per_s,
    cpu_us_per_request: arm.cpu_us_per_op.lanes,
  }),
};

function rateOf(what: string, measured: number | null): Check {
  return { ...near(what, { expected: ON_TIME_PER_S, measured }, { share: 0.001 }), unit: 'per_s' };
}

function stay({ log }: Evidence, p: number): number {
  return quantileOf(log!.stays_ns, p);
}

function spreadOf(p50: number | null, p99: number | null): Floor['lag_ns'] {
  return p50 === null || p99 === null ? null : { p50, p99 };
}
