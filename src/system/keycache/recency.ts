import type { Cell } from './cell.ts';

/** Cells in the order of their last use: a list through the cells themselves, so that moving one allocates nothing. */
export class Recency<Entry> {
  size = 0;
  #oldest: Cell<Entry> | undefined;
  #newest: Cell<Entry> | undefined;

  get oldest(): Cell<Entry> | undefined {
    return this.#oldest;
  }

  add(cell: Cell<Entry>): void {
    cell.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = cell;
    else this.#newest.newer = cell;
    this.#newest = cell;
    this.size++;
  }

  remove(cell: Cell<Entry>): void {
    if (cell.older === undefined) this.#oldest = cell.newer;
    else cell.older.newer = cell.newer;
    if (cell.newer === undefined) this.#newest = cell.older;
    else cell.newer.older = cell.older;
    cell.older = cell.newer = undefined;
    this.size--;
  }

  /** Makes it the newest. */
  touch(cell: Cell<Entry>): void {
    if (cell === this.#newest) return;
    this.remove(cell);
    this.add(cell);
  }

  *[Symbol.iterator](): Generator<Cell<Entry>> {
    for (let cell = this.#oldest; cell !== undefined; cell = cell.newer) yield cell;
  }
}
