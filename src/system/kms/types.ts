import type { Clock } from '../../std/clock.ts';
import type { Random } from '../../std/random.ts';
import type { Caller, Credentials, Principal, TlsIdentity, WireCounters, WireServer } from '../wire/types.ts';

import type { TrailFilesOptions } from './trail-files.ts';

export type EncryptionContext = Readonly<Record<string, string>>;

export interface KmsOptions {
  region: string;
  accountId: string;
  callers: readonly Caller[];
  auth: 'sigv4' | 'none';
  /** Log-normal service delay with these percentiles, per cryptographic call; none without it. */
  latency?: { p50_ms: number; p99_ms: number };
  /** Cryptographic requests per second before `ThrottlingException`; the Region's quota without it. */
  quota_per_s?: number;
  /**
   * Whether operations that manage keys have the quotas that AWS documents, CreateKey 5 per second for one. Default
   * false: what sets a measurement up is not held up.
   */
  controlQuotas?: boolean;
  /** Where keys persist; without it they live and die with the process. */
  directory?: string;
  /** Newest requests kept in the trail; older ones are counted and dropped. Default 10,000. */
  trailCapacity?: number;
  /** Where the trail is written, beside being kept in memory. */
  trail?: TrailFilesOptions;
  /** Key lifecycle time (creation, deletion windows). */
  clock?: Clock;
  /** For the simulated latency only: key material always comes from the system's CSPRNG. */
  random?: Random;
  tls?: TlsIdentity;
  host?: string;
  /** Or another Region's server, at whose port this one answers too. */
  port: number | WireServer;
}

/** One request as the KMS saw it: CloudTrail's shape without what an emulator can't know. */
export interface TrailRecord {
  eventVersion: '1.05';
  eventTime: string;
  eventSource: 'kms.amazonaws.com';
  eventName: string;
  awsRegion: string;
  requestID: string;
  eventID: string;
  userIdentity: Record<string, unknown>;
  sourceIPAddress: string;
  userAgent: string;
  /** Never holds plaintext or key material. */
  requestParameters: Record<string, unknown> | null;
  responseElements: Record<string, unknown> | null;
  errorCode?: string;
  errorMessage?: string;
  readOnly: boolean;
  resources: { ARN: string; accountId: string; type: 'AWS::KMS::Key' }[];
  eventType: 'AwsApiCall';
  managementEvent: true;
  recipientAccountId: string;
  eventCategory: 'Management';
  /** Of what a service did for itself: the service's account has the same event. */
  sharedEventID?: string;
}

/** Every request, AWS owned keys' included, since the start or the last `reset()`. */
export interface KmsCounters extends WireCounters {
  /** Requests by operation, whatever their outcome. */
  calls: Record<string, number>;
  throttled: number;
  failed: number;
}

export interface KmsServer {
  url: string;
  port: number;
  /** For other Regions to answer at the same port. */
  readonly wire: WireServer;
  counters(): KmsCounters;
  /** The account's trail, newest last: requests on AWS owned keys are left out, as AWS leaves them out. */
  trail(): TrailRecord[];
  /** Older events that are no longer in memory. */
  trailDropped(): number;
  /** Zeroes the counters; the trail stays. */
  reset(): void;
  /** Faults for a time, on the KMS's own clock; a later one replaces an earlier one. */
  fault(fault: KmsFault): void;
  close(): Promise<void>;
}

export type KmsFault =
  | { kind: 'outage'; for_ms: number }
  | { kind: 'throttle'; for_ms: number }
  | { kind: 'latency'; for_ms: number; p50_ms: number; p99_ms: number };

export interface KmsClientOptions {
  /** `http(s)://host:port`. */
  url: string;
  region: string;
  credentials: Credentials;
  /** PEM to trust instead of the system's roots. */
  ca?: string;
  connections: 'keep-alive' | 'fresh';
  /** Default 50, as the AWS SDK's. */
  maxConnections?: number;
  /** For one attempt. Default 5,000. */
  timeout_ms?: number;
  /** First attempt included. Default 3. Only throttling, 5xx and transport errors are retried. */
  maxAttempts?: number;
}

/** Counted since the client was made, or since the last `reset()`. */
export interface KmsClientCounters {
  /** Attempts sent, by operation. */
  attempts: Record<string, number>;
  /** Those among the attempts that repeat an earlier one. */
  retries: Record<string, number>;
  throttled: number;
  failed: number;
  connections_opened: number;
  /** Time from call to answer, retries included: count, total, min and max in ns. */
  time_ns: { count: number; total: number; min: number; max: number };
}

export interface KmsClient {
  /**
   * @param onBehalfOf the accessing principal, when a service calls for it
   * @param attempts as many as the client's options say without it
   * @throws AwsError with the KMS's own code, or code `KmsUnavailable` when no attempt was answered
   */
  call<Response extends object>(
    operation: string,
    body: object,
    onBehalfOf?: Principal,
    attempts?: number,
  ): Promise<Response>;
  counters(): KmsClientCounters;
  reset(): void;
  /** Called with the duration of each call, retries included. */
  onCall?: (operation: string, duration_ns: number) => void;
  close(): Promise<void>;
}
