/** A rule about the parts of the response time. */
import { summariseBreakdown } from '../breakdown.ts';
import { type Facts, type Finding, milliseconds, percent } from './facts.ts';

const UNACCOUNTED = 0.05;

/** Parts are measured where they pass, by several clocks: together they must be the time that the lane measured. */
export function timeIsAccountedFor({ measured }: Facts): Finding | undefined {
  const breakdown = summariseBreakdown(measured.breakdown);
  // A driver that tells neither of the store nor of the way there leaves most of the time to whoever reads the rest.
  if (!measured.breakdown || !breakdown || (breakdown.wire ?? breakdown.server_other) === null)
    return undefined;
  const response_ns = measured.breakdown.response_ns / measured.breakdown.samples;
  const share = breakdown.unaccounted / response_ns;
  if (Math.abs(share) <= UNACCOUNTED) return undefined;
  return {
    severity: 'suspect',
    reason: `Where the time went does not add up: ${milliseconds(breakdown.unaccounted)} of a mean response of ${milliseconds(response_ns)} (${percent(share)}, 5 % allowed) is in none of its parts. The load generator was too busy to note them, or client and store don't share a clock. Use less load or more lanes, and don't go by the breakdown.`,
  };
}
