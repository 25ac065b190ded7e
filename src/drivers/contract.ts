/**
 * What a driver of one's own is written against, as `sealbench/driver`: `driver: ./my-driver.ts` names a module whose
 * default export is a `CreateDriver`. docs/DRIVERS.md says what happens when.
 */
import type { PlannedOperation } from '../plan/types.ts';
import type { BreakdownPart, ConnectionCounters } from '../recording/types.ts';
import type { DriverOptions, LocalSample, Outcome, Probe } from './types.ts';

export type { PlannedOperation } from '../plan/types.ts';
export type { BreakdownPart, ConnectionCounters } from '../recording/types.ts';
export type { Arm, OperationKind } from '../workload/types.ts';
export type {
  ArmTarget,
  CallerAccess,
  DriverOptions,
  EmbeddedStore,
  LocalSample,
  Outcome,
  Probe,
} from './types.ts';

/** Called once for each lane that has callers of the arm, on that lane's thread. */
export type CreateDriver = (options: DriverOptions) => OwnDriver | Promise<OwnDriver>;

/** A driver of one's own: only `perform` has to be there. */
export interface OwnDriver {
  /** Makes what is needed before anything is measured; what it throws ends the run with its message. */
  open?(): Promise<void> | void;
  /**
   * Performs one operation; settles when it is done. Returns undefined for success, the outcome
   * `sealbench:nothing-found` for a read that found no item, and an error code for a failure; what it throws counts as
   * a failure under the error's `code` or name. After `connections.timeout` the operation has failed (`Timeout`), and
   * what becomes of it is ignored. Where connections are kept it is never asked for two operations of one connection
   * at a time, unless it pools.
   */
  perform(operation: PlannedOperation, probe?: Probe): Promise<Outcome> | Outcome;
  /** Gives up what is in flight, after it has failed already. */
  abandon?(): void;
  /**
   * What was counted since the last call; what is left out is 0. Operations that sealbench gave up count as `abandoned`
   * in any case. Without this method the result says that nothing was counted.
   */
  takeCounters?(): Partial<ConnectionCounters>;
  /** Closes what `open` and `perform` opened. */
  close?(): Promise<void> | void;
  /** Parts of a sampled operation's probe that it fills, beside `queue_ns`; without any it is given no probe. */
  readonly measures?: readonly BreakdownPart[];
  /** It chooses among its connections itself: operations are handed to it as they fall due. */
  readonly pools?: boolean;
  /** Of a driver that caches keys and calls the KMS itself: counters since it was made. */
  readonly local?: {
    sample(): LocalSample;
    /** Stops and restarts the clock of its cache, which stands still while other arms play. */
    pause?(): void;
    resume?(): void;
  };
}
