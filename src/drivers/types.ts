import type { PlannedOperation } from '../plan/types.ts';
import type { BreakdownPart, ConnectionCounters } from '../recording/types.ts';
import type { CacheCounters } from '../system/keycache/types.ts';
import type { Arm } from '../workload/types.ts';

/**
 * How an operation went: undefined when it succeeded, `NOTHING_FOUND` for a read that found no item, else the error code
 * as the result counts it (`ThrottlingException`, `ECONNRESET`, `Timeout`, …).
 */
export type Outcome = string | undefined;
export const NOTHING_FOUND = 'sealbench:nothing-found';

/** Where an arm's requests go, and with whose credentials. Plain data: it crosses to the lanes' threads. */
export interface ArmTarget {
  /** `http(s)://host:port` of the store. */
  url: string;
  /** Where to connect in place of the URL's host and port: an emulated network, which leads there. */
  via?: { host: string; port: number };
  region: string;
  /** Names, by the table's number. */
  tables: string[];
  /** PEM to trust instead of the system's roots. */
  ca?: string;
  /** By caller index. */
  callers: CallerAccess[];
  /** ARN of the customer managed key that the tables are encrypted under. */
  keyArn?: string;
  /** What a driver needs that is the store itself. */
  embedded?: EmbeddedStore;
}

export interface CallerAccess {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  principalArn: string;
}

export interface EmbeddedStore {
  directory: string;
  accountId: string;
  kms: {
    url: string;
    ca?: string;
    credentials: { accessKeyId: string; secretAccessKey: string };
    connections: 'keep-alive' | 'fresh';
  };
}

/**
 * Where the time of a sampled operation went, ns: the driver adds up what it measures, request by request; what it
 * can't tell stays 0 and ends up unaccounted for.
 */
export interface Probe {
  /** Waiting inside the driver, such as for a pool's connection. */
  queue_ns: number;
  /** TCP and TLS. */
  connect_ns: number;
  /** Within the store: waiting for the KMS, sealing and opening, the storage engine, everything else. */
  kms_ns: number;
  crypto_ns: number;
  storage_ns: number;
  server_other_ns: number;
  /** Between the driver's taking up a request and the store's reading it, and from its answer to the driver's end. */
  wire_ns: number;
}

export function createProbe(): Probe {
  return {
    queue_ns: 0,
    connect_ns: 0,
    kms_ns: 0,
    crypto_ns: 0,
    storage_ns: 0,
    server_other_ns: 0,
    wire_ns: 0,
  };
}

/** A driver's share of an arm: the callers that belong to one lane. */
export interface DriverOptions {
  arm: Arm;
  target: ArmTarget;
  seed: number;
  /** Indices of the lane's callers. */
  callers: number[];
}

/**
 * Performs operations on a target. One instance serves one arm in one lane. Where connections are kept it is never asked
 * for two operations of one connection at a time.
 */
export interface Driver {
  /** Opens what the connection mode keeps: connections, or TLS sessions to resume. @throws InputError */
  open(): Promise<void>;
  /** Performs one operation; settles when its answer is complete. Never rejects. @param probe of a sampled operation */
  perform(operation: PlannedOperation, probe?: Probe): Promise<Outcome> | Outcome;
  /** Gives up what is in flight: its connections are closed and its operations settle as failed. */
  abandon(): void;
  /** What was counted since the last call; it adds up to what the target's own counters say. Null: it does not count. */
  takeCounters(): ConnectionCounters | null;
  /** Parts of a probe that it fills, beside its queue: the others are unknown. Without any it is given no probe. */
  readonly measures?: readonly BreakdownPart[];
  /** Of a driver that is the store itself. */
  local?: LocalStore;
  close(): Promise<void>;
  /**
   * It has a pool of connections and chooses among them: operations are handed to it as they fall due, whatever
   * connection the plan names, and wait inside it.
   */
  readonly pools?: boolean;
}

/** Counters of a store that has no server, since it was made. */
export interface LocalSample {
  /** Of its key cache. */
  cache: CacheCounters;
  /** Decrypt calls that no cache lookup began. */
  ownDecrypts: number;
  /** Attempts sent to the KMS, and those among them that repeat one, by operation. */
  kmsAttempts: Record<string, number>;
  kmsRetries: Record<string, number>;
}

/** The store inside a driver. */
export interface LocalStore {
  sample(): LocalSample;
  /** base64 HdrHistogram V2, ns; null where nobody measures them. */
  kmsTimes(): string | null;
  /** Stops and restarts its cache and lifecycle clock. */
  pause(): void;
  resume(): void;
}
