/** Names in order, so that a page of a million costs what a page costs. */
export class SortedNames {
  readonly #names: string[];

  constructor(names: Iterable<string> = []) {
    this.#names = [...names].sort((a, b) => (a < b ? -1 : 1));
  }

  get size(): number {
    return this.#names.length;
  }

  add(name: string): void {
    const place = this.#firstNotBefore(name);
    if (this.#names[place] !== name) this.#names.splice(place, 0, name);
  }

  delete(name: string): void {
    const place = this.#firstNotBefore(name);
    if (this.#names[place] === name) this.#names.splice(place, 1);
  }

  /** Those after `name`, which need not be among them. */
  *after(name: string): Generator<string> {
    let place = this.#firstNotBefore(name);
    if (this.#names[place] === name) place++;
    for (; place < this.#names.length; place++) yield this.#names[place]!;
  }

  #firstNotBefore(name: string): number {
    let low = 0;
    let high = this.#names.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#names[middle]! < name) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
