/** Servers that refuse, break off and hang up: is everything counted once, and nothing else disturbed? */
import { exactly, limit, near } from '../checks.ts';
import { quantileOf } from '../laws.ts';
import type { Check, Evidence, Experiment } from '../types.ts';
import { booksAgree, GETS, peerTimes, responseFloor, serviceFloor, steady } from './shared.ts';

const MS = 1e6;
const CLOSE_TO = { share: 0.05, beside: 1 * MS };

export const throttle: Experiment = {
  name: 'throttle',
  behaviour: { delays_ns: [5 * MS], throttleEvery: 7 },
  workload: {
    ...GETS,
    connections: { perCaller: 100 },
    arrivals: { process: 'constant', rate: '200/s' },
    phases: [steady(2)],
  },
  quiet: true,
  long: false,
  cases: [
    {
      name: 'throttle',
      shows: 'every seventh request throttled: counted as errors, in no percentile of successes',
      checks: (evidence) => {
        const { count, errors, response_ns } = evidence.arm.operations.all;
        const { requests, throttled } = evidence.log!.stretch;
        return [
          exactly('throttled', throttled, errors.ThrottlingException ?? 0),
          exactly('successes', requests - throttled, response_ns.count),
          exactly('operations', requests, count),
          limit('fastest success', 'at least', 5 * MS, { measured: response_ns.min }),
          ...booksAgree(evidence),
        ];
      },
    },
  ],
  peer: {
    options: { connections: 4, overallRate: 200, duration: 2 },
    figures: ({ result }, { total }) => ({
      throttled: { said: result?.non2xx ?? null, truth: total.throttled },
      successes: { said: result?.['2xx'] ?? null, truth: total.requests - total.throttled },
    }),
  },
};

const RESET_NS = 50 * MS;

export const reset: Experiment = {
  name: 'reset',
  behaviour: { delays_ns: [RESET_NS], resetEvery: 20 },
  workload: {
    ...GETS,
    connections: { perCaller: 200 },
    arrivals: { process: 'constant', rate: '80/s' },
    phases: [steady(3)],
  },
  quiet: true,
  long: false,
  cases: [
    {
      name: 'reset',
      shows: 'every twentieth connection reset before its answer: counted, and later times stay true',
      checks: (evidence) => {
        const { arm, log } = evidence;
        const { count, response_ns } = arm.operations.all;
        return [
          exactly('transport errors', log!.total.resets, arm.connections!.transport_errors),
          exactly('failed', log!.stretch.resets, count - response_ns.count),
          ...timesStayTrue(evidence),
          ...booksAgree(evidence),
        ];
      },
    },
  ],
  peer: {
    options: { connections: 1, duration: 3 },
    figures: (outcome, { total }) => ({
      ...peerTimes(outcome, ['p50', 'p90']),
      'transport errors': { said: outcome.result?.errors ?? null, truth: total.resets },
    }),
  },
};

export const close: Experiment = {
  name: 'connection-close',
  behaviour: { delays_ns: [RESET_NS], closes: true },
  workload: {
    ...GETS,
    connections: { perCaller: 100 },
    arrivals: { process: 'constant', rate: '40/s' },
    phases: [steady(3)],
  },
  quiet: true,
  long: false,
  cases: [
    {
      name: 'connection-close',
      shows: 'a server that hangs up after each answer: a connection a request, and no time adds to another',
      checks: (evidence) => {
        const { arm, log } = evidence;
        return [
          exactly('connections', log!.total.requests, arm.connections!.opened),
          ...timesStayTrue(evidence),
          ...booksAgree(evidence),
        ];
      },
    },
  ],
  peer: {
    options: { connections: 1, duration: 3 },
    figures: (outcome) => peerTimes(outcome, ['p50', 'p90']),
  },
};

/** Those of the requests that nothing befell. */
function timesStayTrue({ arm, log }: Evidence): Check[] {
  const { response_ns, service_ns } = arm.operations.all;
  const stayed = (p: number) => ({ expected: RESET_NS, logged: quantileOf(log!.stays_ns, p) });
  return [
    near('response p50', { ...stayed(0.5), measured: response_ns.p50, floor: responseFloor(0.5) }, CLOSE_TO),
    near('service p90', { ...stayed(0.9), measured: service_ns.p90, floor: serviceFloor(0.9) }, CLOSE_TO),
  ];
}

export const fresh: Experiment = {
  name: 'fresh',
  behaviour: { delays_ns: [0] },
  workload: {
    ...GETS,
    connections: { mode: 'fresh' },
    arrivals: { process: 'constant', rate: '200/s' },
    phases: [steady(2)],
  },
  quiet: true,
  long: false,
  cases: [
    {
      name: 'fresh-connections',
      shows: 'a new connection for each request: every answer counts',
      checks: (evidence) => {
        const { arm, log } = evidence;
        return [
          exactly('answers', log!.stretch.requests, arm.operations.all.response_ns.count),
          exactly('connections', log!.total.connections, arm.connections!.opened),
          exactly('requests a connection', 1, log!.total.requests / log!.total.connections),
          ...booksAgree(evidence),
        ];
      },
    },
  ],
  peer: {
    options: { connections: 1, reconnectRate: 1, duration: 2 },
    figures: ({ result }, { total }) => ({
      answers: { said: result?.['2xx'] ?? null, truth: total.requests },
    }),
  },
};
