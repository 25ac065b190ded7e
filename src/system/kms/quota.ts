import type { Clock } from '../../std/clock.ts';

const LARGE_REGIONS = new Set(['us-east-1', 'us-west-2', 'eu-west-1']);
const MIDDLE_REGIONS = new Set([
  'us-east-2',
  'ap-southeast-1',
  'ap-southeast-2',
  'ap-northeast-1',
  'eu-central-1',
  'eu-west-2',
]);

/**
 * Symmetric cryptographic requests per second of an account in a Region, shared by all such operations.
 * Source: AWS KMS Developer Guide, "Request quotas" (requests-per-second).
 */
export function regionCryptoQuota_per_s(region: string): number {
  if (LARGE_REGIONS.has(region)) return 100_000;
  return MIDDLE_REGIONS.has(region) ? 20_000 : 10_000;
}

/** A token bucket that holds one second's worth of requests, and at least one. */
export class RequestQuota {
  readonly #clock: Clock;
  readonly #rate_per_s: number;
  readonly #capacity: number;
  #tokens: number;
  #filledAt_ns: number;

  constructor(rate_per_s: number, clock: Clock) {
    this.#clock = clock;
    this.#rate_per_s = rate_per_s;
    this.#capacity = Math.max(1, rate_per_s);
    this.#tokens = this.#capacity;
    this.#filledAt_ns = clock.now_ns();
  }

  /** Takes one request's token, if there is one. */
  take(): boolean {
    const now_ns = this.#clock.now_ns();
    const refill = ((now_ns - this.#filledAt_ns) / 1e9) * this.#rate_per_s;
    this.#tokens = Math.min(this.#capacity, this.#tokens + refill);
    this.#filledAt_ns = now_ns;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
