import type { Clock } from '../../std/clock.ts';
import type { Scheduled } from '../../std/schedule.ts';
import type { CacheCounters, KeyCacheOptions } from '../keycache/types.ts';
import type { KmsClient, KmsClientCounters } from '../kms/types.ts';
import type {
  Caller,
  Principal,
  RequestTrace,
  TlsIdentity,
  WireCounters,
  WireServer,
} from '../wire/types.ts';
import type { RegionGroup } from './replicas/region-group.ts';

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
  keyCache: Omit<KeyCacheOptions, 'clock'>;
  /** Front-end hosts that connections are spread over, by hash. Default 1. */
  hosts?: number;
  /** Cache and lifecycle time. */
  clock?: Clock;
  /**
   * How long a change of a table's KMS key takes, by the lifecycle clock. Default 500, so that it passes as quickly as
   * CREATING does; DynamoDB takes 21 to 23 s.
   */
  keyChange_ms?: number;
  /**
   * How often the service tries a table's KMS key, where that is customer managed, and how long after a refusal it
   * tries again before the table is inaccessible; by the lifecycle clock. Default 8 and 12 minutes, so that it takes 12
   * to 20 from the key's loss: on DynamoDB it took 12.6 to 75.
   */
  keyCheck?: { every_ms: number; confirmAfter_ms: number };
  /**
   * Is told, once each, when a table's customer managed key is found inaccessible, when it is accessible again, when
   * the table has been archived, and when it has left its replication group for it. What it fails to take is kept, over
   * restarts too, and brought again ten minutes of lifecycle time later; a message may come twice after a crash.
   */
  notify?: (message: KeyMessage) => void | Promise<void>;
  /** The stores of other Regions that tables can have replicas in; they are of the same process. None without it. */
  regions?: RegionGroup;
  /** From a change in another Region to its being taken over here, by the lifecycle clock. Default 0. */
  replicationDelay_ms?: number;
  /** Uses of a data key before a new one takes over. Default 2^30. */
  dataKeyUses?: number;
}

/** What DynamoDB tells the owner of a table about its KMS key, for people to read. */
export interface KeyMessage {
  /** ISO 8601, by the lifecycle clock: when it came about. */
  time: string;
  event: 'key-inaccessible' | 'key-accessible' | 'table-archived' | 'replica-removed';
  table: string;
  keyArn: string;
  /** One line. */
  subject: string;
  body: string;
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
  /** Decrypt calls that no cache miss is behind: the store's own, to change a key and the like. */
  ownDecrypts: number;
  kms: KmsClientCounters;
}

export interface StoreServerOptions extends StoreOptions {
  callers: readonly Caller[];
  auth: 'sigv4' | 'none';
  tls?: TlsIdentity;
  host?: string;
  /** Or another Region's server, at whose port this one answers too. */
  port: number | WireServer;
}

export interface StoreServer {
  url: string;
  port: number;
  /** For other Regions to answer at the same port. */
  readonly wire: WireServer;
  store: Store;
  counters(): StoreCounters & WireCounters;
  reset(): void;
  close(): Promise<void>;
}
