import type { Cell, CellPlace } from './cell.ts';
import type { CacheLookup, CacheScope } from './types.ts';

/**
 * Finds cells by what the scope makes of a lookup. Maps within maps: a lookup allocates nothing and joins no strings,
 * and all of a connection is found at once.
 */
export class CellIndex<Entry> {
  readonly #scope: CacheScope;
  readonly #slots = new Map<number, Map<string, Map<string, Cell<Entry>>>>();

  constructor(scope: CacheScope) {
    this.#scope = scope;
  }

  find(lookup: CacheLookup): Cell<Entry> | undefined {
    return this.#slots.get(this.#slotOf(lookup))?.get(this.#principalOf(lookup))?.get(lookup.table);
  }

  placeOf(lookup: CacheLookup): CellPlace {
    return { slot: this.#slotOf(lookup), principal: this.#principalOf(lookup), table: lookup.table };
  }

  /** The cell at the same place, if there is one. */
  at(place: CellPlace): Cell<Entry> | undefined {
    return this.#slots.get(place.slot)?.get(place.principal)?.get(place.table);
  }

  /** In place of the one that is there. */
  put(cell: Cell<Entry>): void {
    const principals = this.#slots.get(cell.slot) ?? new Map<string, Map<string, Cell<Entry>>>();
    const tables = principals.get(cell.principal) ?? new Map<string, Cell<Entry>>();
    this.#slots.set(cell.slot, principals.set(cell.principal, tables.set(cell.table, cell)));
  }

  remove(cell: Cell<Entry>): void {
    const principals = this.#slots.get(cell.slot);
    const tables = principals?.get(cell.principal);
    tables?.delete(cell.table);
    if (tables?.size === 0) principals?.delete(cell.principal);
    if (principals?.size === 0) this.#slots.delete(cell.slot);
  }

  /** None in scopes that outlive connections. */
  ofConnection(connectionId: number): Cell<Entry>[] {
    return this.#scope === 'connection' ? cellsOf(this.#slots.get(connectionId)) : [];
  }

  belongsTo(cell: Cell<Entry>, connectionId: number): boolean {
    return this.#scope === 'connection' && cell.slot === connectionId;
  }

  all(): Cell<Entry>[] {
    return [...this.#slots.values()].flatMap(cellsOf);
  }

  #slotOf(lookup: CacheLookup): number {
    if (this.#scope === 'connection') return lookup.connectionId;
    return this.#scope === 'host' ? lookup.host : 0;
  }

  #principalOf(lookup: CacheLookup): string {
    return this.#scope === 'process' ? '' : lookup.principal;
  }
}

function cellsOf<Entry>(principals: Map<string, Map<string, Cell<Entry>>> | undefined): Cell<Entry>[] {
  return [...(principals?.values() ?? [])].flatMap((tables) => [...tables.values()]);
}
