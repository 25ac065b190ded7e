import { exactly } from '../checks.ts';
import { gapsOf, quantileOf } from '../laws.ts';
import type {
  Check,
  Evidence,
  FloorPercentile,
  FloorShare,
  PeerFigures,
  PeerOutcome,
  ServerLog,
} from '../types.ts';

/** The workload fields that all cases have in common. */
export const GETS = { operations: { get: 1 }, keys: { popularity: 'uniform' }, sign: false } as const;

/**
 * @param steady_s measured, after a second that is not
 * @param rate of that second: compilers go on for thousands of requests, of which a slow rate has too few
 */
export function warmAndSteady(steady_s: number, rate?: string): object[] {
  return [{ name: 'warm-up', for: '1s', measured: false, ...(rate && { rate }) }, steady(steady_s)];
}

/** More than any case asks for, and what a busy machine still carries. */
export const BRISK = '3000/s';

export function steady(steady_s: number): object {
  return { name: 'steady', for: `${steady_s}s` };
}

/** The pacer's thread wakes, and wakes the lane: what is in schedule lag. */
export function lagFloor(p: FloorPercentile): FloorShare {
  return { wakes: 2, trips: 0, p };
}

/** What is in service time: to the server and back, twice and by way of its relay where a network is emulated. */
export function serviceFloor(p: FloorPercentile, roundTrips = 1): FloorShare {
  return { wakes: 0, trips: roundTrips, p };
}

export function responseFloor(p: FloorPercentile): FloorShare {
  return { wakes: 2, trips: 1, p };
}

/** Every request in the server's books is in ours, and the other way round. */
export function booksAgree({ arm, log }: Evidence): Check[] {
  return [
    exactly('requests sent', log!.total.requests, arm.connections!.requests),
    exactly('counters that disagree', 0, arm.identities.filter(({ state }) => state === 'broken').length),
  ];
}

/** autocannon's percentiles, which stand beside both of our times. */
export function peerTimes({ result }: PeerOutcome, percentiles: readonly string[]): PeerFigures {
  return Object.fromEntries(
    percentiles.flatMap((percentile) => {
      const value_ms = result?.latency[percentile];
      const figure = { said: value_ms === undefined ? null : value_ms * 1e6 };
      return [
        [`response ${percentile}`, figure],
        [`service ${percentile}`, figure],
      ];
    }),
  );
}

/** How its requests reached the server. */
export function gapFigures(log: ServerLog): PeerFigures {
  const gaps = gapsOf(log.received_ns);
  return { 'gap p1': { said: quantileOf(gaps, 0.01) }, 'gap p99': { said: quantileOf(gaps, 0.99) } };
}
