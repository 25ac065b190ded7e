import type { Random } from '../../std/random.ts';

const BASE_MS = 100;
const THROTTLED_BASE_MS = 500;
const LONGEST_MS = 20_000;

/**
 * Time to wait before the attempt after `attempt`: exponential with full jitter, as the AWS SDKs' standard mode
 * waits.
 * @param attempt 1 for the first
 */
export function backoff_ms(attempt: number, throttled: boolean, random: Random): number {
  const base_ms = throttled ? THROTTLED_BASE_MS : BASE_MS;
  return Math.floor(random.next() * Math.min(LONGEST_MS, base_ms * 2 ** (attempt - 1)));
}
