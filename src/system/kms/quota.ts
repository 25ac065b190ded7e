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

/**
 * Requests per second of an account in a Region, for each operation on its own. Source: AWS KMS Developer Guide,
 * "Request quotas" (requests-per-second).
 */
export const CONTROL_QUOTAS_PER_S: Readonly<Record<string, number>> = {
  CancelKeyDeletion: 5,
  CreateAlias: 5,
  CreateGrant: 50,
  CreateKey: 5,
  DeleteAlias: 15,
  DescribeKey: 2000,
  DisableKey: 5,
  DisableKeyRotation: 5,
  EnableKey: 5,
  EnableKeyRotation: 15,
  GetKeyLastUsage: 5,
  GetKeyPolicy: 1000,
  GetKeyRotationStatus: 1000,
  ListAliases: 500,
  ListGrants: 100,
  ListKeyPolicies: 100,
  ListKeyRotations: 100,
  ListKeys: 500,
  ListResourceTags: 2000,
  ListRetirableGrants: 100,
  PutKeyPolicy: 15,
  RetireGrant: 50,
  RevokeGrant: 50,
  RotateKeyOnDemand: 5,
  ScheduleKeyDeletion: 15,
  TagResource: 10,
  UntagResource: 5,
  UpdateAlias: 5,
  UpdateKeyDescription: 5,
};

export interface RequestQuotasOptions {
  crypto_per_s: number;
  /** Whether the operations that manage keys have a quota. */
  control: boolean;
  /** Real time: what a client may send in a second does not grow with a simulated clock. */
  clock: Clock;
}

/** The account's request quotas: one that cryptographic operations share, and one for each of the others. */
export class RequestQuotas {
  readonly #crypto: RequestQuota;
  readonly #control: ReadonlyMap<string, RequestQuota>;

  constructor({ crypto_per_s, control, clock }: RequestQuotasOptions) {
    this.#crypto = new RequestQuota(crypto_per_s, clock);
    const rates = control ? Object.entries(CONTROL_QUOTAS_PER_S) : [];
    this.#control = new Map(
      rates.map(([operation, rate_per_s]) => [operation, new RequestQuota(rate_per_s, clock)]),
    );
  }

  takeCrypto(): boolean {
    return this.#crypto.take();
  }

  takeControl(operation: string): boolean {
    return this.#control.get(operation)?.take() ?? true;
  }
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
