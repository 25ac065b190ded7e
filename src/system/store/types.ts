import type { Clock } from '../../std/clock.ts';
import type { Scheduled } from '../../std/schedule.ts';
import type { CacheCounters, CacheScope } from '../keycache/types.ts';
import type { KmsClient, KmsClientCounters } from '../kms/types.ts';
import type { Caller, Principal, RequestTrace, TlsIdentity, WireCounters } from '../wire/types.ts';

/** DynamoDB's tagged JSON: exactly one member. `B` and `BS` are base64, `N` and `NS` decimal text. */
export type AttributeValue =
  | { S: string }
  | { N: string }
  | { B: string }
  | { BOOL: boolean }
  | { NULL: true }
  | { L: AttributeValue[] }
  | { M: Record<string, AttributeValue> }
  | { SS: string[] }
  | { NS: string[] }
  | { BS: string[] };

export type Item = Record<string, AttributeValue>;

export type StorageKind = 'lmdb' | 'memory';

export interface StoreOptions {
  region: string;
  accountId: string;
  /** lmdb: durable in `directory`. memory: gone with the process. */
  storage: StorageKind;
  directory?: string;
  /** No other thread or process opens the directory: commits may go to a log before they go to LMDB. */
  exclusive?: boolean;
  kms: KmsClient;
  keyCache: { scope: CacheScope; ttl_ms: number; expiry: 'absolute' | 'sliding'; maxEntries?: number };
  /** Front-end hosts that connections are spread over, by hash. Default 1. */
  hosts?: number;
  /** Cache and lifecycle time. */
  clock?: Clock;
  /** Uses of a data key before a new one takes over. Default 2^30. */
  dataKeyUses?: number;
}

/** Who performs an operation on the store, and over which connection. */
export interface AccessContext {
  principal: Principal;
  connectionId: number;
  /** To be told where the time goes. */
  trace?: RequestTrace | undefined;
}

/** The store without its HTTP server: what the `envelope` driver drives. */
export interface Store {
  /**
   * One DynamoDB operation (`GetItem`, …) with its request body.
   * @returns the response: serialised, as text or as a `Buffer`, or not
   * @throws AwsError
   */
  execute(
    operation: string,
    body: Record<string, unknown>,
    context: AccessContext,
  ): Promise<object | string> | object | string;
  /** Forgets what the connection's slots hold. */
  connectionClosed(connectionId: number): void;
  /** What the store does by itself as lifecycle time goes by: for whoever moves its clock. */
  readonly housekeeping: Scheduled;
  /** Drops every cached key. */
  wipeCaches(): void;
  counters(): StoreCounters;
  reset(): void;
  close(): Promise<void>;
}

export interface StoreCounters {
  cache: CacheCounters;
  kms: KmsClientCounters;
}

export interface StoreServerOptions extends StoreOptions {
  callers: readonly Caller[];
  auth: 'sigv4' | 'none';
  tls?: TlsIdentity;
  host?: string;
  port: number;
}

export interface StoreServer {
  url: string;
  port: number;
  store: Store;
  counters(): StoreCounters & WireCounters;
  reset(): void;
  close(): Promise<void>;
}
