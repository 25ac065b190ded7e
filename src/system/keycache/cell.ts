/** One load of one key and, once it has settled well, the entry that it brought. */
export class Cell<Entry> {
  readonly slot: number;
  readonly principal: string;
  readonly table: string;
  /** Lifetime counts from here. */
  since_ns: number;
  load: Promise<Entry> | undefined;
  /** Undefined while loading, and again once it is erased for being overdue. */
  entry: Entry | undefined;
  /** No longer in the index: what its load brings is not kept. */
  dropped = false;
  /** Neighbours by last use. */
  older: Cell<Entry> | undefined;
  newer: Cell<Entry> | undefined;

  constructor(slot: number, principal: string, table: string, since_ns: number) {
    this.slot = slot;
    this.principal = principal;
    this.table = table;
    this.since_ns = since_ns;
  }
}
