/** The emulated network: is its round trip as long as the workload says? */
import { near } from '../checks.ts';
import type { Experiment, FloorPercentile } from '../types.ts';
import { booksAgree, GETS, steady } from './shared.ts';

const RTT_NS = 20e6;
const CLOSE_TO = { share: 0.05, beside: 1e6 };

/** @param trips of a request: its own, and that of its connection where it brings one */
function roundTrips(name: string, trips: number, connections: object, shows: string): Experiment {
  return {
    name,
    behaviour: { delays_ns: [0] },
    workload: {
      ...GETS,
      network: { rtt: `${RTT_NS / 1e6}ms` },
      connections,
      arrivals: { process: 'poisson', rate: '50/s' },
      phases: [steady(3)],
    },
    quiet: true,
    long: false,
    cases: [
      {
        name,
        shows,
        checks: (evidence) => {
          const { service_ns } = evidence.arm.operations.all;
          const expected = trips * RTT_NS;
          // To the relay and back, and from there to the server and back; it sleeps on both ways.
          const floor = (p: FloorPercentile) => ({ wakes: 2 * trips, trips: 2 * trips, p });
          return [
            near('service p50', { expected, measured: service_ns.p50, floor: floor(0.5) }, CLOSE_TO),
            near('service p90', { expected, measured: service_ns.p90, floor: floor(0.9) }, CLOSE_TO),
            ...booksAgree(evidence),
          ];
        },
      },
    ],
  };
}

export const roundTrip = roundTrips(
  'round-trip',
  1,
  { perCaller: 100 },
  'an emulated round trip of 20 ms on kept connections: each request takes one',
);

export const freshRoundTrip = roundTrips(
  'fresh-round-trip',
  2,
  { mode: 'fresh' },
  'the same on new connections: each takes one to connect, and one to ask',
);
