import type { Probe } from '../drivers/types.ts';
import type { PlannedOperation } from '../plan/plan.ts';

/** An operation from its due time to its end. */
export interface Flight {
  operation: PlannedOperation;
  /** On the lane's clock. */
  due_ns: number;
  /** From due to taken up, before any wait for a slot. */
  lag_ns: number;
  /** NaN while it waits for its slot. */
  start_ns: number;
  /** For a closed loop's user, who waits for it. */
  settled: (() => void) | undefined;
  /** Of a sampled operation, once it has started. */
  probe?: Probe;
}

/** One kept connection: it carries one operation at a time, the others wait their turn. */
interface Slot {
  busy: boolean;
  /** First in, first out from `head`: shifting the array would cost the square of a long queue. */
  waiting: Flight[];
  head: number;
}

/** The slots of an arm in keep-alive mode; other modes have none, since each operation brings its own connection. */
export class Slots {
  readonly #perCaller: number;
  readonly #slots: Slot[] = [];

  constructor(perCaller: number) {
    this.#perCaller = perCaller;
  }

  /** True when the flight has its slot; otherwise it waits, and a later `release` hands it out. */
  take(flight: Flight): boolean {
    const slot = this.#of(flight);
    if (slot.busy) slot.waiting.push(flight);
    const free = !slot.busy;
    slot.busy = true;
    return free;
  }

  /** Ends a flight; returns the one that has the slot now. */
  release(flight: Flight): Flight | undefined {
    const slot = this.#of(flight);
    const next = slot.waiting[slot.head];
    if (next === undefined) {
      slot.waiting = [];
      slot.head = 0;
      slot.busy = false;
      return undefined;
    }
    slot.head++;
    if (slot.head >= 1024 && slot.head * 2 >= slot.waiting.length) {
      slot.waiting = slot.waiting.slice(slot.head);
      slot.head = 0;
    }
    return next;
  }

  /** Frees every slot and forgets who waits. */
  clear(): void {
    this.#slots.length = 0;
  }

  #of({ operation }: Flight): Slot {
    const index = operation.caller * this.#perCaller + operation.connection;
    this.#slots[index] ??= { busy: false, waiting: [], head: 0 };
    return this.#slots[index];
  }
}
