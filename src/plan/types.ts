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
  /** 0 … items − 1 are there when measuring begins; items + j is the key of insert number j. */
  key: number;
  /** 0 … count − 1: the key modulo the number of tables. */
  table: number;
  /** Size of the item written, by DynamoDB's rule; 0 where nothing is written. */
  bytes: number;
  /** Items that a scan asks for; 0 for other kinds. */
  length: number;
}

/** A stretch of an arm's time line that it plays in one go. */
export interface Turn {
  arm: number;
  /** −1: the warm-up turn, outside of every block. */
  block: number;
  from_ns: number;
  /** As planned; a turn by count in a closed loop lasts as long as its operations do, and has null. */
  to_ns: number | null;
  /** How many operations a turn by count in a closed loop has. */
  operations?: number;
  measured: boolean;
}
