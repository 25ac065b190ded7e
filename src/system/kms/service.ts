import { randomUUID } from 'node:crypto';
import { type Clock, realClock } from '../../std/clock.ts';
import { createRandom, type Random } from '../../std/random.ts';
import type { WireRequest } from '../wire/types.ts';
import { AwsError } from '../wire/wire.ts';
import { KeyAccess } from './access.ts';
import { Authorizer } from './authorizer.ts';
import type { KmsCall } from './call.ts';
import { kmsErrors } from './errors.ts';
import { Faults } from './faults.ts';
import { GrantBook } from './grantbook.ts';
import { Keyring, type KeyVault } from './keyring.ts';
import { delay, type LatencyPercentiles, sampleLatency_ms, TimerRounding } from './latency.ts';
import { type KmsOperation, kmsOperations, perform } from './operations.ts';
import { RequestQuotas, regionCryptoQuota_per_s } from './quota.ts';
import { RequestLog } from './requests.ts';
import { Identities, Trail, trailAnswer, trailParameters, trailText } from './trail.ts';
import { TrailFiles } from './trail-files.ts';
import type { KmsOptions, TrailRecord } from './types.ts';
import { KeyUses } from './uses.ts';

const TRAIL_CAPACITY = 10_000;
/** Errors of requests that were never understood: what they carry may be anything, and stays out of the trail. */
const NOT_UNDERSTOOD = new Set(['SerializationException', 'ValidationException']);

/** The KMS without its HTTP server: operations, faults, quota and latency, counters and trail. */
export class KmsService {
  readonly faults: Faults;
  readonly requests = new RequestLog();
  readonly trail: Trail;
  readonly #region: string;
  readonly #keyring: Keyring;
  readonly #grants: GrantBook;
  readonly #access: KeyAccess;
  readonly #uses: KeyUses;
  readonly #quotas: RequestQuotas;
  readonly #latency: LatencyPercentiles | undefined;
  readonly #random: Random;
  readonly #rounding: TimerRounding;
  readonly #identities: Identities;

  constructor(options: KmsOptions, vault: KeyVault | undefined, realTime: Clock = realClock) {
    const clock = options.clock ?? realClock;
    this.#region = options.region;
    this.#keyring = new Keyring(clock, vault);
    this.#grants = new GrantBook(vault);
    const { region, accountId, callers } = options;
    this.#uses = new KeyUses(this.#keyring.now_ms());
    this.#access = new KeyAccess({
      region,
      accountId,
      keyring: this.#keyring,
      grants: this.#grants,
      authorizer: new Authorizer({
        region,
        accountId,
        callers,
        grants: this.#grants,
        now_ms: () => this.#keyring.now_ms(),
        aliasesOf: (keyId) => this.#keyring.aliasesOf(keyId).map((alias) => alias.name),
      }),
      uses: this.#uses,
      takeQuota: () => this.faults.current()?.kind !== 'throttle' && this.#quotas.takeCrypto(),
    });
    this.faults = new Faults(clock);
    this.#quotas = new RequestQuotas({
      crypto_per_s: options.quota_per_s ?? regionCryptoQuota_per_s(options.region),
      control: options.controlQuotas ?? false,
      clock: realTime,
    });
    this.#latency = options.latency;
    this.#random = options.random ?? createRandom(1);
    this.#rounding = new TimerRounding(this.#random);
    this.#identities = new Identities(options.callers);
    const files = options.trail && new TrailFiles(options.trail, options, realTime);
    this.trail = new Trail(options.trailCapacity ?? TRAIL_CAPACITY, files);
  }

  /** @throws AwsError */
  async handle(request: WireRequest): Promise<object> {
    const operation = kmsOperations[request.operation]!;
    const { signer, principal, body } = request;
    const call = { operation: request.operation, body, signer, principal, keys: [], charged: false };
    this.requests.received(request.operation);
    if (this.faults.current()?.kind === 'outage') throw this.#failed(kmsErrors.internal());
    const delay_ms = operation.crypto ? this.#delay_ms() : 0;
    const eventID = randomUUID();
    try {
      this.#chargeControl(operation, call);
      const answer = await perform(operation, this.#access, call);
      if (operation.crypto) this.#noteUse(request, call, eventID);
      this.#record(request, call, operation, {
        eventID,
        responseElements: this.#answered(call, operation, answer),
      });
      if (delay_ms > 0) await delay(delay_ms, this.#rounding);
      return answer;
    } catch (error) {
      const failure = this.#failed(error);
      const errorCode = failure.code;
      const errorMessage = trailText(failure.message);
      const requestParameters = NOT_UNDERSTOOD.has(errorCode) ? { requestParameters: null } : {};
      this.#record(request, call, operation, { eventID, errorCode, errorMessage, ...requestParameters });
      if (delay_ms > 0 && errorCode !== 'ThrottlingException') await delay(delay_ms, this.#rounding);
      throw failure;
    }
  }

  /** A cryptographic request is charged once its key is known. AWS owned keys, which services alone see, are free. */
  #chargeControl({ crypto }: KmsOperation, { operation, signer, body }: KmsCall): void {
    if (crypto || (signer.kind === 'service' && this.#access.isAwsOwned(body.KeyId))) return;
    if (!this.#quotas.takeControl(operation)) throw kmsErrors.throttled();
  }

  async close(): Promise<void> {
    await this.#grants.close();
    await this.#keyring.close();
    await this.trail.close();
  }

  #delay_ms(): number {
    const fault = this.faults.current();
    const percentiles = fault?.kind === 'latency' ? fault : this.#latency;
    return percentiles === undefined ? 0 : sampleLatency_ms(percentiles, this.#random);
  }

  #failed(error: unknown): AwsError {
    const failure = error instanceof AwsError ? error : unexpected(error);
    this.requests.failed(failure.code);
    return failure;
  }

  #noteUse({ operation, requestId }: WireRequest, { keys }: KmsCall, eventId: string): void {
    const use = { operation, at_ms: this.#keyring.now_ms(), eventId, requestId };
    for (const { keyId } of keys) this.#uses.note(keyId, use);
  }

  /** Since December 2022 CloudTrail names the key of a change that answers nothing. */
  #answered({ operation, keys }: KmsCall, { readOnly }: KmsOperation, answer: object) {
    const [key] = keys;
    if (readOnly) return null;
    return trailAnswer(operation, answer) ?? (key === undefined ? null : { keyId: this.#access.keyArn(key) });
  }

  #record(
    request: WireRequest,
    call: KmsCall,
    operation: KmsOperation,
    outcome: Partial<TrailRecord> & Pick<TrailRecord, 'eventID'>,
  ): void {
    const keys = [...new Map(call.keys.map((key) => [key.keyId, key])).values()];
    if (keys.some((key) => key.owner === 'aws-owned')) return;
    const service = request.signer.kind === 'service' ? request.signer.name : undefined;
    this.trail.add({
      eventVersion: '1.05',
      userIdentity: this.#identities.of(request.signer, request.principal),
      eventTime: `${new Date(this.#keyring.now_ms()).toISOString().slice(0, 19)}Z`,
      eventSource: 'kms.amazonaws.com',
      eventName: request.operation,
      awsRegion: this.#region,
      sourceIPAddress: service ?? request.sourceIp,
      userAgent: service ?? trailText(request.userAgent),
      requestParameters: trailParameters(request.body),
      responseElements: null,
      requestID: request.requestId,
      readOnly: operation.readOnly,
      resources: keys.map((key) => ({
        ARN: this.#access.keyArn(key),
        accountId: this.#access.accountOf(key),
        type: 'AWS::KMS::Key',
      })),
      eventType: 'AwsApiCall',
      managementEvent: true,
      recipientAccountId: this.#access.accountId,
      eventCategory: 'Management',
      ...(request.principal.kind === 'service' ? { sharedEventID: randomUUID() } : {}),
      ...outcome,
    });
  }
}

/** What went wrong stays on this side. */
function unexpected(cause: unknown): AwsError {
  const error = kmsErrors.internal();
  error.cause = cause;
  return error;
}
