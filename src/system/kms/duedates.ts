interface Due {
  readonly id: string;
  readonly at_ms: number;
}

/** What is due when, soonest first: a binary heap that knows where each id is. */
export class DueDates {
  readonly #heap: Due[] = [];
  readonly #places = new Map<string, number>();

  /** The soonest date; infinity when nothing is due ever. */
  get next_ms(): number {
    return this.#heap[0]?.at_ms ?? Number.POSITIVE_INFINITY;
  }

  /** Replaces the date of an id; an infinite one forgets it. */
  set(id: string, at_ms: number): void {
    const place = this.#places.get(id);
    if (at_ms < Number.POSITIVE_INFINITY) this.#settle({ id, at_ms }, place ?? this.#heap.length);
    else if (place !== undefined) this.#remove(place);
  }

  /** The ids that are due by now; they stay until their date is replaced. */
  by(now_ms: number): string[] {
    const ids: string[] = [];
    const places = [0];
    for (let place = places.pop(); place !== undefined; place = places.pop()) {
      const due = this.#heap[place];
      if (due === undefined || due.at_ms > now_ms) continue;
      ids.push(due.id);
      places.push(2 * place + 1, 2 * place + 2);
    }
    return ids;
  }

  #remove(place: number): void {
    this.#places.delete(this.#heap[place]!.id);
    const last = this.#heap.pop()!;
    if (place < this.#heap.length) this.#settle(last, place);
  }

  /** Puts an entry in a place that is free or its own, and moves it to where it belongs. */
  #settle(due: Due, from: number): void {
    let place = from;
    for (let parent = (place - 1) >> 1; place > 0 && this.#heap[parent]!.at_ms > due.at_ms; ) {
      this.#put(this.#heap[parent]!, place);
      place = parent;
      parent = (place - 1) >> 1;
    }
    for (let child = this.#soonerChild(place); child !== undefined; child = this.#soonerChild(place)) {
      if (this.#heap[child]!.at_ms >= due.at_ms) break;
      this.#put(this.#heap[child]!, place);
      place = child;
    }
    this.#put(due, place);
  }

  #soonerChild(place: number): number | undefined {
    const left = 2 * place + 1;
    if (left >= this.#heap.length) return undefined;
    const right = left + 1;
    return right < this.#heap.length && this.#heap[right]!.at_ms < this.#heap[left]!.at_ms ? right : left;
  }

  #put(due: Due, place: number): void {
    this.#heap[place] = due;
    this.#places.set(due.id, place);
  }
}
