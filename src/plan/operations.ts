import { uniformsOf } from '../std/random.ts';
import { type Arm, OPERATION_KINDS, type OperationKind } from '../workload/types.ts';
import { type ArrivalSchedule, createArrivals } from './arrivals.ts';
import { createKeyChooser } from './popularity.ts';
import { STREAMS } from './streams.ts';
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
}

export interface OperationStream {
  /** The next operation, undefined after the last one. The object is reused: copy what outlives the next call. */
  peek(): Readonly<PlannedOperation> | undefined;
  /** Moves on, and returns what `peek` returned before. Only the object returned last is valid. */
  next(): Readonly<PlannedOperation> | undefined;
}

export function createPlan(arm: Arm, seed: number): Plan {
  const draw = createDraw(arm, seed);
  return {
    operationAt(index) {
      const operation = blankOperation();
      draw.route(operation, index);
      draw.content(operation);
      return operation;
    },
    stream(lane, lanes) {
      const { arrivals } = arm;
      // A lane without callers would search the whole plan for operations that it can't have.
      if (lane >= arm.callers)
        return new LaneStream(draw, lane, lanes, { next_ns: () => Number.POSITIVE_INFINITY }, 0);
      if (arrivals.loop === 'closed')
        return new LaneStream(draw, lane, lanes, { next_ns: () => 0 }, Infinity);
      const end_ns = arm.phases.reduce((sum, phase) => sum + phase.duration_ns, 0);
      return new LaneStream(draw, lane, lanes, createArrivals(arrivals, seed), end_ns);
    },
  };
}

/** Draws the fields of an operation in two steps, since the first decides whether a lane needs the second. */
interface Draw {
  /** Index, caller and connection. */
  route(operation: PlannedOperation, index: number): void;
  /** Kind and key of the operation's index. */
  content(operation: PlannedOperation): void;
}

function createDraw(arm: Arm, seed: number): Draw {
  const { callers, arrivals } = arm;
  const { perCaller } = arm.connections;
  const slots = callers * perCaller;
  const concurrency = arrivals.loop === 'closed' ? arrivals.concurrency : undefined;
  const slotUniform = uniformsOf(seed, STREAMS.slot);
  const kindOf = createKindChooser(arm.operations, seed);
  const keyOf = createKeyChooser(arm.keys.popularity, arm.table.items, seed);
  return {
    route(operation, index) {
      const slot =
        concurrency === undefined ? Math.floor(slotUniform(index) * slots) : (index % concurrency) % slots;
      operation.index = index;
      operation.caller = slot % callers;
      operation.connection = Math.floor(slot / callers);
    },
    content(operation) {
      operation.kind = kindOf(operation.index);
      operation.key = keyOf(operation.index);
    },
  };
}

function createKindChooser(shares: Arm['operations'], seed: number): (index: number) => OperationKind {
  const uniform = uniformsOf(seed, STREAMS.kind);
  let sum = 0;
  const bounds = OPERATION_KINDS.filter((kind) => shares[kind] > 0).map((kind) => {
    sum += shares[kind];
    return { kind, below: sum };
  });
  const last = bounds.at(-1)!.kind;
  return (index) => {
    const u = uniform(index) * sum;
    for (const { kind, below } of bounds) if (u < below) return kind;
    return last;
  };
}

function blankOperation(): PlannedOperation {
  return { index: 0, due_ns: 0, caller: 0, connection: 0, kind: 'get', key: 0 };
}

class LaneStream implements OperationStream {
  readonly #draw: Draw;
  readonly #lane: number;
  readonly #lanes: number;
  readonly #arrivals: ArrivalSchedule;
  readonly #end_ns: number;
  #index = 0;
  #ended = false;
  /** Two objects in turn: `next` returns one while `peek` fills the other. */
  #current = blankOperation();
  #spare = blankOperation();
  #drawn = false;

  constructor(draw: Draw, lane: number, lanes: number, arrivals: ArrivalSchedule, end_ns: number) {
    this.#draw = draw;
    this.#lane = lane;
    this.#lanes = lanes;
    this.#arrivals = arrivals;
    this.#end_ns = end_ns;
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
      this.#ended = operation.due_ns >= this.#end_ns;
      this.#draw.route(operation, this.#index++);
      if (operation.caller % this.#lanes === this.#lane) break;
    }
    this.#draw.content(operation);
  }
}
