import type { AttributeValue, Item } from '../types.ts';
import { checkNesting, getOwn, setOwn, validationError } from '../values/values.ts';
import type { Path } from './paths.ts';

/** A list element that an update has removed. Indexes stay those of the list before the update until the end. */
type Slot = AttributeValue | undefined;

type Container = { kind: 'map'; map: Item } | { kind: 'list'; list: Slot[] };

/** A copy of an item to update: only the maps and lists along the touched paths are copied, the rest is shared. */
export class Draft {
  readonly #item: Item;
  /** Maps and lists that are copies already. */
  readonly #copies = new Set<object>();
  readonly #holed = new Set<Slot[]>();
  readonly #appended = new Map<Slot[], { index: number; value: AttributeValue }[]>();

  constructor(item: Item) {
    this.#item = { ...item };
    this.#copies.add(this.#item);
  }

  set(path: Path, value: AttributeValue): void {
    checkNesting(value, path.length);
    const parent = this.#parent(path);
    const step = path.at(-1)!;
    if (parent.kind === 'map') setOwn(parent.map, step as string, value);
    else this.#setElement(parent.list, step as number, value);
  }

  /** Nothing to remove is no error, as long as there is something to remove it from. */
  remove(path: Path): void {
    const parent = this.#parent(path);
    const step = path.at(-1)!;
    if (parent.kind === 'map') {
      delete parent.map[step as string];
    } else if ((step as number) < parent.list.length) {
      parent.list[step as number] = undefined;
      this.#holed.add(parent.list);
    }
  }

  finish(): Item {
    for (const [list, appended] of this.#appended) {
      appended.sort((a, b) => a.index - b.index);
      for (const { value } of appended) list.push(value);
    }
    for (const list of this.#holed) {
      const closedUp = list.filter((slot) => slot !== undefined);
      list.length = 0;
      for (const slot of closedUp) list.push(slot);
    }
    return this.#item;
  }

  /** Elements set beyond the end are appended in the order of their indexes, without gaps. */
  #setElement(list: Slot[], index: number, value: AttributeValue): void {
    if (index < list.length) {
      list[index] = value;
      return;
    }
    const appended = this.#appended.get(list);
    if (appended === undefined) this.#appended.set(list, [{ index, value }]);
    else appended.push({ index, value });
  }

  #parent(path: Path): Container {
    let container: Container = { kind: 'map', map: this.#item };
    for (let i = 0; i < path.length - 1; i++) container = this.#child(container, path[i]!, path[i + 1]!);
    return container;
  }

  /** The map or list at `step`, copied, in which `next` can be looked up. */
  #child(container: Container, step: string | number, next: string | number): Container {
    const value =
      container.kind === 'map' ? getOwn(container.map, step as string) : container.list[step as number];
    if (value === undefined) throw invalidPath();
    if (typeof next === 'string' && 'M' in value) {
      const map = this.#copies.has(value.M) ? value.M : { ...value.M };
      if (map !== value.M) this.#adopt(container, step, { M: map }, map);
      return { kind: 'map', map };
    }
    if (typeof next === 'number' && 'L' in value) {
      const list = this.#copies.has(value.L) ? value.L : [...value.L];
      if (list !== value.L) this.#adopt(container, step, { L: list }, list);
      return { kind: 'list', list };
    }
    throw invalidPath();
  }

  #adopt(container: Container, step: string | number, value: AttributeValue, copy: object): void {
    this.#copies.add(copy);
    if (container.kind === 'map') setOwn(container.map, step as string, value);
    else container.list[step as number] = value;
  }
}

function invalidPath(): Error {
  return validationError('The document path provided in the update expression is invalid for update');
}
