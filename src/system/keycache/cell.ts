/** What the scope makes of a lookup. */
export interface CellPlace {
  slot: number;
  principal: string;
  table: string;
}

/** One load of one key and, once it has settled well, the entry that it brought. */
export class Cell<Entry> {
  readonly slot: number;
  readonly principal: string;
  readonly table: string;
  /** Lifetime counts from here. */
  since_ns: number;
  readonly life_ns: number;
  load: Promise<Entry> | undefined;
  /** Undefined while loading, and again once it is erased for being overdue. */
  entry: Entry | undefined;
  /** No longer in the index: what its load brings is not kept. */
  dropped = false;
  /** Being loaded to take this one's place. */
  successor: Cell<Entry> | undefined;
  /** No refresh before this moment. */
  refreshFrom_ns: number;
  /** Neighbours by last use. */
  older: Cell<Entry> | undefined;
  newer: Cell<Entry> | undefined;

  constructor(place: CellPlace, since_ns: number, life_ns: number, early_ns: number) {
    this.slot = place.slot;
    this.principal = place.principal;
    this.table = place.table;
    this.since_ns = since_ns;
    this.life_ns = life_ns;
    this.refreshFrom_ns = early_ns > 0 ? since_ns + life_ns - early_ns : Number.POSITIVE_INFINITY;
  }

  isFresh(now_ns: number): boolean {
    return now_ns - this.since_ns < this.life_ns;
  }
}
