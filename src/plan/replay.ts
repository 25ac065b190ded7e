import { uniformsOf } from '../std/random.ts';
import type { TraceRecord, TraceRecords } from '../trace/types.ts';
import type { Arm } from '../workload/types.ts';
import type { OperationStream } from './operations.ts';
import { itemLimits } from './sizes.ts';
import { STREAMS } from './streams.ts';
import type { PlannedOperation } from './types.ts';

/**
 * One lane's share of a trace as operations: record i is operation i, its client one of the callers by hash, its key
 * one of the items by hash. At recorded times, divided by the trace's speed; all due at 0 where that is unlimited.
 */
export class ReplayStream implements OperationStream {
  readonly #arm: Arm;
  readonly #records: TraceRecords;
  readonly #lane: number;
  readonly #lanes: number;
  readonly #place: (index: number) => number;
  readonly #end_ns: number;
  readonly #limits: { least: number; most: number };
  #index = 0;
  #peeked: PlannedOperation | undefined;
  #ended = false;

  constructor(
    arm: Arm,
    seed: number,
    { records, lane, lanes }: { records: TraceRecords; lane: number; lanes: number },
  ) {
    this.#arm = arm;
    this.#records = records;
    this.#lane = lane;
    this.#lanes = lanes;
    this.#limits = itemLimits(arm.table.fields);
    this.#place = uniformsOf(seed, STREAMS.slot);
    this.#end_ns = arm.phases.reduce(
      (sum, { duration_ns }) => sum + (duration_ns ?? Number.POSITIVE_INFINITY),
      0,
    );
  }

  peek(): PlannedOperation | undefined {
    while (!this.#peeked && !this.#ended) {
      const record = this.#records.next();
      this.#ended = record === undefined;
      if (record) this.#peeked = this.#operationOf(record, this.#index++);
    }
    return this.#peeked;
  }

  next(): PlannedOperation | undefined {
    const operation = this.peek();
    this.#peeked = undefined;
    return operation;
  }

  close(): void {
    this.#records.close();
  }

  /** Undefined for an operation of another lane. */
  #operationOf(record: TraceRecord, index: number): PlannedOperation | undefined {
    const { callers, connections, table, trace } = this.#arm;
    const { speed, survey } = trace!;
    const due_ns = speed === null ? 0 : Math.round(((record.time_us - survey.first_us) * 1e3) / speed);
    if (due_ns >= this.#end_ns) {
      this.#ended = true;
      return undefined;
    }
    const caller = record.client % callers;
    if (caller % this.#lanes !== this.#lane) return undefined;
    const key = record.key % table.items;
    const writes = record.operation === 'put' || record.operation === 'update';
    const bytes = Math.min(Math.max(record.bytes, this.#limits.least), this.#limits.most);
    return {
      index,
      due_ns,
      caller,
      connection: Math.floor(this.#place(index) * connections.perCaller),
      kind: record.operation,
      key,
      table: key % table.count,
      bytes: writes ? bytes : 0,
      length: record.operation === 'scan' ? SCAN_ITEMS : 0,
    };
  }
}

/** Traces don't say how many items a scan returned. */
const SCAN_ITEMS = 100;
