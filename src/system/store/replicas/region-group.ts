import type { StoreCore } from '../core.ts';
import type { TableRecord } from '../tables/catalog.ts';

/** A table in its Region. */
export interface Member {
  core: StoreCore;
  table: TableRecord;
}

/** The stores of several Regions that can replicate tables to each other: those of one process. */
export class RegionGroup {
  readonly #cores = new Map<string, StoreCore>();

  join(core: StoreCore): void {
    this.#cores.set(core.region, core);
    this.wake();
  }

  /** Resolves when nobody reads from the store any more. */
  async leave(core: StoreCore): Promise<void> {
    if (this.#cores.get(core.region) === core) this.#cores.delete(core.region);
    await Promise.all([...this.#cores.values()].map(({ replication }) => replication.settled()));
  }

  coreOf(region: string): StoreCore | undefined {
    return this.#cores.get(region);
  }

  /** The table's replicas in other Regions, by Region. */
  replicasOf(core: StoreCore, { name, replication }: TableRecord): Member[] {
    if (replication === undefined || this.#cores.size < 2) return [];
    return [...this.#cores.values()]
      .filter((other) => other !== core)
      .flatMap((other) => this.#memberIn(other, name, replication.group))
      .sort((a, b) => (a.core.region < b.core.region ? -1 : 1));
  }

  /** The table in that Region, if it is of the same group. */
  memberIn(region: string, { name, replication }: TableRecord): Member | undefined {
    const core = this.#cores.get(region);
    if (core === undefined || replication === undefined) return undefined;
    return this.#memberIn(core, name, replication.group)[0];
  }

  /** Tables joined or left a group, or a store did. */
  wake(): void {
    for (const { replication } of this.#cores.values()) replication.wake();
  }

  #memberIn(core: StoreCore, name: string, group: string): Member[] {
    core.engine.refresh();
    const table = core.catalog.find(name);
    return table?.replication?.group === group ? [{ core, table }] : [];
  }
}
