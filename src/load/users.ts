import type { ThinkTimes } from '../plan/plan.ts';

/** An operation that a user has thought of. */
export interface UserOperation {
  user: number;
  index: number;
  /** On the lane's clock. */
  due_ns: number;
}

/** When a turn begins for its users, and how many operations it has, where it has a count. */
export interface UsersTurn {
  start_ns: number;
  /** Of all lanes. */
  operations?: number;
}

export interface UsersOptions {
  /** Users of all lanes. */
  concurrency: number;
  think: ThinkTimes;
  /** Numbers of this lane's users. */
  own: readonly number[];
}

/**
 * The virtual users of one lane: user v performs operations v, v + concurrency, …, each after its think time. Those that
 * think wait in a heap, so that one alarm serves thousands.
 */
export class Users {
  readonly #options: UsersOptions;
  readonly #own: readonly number[];
  /** Next operation of each user, by user. */
  readonly #next = new Map<number, number>();
  /** Operations that each user has still to begin in this turn. */
  readonly #quota = new Map<number, number>();
  readonly #heap: UserOperation[] = [];
  #left = 0;

  constructor(options: UsersOptions) {
    this.#options = options;
    this.#own = options.own;
    for (const user of options.own) this.#next.set(user, user);
  }

  /** Everybody is in the midst of thinking; whoever still waited for an answer does so no more. */
  begin({ start_ns, operations }: UsersTurn): void {
    this.#heap.length = 0;
    this.#left = 0;
    for (const user of this.#own) {
      const quota = operations === undefined ? Number.POSITIVE_INFINITY : this.#shareOf(user, operations);
      this.#quota.set(user, quota);
      this.#left += quota;
      if (quota > 0) this.#think(user, start_ns, this.#options.think.remaining_ns(this.#next.get(user)!));
    }
  }

  /** Operations of the turn that no user has begun; Infinity in a turn by time. */
  get left(): number {
    return this.#left;
  }

  /** When the next user has thought enough; Infinity when none thinks. */
  get due_ns(): number {
    return this.#heap[0]?.due_ns ?? Number.POSITIVE_INFINITY;
  }

  /** How many will have thought enough before a moment. */
  dueBefore(moment_ns: number): number {
    return this.#heap.filter(({ due_ns }) => due_ns < moment_ns).length;
  }

  /** The user who has thought enough for longest begins its operation. Call it when there is one. */
  take(): UserOperation {
    const first = this.#heap[0]!;
    const last = this.#heap.pop()!;
    if (this.#heap.length > 0) {
      this.#heap[0] = last;
      this.#sink();
    }
    this.#left--;
    this.#quota.set(first.user, this.#quota.get(first.user)! - 1);
    this.#next.set(first.user, first.index + this.#options.concurrency);
    return first;
  }

  /** A user has its answer, and thinks of its next operation unless it has done its share. */
  answered(user: number, now_ns: number): void {
    if (this.#quota.get(user) === 0) return;
    this.#think(user, now_ns, this.#options.think.before_ns(this.#next.get(user)!));
  }

  /** There is nothing left to do for anybody. */
  end(): void {
    this.#heap.length = 0;
    this.#left = 0;
    for (const user of this.#own) this.#quota.set(user, 0);
  }

  #think(user: number, now_ns: number, think_ns: number): void {
    this.#heap.push({ user, index: this.#next.get(user)!, due_ns: now_ns + think_ns });
    this.#rise();
  }

  /** User v has operations v, v + concurrency, … of the turn's. */
  #shareOf(user: number, operations: number): number {
    return Math.max(0, Math.floor((operations - 1 - user) / this.#options.concurrency) + 1);
  }

  #rise(): void {
    let at = this.#heap.length - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#swapUnlessBefore(parent, at)) return;
      at = parent;
    }
  }

  #sink(): void {
    for (let at = 0; ; ) {
      const left = 2 * at + 1;
      if (left >= this.#heap.length) return;
      const right = left + 1;
      const child =
        right < this.#heap.length && isBefore(this.#heap[right]!, this.#heap[left]!) ? right : left;
      if (!this.#swapUnlessBefore(at, child)) return;
      at = child;
    }
  }

  /** True when the two changed places. */
  #swapUnlessBefore(parent: number, child: number): boolean {
    const heap = this.#heap;
    const [above, below] = [heap[parent]!, heap[child]!];
    if (!isBefore(below, above)) return false;
    heap[parent] = below;
    heap[child] = above;
    return true;
  }
}

/** By user where two are due at once, so that the order never depends on the heap's history. */
function isBefore(a: UserOperation, b: UserOperation): boolean {
  return a.due_ns < b.due_ns || (a.due_ns === b.due_ns && a.user < b.user);
}
