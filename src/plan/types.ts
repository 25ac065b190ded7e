import type { OperationKind } from '../workload/types.ts';

/** One operation of a plan: a pure function of (seed, index). */
export interface PlannedOperation {
  index: number;
  /** On the arm's own time line, which stands still between its turns; 0 in a closed loop. */
  due_ns: number;
  /** 0 … callers − 1. */
  caller: number;
  /** 0 … perCaller − 1, within the caller. */
  connection: number;
  kind: OperationKind;
  /** 0 … items − 1. */
  key: number;
}

/** A stretch of an arm's time line that it plays in one go. */
export interface Turn {
  arm: number;
  /** −1: the warm-up turn, outside of every block. */
  block: number;
  from_ns: number;
  to_ns: number;
  measured: boolean;
}
