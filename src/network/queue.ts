/** Things to be done at times, soonest first; of equal times the one that was added first. */
export class TimedQueue<Item> {
  /** A binary heap: no entry is before its parent. */
  readonly #heap: { at_ns: number; order: number; item: Item }[] = [];
  #added = 0;

  /** Infinity when there is nothing to do. */
  get next_ns(): number {
    return this.#heap[0]?.at_ns ?? Number.POSITIVE_INFINITY;
  }

  add(at_ns: number, item: Item): void {
    const entry = { at_ns, order: this.#added++, item };
    let place = this.#heap.push(entry) - 1;
    while (place > 0) {
      const parent = (place - 1) >>> 1;
      if (!this.#isBefore(entry, this.#heap[parent]!)) break;
      this.#heap[place] = this.#heap[parent]!;
      place = parent;
    }
    this.#heap[place] = entry;
  }

  /** Removes the first, if there is one and its time has come. */
  take(now_ns: number): Item | undefined {
    const first = this.#heap[0];
    if (first === undefined || first.at_ns > now_ns) return undefined;
    const last = this.#heap.pop()!;
    if (this.#heap.length > 0) this.#sink(last);
    return first.item;
  }

  /** Puts an entry in place of the first. */
  #sink(entry: { at_ns: number; order: number; item: Item }): void {
    const heap = this.#heap;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.#isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!this.#isBefore(heap[child]!, entry)) break;
      heap[place] = heap[child]!;
      place = child;
    }
    heap[place] = entry;
  }

  #isBefore(a: { at_ns: number; order: number }, b: { at_ns: number; order: number }): boolean {
    return a.at_ns < b.at_ns || (a.at_ns === b.at_ns && a.order < b.order);
  }
}
