import type { CacheCounters } from './keycache/keycache.ts';
import type { KmsClientOptions, KmsOptions } from './kms/kms.ts';
import type { StoreServerOptions } from './store/store.ts';

/** What a server process is told to be. */
export type ServerSpecification = {
  /** Seconds of its cache and lifecycle clock in a real one. Default 1. */
  clockSpeed?: number;
  /** Other Regions served at the same port, with keys and tables of their own. */
  replicaRegions?: readonly string[];
} & (
  | { role: 'kms'; options: Omit<KmsOptions, 'clock' | 'random'> }
  | { role: 'store'; options: Omit<StoreServerOptions, 'kms' | 'clock' | 'notify'>; kms: KmsClientOptions }
);

/** Cumulative since the last `reset`. Of the main Region; the CPU is of all that are served. */
export interface KmsSample {
  /** Requests by operation, from the KMS's own request log. */
  calls: Record<string, number>;
  throttled: number;
  failed: number;
  cpu_us: number;
}

/** Cumulative since the last `reset`. Of the main Region; the CPU is of all that are served. */
export interface StoreSample {
  requests: number;
  cache: CacheCounters;
  /** Decrypt calls that no cache lookup began. */
  ownDecrypts: number;
  kmsAttempts: Record<string, number>;
  kmsRetries: Record<string, number>;
  cpu_us: number;
}
