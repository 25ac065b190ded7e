/** Servers whose times are known: does the tool see them as they are? */
import { LatencyHistogram } from '../../recording/recording.ts';
import type { Summary } from '../../result/types.ts';
import { limit, near } from '../checks.ts';
import {
  distanceFrom,
  exponentialCdf,
  exponentialQuantile,
  gapsOf,
  quantileOf,
  queueResponses,
  stratifiedExponential,
} from '../laws.ts';
import type { Check, Evidence, Experiment, FloorPercentile, PeerOutcome } from '../types.ts';
import { BRISK, GETS, peerTimes, responseFloor, serviceFloor, warmAndSteady } from './shared.ts';

const MS = 1e6;

/** So many connections that hardly any request finds its own busy: a wait there is no time of the server's. */
const MANY = 300;

const P50 = { share: 0.03, beside: 0.3 * MS };
const P99 = { share: 0.05, beside: 1 * MS };

const CONSTANT_NS = 5 * MS;
const CONSTANT_PER_S = 200;
const ARRIVALS_DISTANCE = 0.05;

export const constant: Experiment = {
  name: 'constant',
  behaviour: { delays_ns: [CONSTANT_NS] },
  workload: {
    ...GETS,
    connections: { perCaller: MANY },
    // At constant gaps of 5 ms each request would be sent in the moment in which the one before it is answered.
    arrivals: { process: 'poisson', rate: `${CONSTANT_PER_S}/s` },
    phases: warmAndSteady(5.2, BRISK),
  },
  quiet: false,
  long: false,
  cases: [
    {
      name: 'constant-delay',
      shows: 'a server that always takes 5 ms, at 200/s',
      checks: ({ arm, log }) =>
        timesOf(arm.operations.all).flatMap(([name, summary]) => [
          near(
            `${name} p50`,
            { ...stayed(log, 0.5, CONSTANT_NS), measured: summary.p50, floor: FLOORS[name](0.5) },
            P50,
          ),
          near(
            `${name} p99`,
            { ...stayed(log, 0.99, CONSTANT_NS), measured: summary.p99, floor: FLOORS[name](0.99) },
            P99,
          ),
        ]),
    },
    {
      name: 'poisson-arrivals',
      shows:
        'Poisson arrivals are exponential gaps at the server: the greatest distance of the distributions',
      checks: ({ log }) => [
        limit('distance', 'at most', ARRIVALS_DISTANCE, {
          measured: distanceFrom(gapsOf(log!.received_ns), exponentialCdf(1e9 / CONSTANT_PER_S)),
          unit: 'share',
        }),
      ],
    },
  ],
  peer: {
    options: { connections: 4, overallRate: CONSTANT_PER_S, duration: 5 },
    figures: (outcome) => peerTimes(outcome, ['p50', 'p99']),
  },
};

const EXPONENTIAL_NS = 10 * MS;
const EXPONENTIAL_PER_S = 500;
const EXPONENTIAL_S = 4;

export const exponential: Experiment = {
  name: 'exponential',
  behaviour: { delays_ns: spread(stratifiedExponential(EXPONENTIAL_PER_S * EXPONENTIAL_S, EXPONENTIAL_NS)) },
  workload: {
    ...GETS,
    connections: { perCaller: MANY },
    arrivals: { process: 'constant', rate: `${EXPONENTIAL_PER_S}/s` },
    phases: warmAndSteady(EXPONENTIAL_S, BRISK),
  },
  quiet: false,
  long: true,
  cases: [
    {
      name: 'exponential-delay',
      shows: 'delays from an exponential distribution of mean 10 ms, at 500/s',
      checks: ({ arm, log }) =>
        timesOf(arm.operations.all).flatMap(([name, summary]) =>
          ([0.5, 0.9, 0.99] as const).map((p) => {
            const percentile = `p${p * 100}` as 'p50' | 'p90' | 'p99';
            const law = exponentialQuantile(p, EXPONENTIAL_NS);
            return near(
              `${name} ${percentile}`,
              { ...stayed(log, p, law), measured: summary[percentile], floor: FLOORS[name](p) },
              { share: 0.05 },
            );
          }),
        ),
    },
  ],
  peer: {
    options: { connections: 10, overallRate: EXPONENTIAL_PER_S, duration: EXPONENTIAL_S },
    figures: (outcome) => peerTimes(outcome, ['p50', 'p90', 'p99']),
  },
};

const STALL_PER_S = 100;
const STALL_S = 10;
const STALLED_NS = 1000 * MS;
/** Of those before and after it. */
const BRISK_NS = 1 * MS;
const STALLS_AT = 450;
const STALL_DELAYS_NS = Array.from({ length: STALL_PER_S * STALL_S }, (_, index) =>
  index === STALLS_AT ? STALLED_NS : BRISK_NS,
);
const STALL_DUES_NS = STALL_DELAYS_NS.map((_, index) => (index * 1e9) / STALL_PER_S);

export const stall: Experiment = {
  name: 'stall',
  behaviour: { delays_ns: STALL_DELAYS_NS },
  workload: {
    ...GETS,
    arrivals: { process: 'constant', rate: `${STALL_PER_S}/s` },
    phases: warmAndSteady(STALL_S),
  },
  quiet: true,
  long: true,
  cases: [
    {
      name: 'stall',
      shows: 'a stall of 1 s in 10 s, one connection, 100/s: all who waited are counted',
      checks: ({ arm, log }) => {
        const { response_ns, service_ns } = arm.operations.all;
        const law = queueResponses(STALL_DUES_NS, STALL_DELAYS_NS);
        const logged =
          log!.stays_ns.length === law.length ? queueResponses(STALL_DUES_NS, log!.stays_ns) : [];
        const response = (p: number): Check =>
          near(
            `response p${p * 100}`,
            {
              expected: quantileOf(law, p),
              logged: quantileOf(logged, p),
              measured: percentile(response_ns, p),
            },
            { share: 0.05 },
          );
        return [
          response(0.95),
          response(0.99),
          limit('service p95', 'at most', 10 * MS, {
            measured: percentile(service_ns, 0.95),
            logged: quantileOf(log!.stays_ns, 0.95),
          }),
        ];
      },
    },
  ],
  peer: {
    options: { connections: 1, overallRate: STALL_PER_S, duration: STALL_S },
    figures: (outcome: PeerOutcome) => peerTimes(outcome, ['p99']),
  },
};

const FLOORS = { response: responseFloor, service: (p: FloorPercentile) => serviceFloor(p) } as const;

function timesOf({ response_ns, service_ns }: { response_ns: Summary; service_ns: Summary }) {
  return [
    ['response', response_ns],
    ['service', service_ns],
  ] as const;
}

function stayed(log: Evidence['log'], p: number, law: number): { expected: number; logged: number } {
  return { expected: law, logged: quantileOf(log!.stays_ns, p) };
}

/** One that the result doesn't print. The measurement carries it where it carries the p99 and nothing failed. */
function percentile(summary: Summary, p: number): number | null {
  return summary.p99 === null || summary.mean === null
    ? null
    : LatencyHistogram.decode(summary.hdr).valueAtPercentile(p * 100);
}

/** In an order that has no trend, the same each time: neighbours go far apart. */
function spread(values: readonly number[]): number[] {
  const stride = 1237;
  return values.map((_, index) => values[(index * stride) % values.length]!);
}
