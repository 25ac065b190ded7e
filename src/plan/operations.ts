import { uniformsOf } from '../std/random.ts';
import type { TraceRecords } from '../trace/types.ts';
import type { Arm, OperationKind, ThinkTime } from '../workload/types.ts';
import { type ArrivalSchedule, createArrivals } from './arrivals.ts';
import { createKindChooser } from './kinds.ts';
import { createKeyChooser } from './popularity.ts';
import { ReplayStream } from './replay.ts';
import { createSizes, itemLimits } from './sizes.ts';
import { STREAMS } from './streams.ts';
import { createThinkTimes, type ThinkTimes } from './think.ts';
import type { PlannedOperation } from './types.ts';

/** What an arm does: every operation a pure function of (seed, index), the same for any number of lanes. */
export interface Plan {
  /** Everything about an operation but its due time, which only a stream knows: `due_ns` is 0. */
  operationAt(index: number): PlannedOperation;
  /**
   * The operations of one lane: those whose caller is `lane` modulo `lanes`. Open loop: in due order, to the end of
   * the arm's phases. Closed loop: by index and without end, due at 0; virtual user v performs v, v + concurrency, ….
   */
  stream(lane: number, lanes: number): OperationStream;
  /** Between the operations of a closed loop's user; none in an open loop. */
  readonly think: ThinkTimes;
}

export interface OperationStream {
  /** The next operation, undefined after the last one. The object is reused: copy what outlives the next call. */
  peek(): Readonly<PlannedOperation> | undefined;
  /** Moves on, and returns what `peek` returned before. Only the object returned last is valid. */
  next(): Readonly<PlannedOperation> | undefined;
  /** Lets go of the files behind it. */
  close?(): void;
}

const NO_THINKING: ThinkTime = { kind: 'constant', mean_ns: 0 };

/** @param openTrace of an arm that replays one: its records, from the first on */
export function createPlan(arm: Arm, seed: number, openTrace?: () => TraceRecords): Plan {
  const draw = createDraw(arm, seed);
  return {
    think: createThinkTimes(arm.arrivals.loop === 'closed' ? arm.arrivals.think : NO_THINKING, seed),
    operationAt(index) {
      const operation = blankOperation();
      draw.route(operation, index);
      draw.content(operation);
      return operation;
    },
    stream(lane, lanes) {
      const { arrivals } = arm;
      if (openTrace) return new ReplayStream(arm, seed, { records: openTrace(), lane, lanes });
      // A lane without callers would search the whole plan for operations that it can't have.
      if (lane >= arm.callers)
        return new LaneStream(draw, lane, lanes, { next_ns: () => Number.POSITIVE_INFINITY });
      if (arrivals.loop === 'closed') return new LaneStream(draw, lane, lanes, { next_ns: () => 0 });
      return new LaneStream(draw, lane, lanes, createArrivals(arrivals.process, arm.phases, seed));
    },
  };
}

/** Draws the fields of an operation in two steps, since the first decides whether a lane needs the second. */
interface Draw {
  /** Index, caller and connection. */
  route(operation: PlannedOperation, index: number): void;
  /** Everything else. */
  content(operation: PlannedOperation): void;
}

function createDraw(arm: Arm, seed: number): Draw {
  const route = createRoutes(arm, seed);
  const { kindOf, insertsBefore } = createKindChooser(arm.operations, seed);
  const { items, count: tables, itemBytes, fields } = arm.table;
  const keyOf = createKeyChooser(arm.keys.popularity, items, seed);
  const bytesOf = createSizes(itemBytes, { seed, stream: STREAMS.size, ...itemLimits(fields) });
  const lengthOf = createSizes(arm.keys.scanItems, { seed, stream: STREAMS.scan, ...SCAN_ITEMS });
  return {
    route,
    content(operation) {
      const { index } = operation;
      const kind = kindOf(index);
      operation.kind = kind;
      operation.key = kind === 'insert' ? items + insertsBefore(index) : keyOf(index, insertsBefore(index));
      operation.table = operation.key % tables;
      operation.bytes = WRITES[kind] ? bytesOf(index) : 0;
      operation.length = kind === 'scan' ? lengthOf(index) : 0;
    },
  };
}

const SCAN_ITEMS = { least: 1, most: 1_000_000 };
const WRITES: Record<OperationKind, boolean> = {
  get: false,
  put: true,
  insert: true,
  update: true,
  delete: false,
  scan: false,
  readModifyWrite: true,
};

/** Index, caller and connection. */
function createRoutes(arm: Arm, seed: number): Draw['route'] {
  const { callers, callerShares, arrivals } = arm;
  const { perCaller } = arm.connections;
  const slots = callers * perCaller;
  const concurrency = arrivals.loop === 'closed' ? arrivals.concurrency : undefined;
  const slotUniform = uniformsOf(seed, STREAMS.slot);
  const callerAt = callerShares && createCallerChooser(callerShares);
  const callerUniform = uniformsOf(seed, STREAMS.caller);
  return (operation, index) => {
    operation.index = index;
    // A user of a closed loop keeps its caller and its connection.
    const user = concurrency === undefined ? index : index % concurrency;
    if (callerAt) {
      const u = concurrency === undefined ? callerUniform(index) : (user + 0.5) / concurrency;
      operation.caller = callerAt(u);
      operation.connection =
        concurrency === undefined ? Math.floor(slotUniform(index) * perCaller) : user % perCaller;
      return;
    }
    const slot = concurrency === undefined ? Math.floor(slotUniform(index) * slots) : user % slots;
    operation.caller = slot % callers;
    operation.connection = Math.floor(slot / callers);
  };
}

/** The caller at a place between 0 and 1, each taking up its share. */
function createCallerChooser(shares: readonly number[]): (place: number) => number {
  let sum = 0;
  const ends = Float64Array.from(shares, (share) => {
    sum += share;
    return sum;
  });
  return (place) => {
    let low = 0;
    let high = ends.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (place * sum < ends[middle]!) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

function blankOperation(): PlannedOperation {
  return {
    index: 0,
    due_ns: 0,
    caller: 0,
    connection: 0,
    kind: 'get',
    key: 0,
    table: 0,
    bytes: 0,
    length: 0,
  };
}

class LaneStream implements OperationStream {
  readonly #draw: Draw;
  readonly #lane: number;
  readonly #lanes: number;
  readonly #arrivals: ArrivalSchedule;
  #index = 0;
  #ended = false;
  /** Two objects in turn: `next` returns one while `peek` fills the other. */
  #current = blankOperation();
  #spare = blankOperation();
  #drawn = false;

  constructor(draw: Draw, lane: number, lanes: number, arrivals: ArrivalSchedule) {
    this.#draw = draw;
    this.#lane = lane;
    this.#lanes = lanes;
    this.#arrivals = arrivals;
  }

  peek(): PlannedOperation | undefined {
    if (!this.#drawn) this.#advance();
    return this.#ended ? undefined : this.#current;
  }

  next(): PlannedOperation | undefined {
    const operation = this.peek();
    if (operation === undefined) return undefined;
    this.#current = this.#spare;
    this.#spare = operation;
    this.#drawn = false;
    return operation;
  }

  #advance(): void {
    const operation = this.#current;
    this.#drawn = true;
    while (!this.#ended) {
      operation.due_ns = this.#arrivals.next_ns();
      this.#ended = operation.due_ns === Number.POSITIVE_INFINITY;
      this.#draw.route(operation, this.#index++);
      if (operation.caller % this.#lanes === this.#lane) break;
    }
    this.#draw.content(operation);
  }
}
