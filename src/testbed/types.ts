import type { ArmTarget } from '../drivers/drivers.ts';
import type { KmsSample, StoreSample } from '../system/system.ts';
import type { EventAction, Observation } from '../workload/workload.ts';

/**
 * Makes something happen; resolves once it has, with what was seen meanwhile.
 * @param over aborted when nobody waits for it any more
 */
export type Happen = (action: EventAction, over: AbortSignal) => Promise<Observation[]>;

/** What one arm is measured against. */
export interface ArmTestbed {
  target: ArmTarget;
  /** How a server of it ended that should have lasted; undefined while all run. */
  readonly ended?: string | undefined;
  /** Lets the arm's cache and lifecycle time run, for one of its turns. */
  resume(): Promise<void>;
  pause(): Promise<void>;
  /** Counters since set-up began; null where the target can't supply them. */
  sample(): Promise<{ store: StoreSample | null; kms: KmsSample | null }>;
  /** Of the embedded system alone. */
  happen?: Happen;
  /** Duration of KMS calls as the store saw them (base64 HdrHistogram V2, ns); null when not supplied. */
  kmsTimes(): Promise<string | null>;
}

/** Servers, keys and tables for every arm of a workload, in the workload's order. */
export interface Testbed {
  arms: ArmTestbed[];
  /** Deletes what was created, stops what was started. */
  close(): Promise<void>;
}
