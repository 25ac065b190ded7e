/** The order of sort keys within one partition: a B+ tree of small pages, sealed one by one by whoever keeps them. */

import {
  childIndex,
  type DirectoryPage,
  decodePage,
  encodePage,
  lowerBound,
  MAX_PAGE_BYTES,
  pageBytes,
  pageReference,
  splitPage,
} from './directory-page.ts';

/** Where pages are read from, by id; the root is page 0. Opens what was sealed. */
export interface PageReader {
  read(pageId: number): Buffer | undefined;
}

export interface PageStore extends PageReader {
  write(pageId: number, page: Buffer): void;
  remove(pageId: number): void;
}

export interface DirectoryEntry {
  /** Orders as bytes. */
  sort: Buffer;
  locator: Buffer;
}

export interface Bound {
  sort: Buffer;
  inclusive: boolean;
}

export interface DirectoryRange {
  from?: Bound;
  to?: Bound;
  reverse?: boolean;
}

const ROOT = 0;
/** A page below a quarter joins a neighbour if both fit into three quarters, so that it takes many writes to split again. */
const SPARSE_BYTES = MAX_PAGE_BYTES / 4;
const JOINED_BYTES = (MAX_PAGE_BYTES * 3) / 4;

interface Step {
  id: number;
  page: DirectoryPage;
  /** Which of its children the path goes through, or where in a leaf it ends. */
  index: number;
}

/** The entries of a range, in order. Pages are read as the caller comes to them. */
export function* directoryEntries(pages: PageReader, range: DirectoryRange): Generator<DirectoryEntry> {
  yield* entriesUnder(pages, ROOT, range);
}

function* entriesUnder(pages: PageReader, id: number, range: DirectoryRange): Generator<DirectoryEntry> {
  const page = readPage(pages, id);
  if (page === undefined) return;
  const inner = page.level > 0;
  const [first, last] = inner ? childrenOf(page, range) : indicesOf(page, range);
  for (let step = 0; step <= last - first; step++) {
    const index = range.reverse ? last - step : first + step;
    if (inner) yield* entriesUnder(pages, childId(page, index), range);
    else yield { sort: page.keys[index]!, locator: page.references[index]! };
  }
}

function childrenOf(page: DirectoryPage, { from, to }: DirectoryRange): [number, number] {
  return [
    from === undefined ? 0 : childIndex(page, from.sort),
    to === undefined ? page.keys.length - 1 : childIndex(page, to.sort),
  ];
}

function indicesOf(page: DirectoryPage, { from, to }: DirectoryRange): [number, number] {
  let first = 0;
  let last = page.keys.length - 1;
  if (from !== undefined) {
    first = lowerBound(page.keys, from.sort);
    if (!from.inclusive && page.keys[first]?.equals(from.sort)) first++;
  }
  if (to !== undefined) {
    last = lowerBound(page.keys, to.sort);
    if (!(to.inclusive && page.keys[last]?.equals(to.sort))) last--;
  }
  return [first, last];
}

/** @returns false if the sort key is there already, and its locator is left alone */
export function insertIntoDirectory(pages: PageStore, entry: DirectoryEntry): boolean {
  const path = pathTo(pages, entry.sort);
  const leaf = path.at(-1);
  if (leaf === undefined) {
    const root = { level: 0, nextPageId: ROOT + 1, keys: [entry.sort], references: [entry.locator] };
    pages.write(ROOT, encodePage(root));
    return true;
  }
  if (leaf.page.keys[leaf.index]?.equals(entry.sort)) return false;
  addEntry(leaf.page, leaf.index, entry.sort, entry.locator);
  const root = path[0]!.page;
  let newest = leaf.index;
  let depth = path.length - 1;
  for (; depth > 0; depth--) {
    const { id, page } = path[depth]!;
    const upper = pageBytes(page) > MAX_PAGE_BYTES ? splitPage(page, newest) : undefined;
    pages.write(id, encodePage(page));
    if (upper === undefined) break;
    const parent = path[depth - 1]!;
    newest = parent.index + 1;
    // Below the first child may be keys that came after its bound was set, and now one of them becomes a bound.
    if (parent.index === 0) parent.page.keys[0] = page.keys[0]!;
    addEntry(parent.page, newest, upper.keys[0]!, storeNewPage(pages, root, upper));
  }
  if (pageBytes(root) > MAX_PAGE_BYTES) splitRoot(pages, root, newest);
  // The root changes with its own entries and, counting the ids, with every split.
  if (depth < path.length - 1 || path.length === 1) pages.write(ROOT, encodePage(root));
  return true;
}

/** The root keeps its id: both halves move out, and it becomes their parent. */
function splitRoot(pages: PageStore, root: DirectoryPage, newest: number): void {
  const upper = splitPage(root, newest);
  const lower = { ...root, nextPageId: 0 };
  root.level += 1;
  root.keys = [lower.keys[0]!, upper.keys[0]!];
  root.references = [storeNewPage(pages, root, lower), storeNewPage(pages, root, upper)];
}

/** The caller stores the root, which counts the ids: none is given twice while the partition has items. */
function storeNewPage(pages: PageStore, root: DirectoryPage, page: DirectoryPage): Buffer {
  const id = root.nextPageId;
  root.nextPageId += 1;
  pages.write(id, encodePage(page));
  return pageReference(id);
}

/** @returns false if the sort key is not there */
export function removeFromDirectory(pages: PageStore, sort: Buffer): boolean {
  const path = pathTo(pages, sort);
  const leaf = path.at(-1);
  if (leaf === undefined || !leaf.page.keys[leaf.index]?.equals(sort)) return false;
  dropEntry(leaf.page, leaf.index);
  for (let depth = path.length - 1; depth > 0; depth--) {
    const { id, page } = path[depth]!;
    const parent = path[depth - 1]!;
    if (page.keys.length === 0) {
      pages.remove(id);
      dropEntry(parent.page, parent.index);
    } else if (!(pageBytes(page) < SPARSE_BYTES && joinNeighbour(pages, parent, page))) {
      pages.write(id, encodePage(page));
      return true;
    }
  }
  storeRoot(pages, path[0]!.page);
  return true;
}

/** Joins a sparse page with the one before or after it, if both fit. */
function joinNeighbour(pages: PageStore, parent: Step, page: DirectoryPage): boolean {
  for (const lower of [parent.index - 1, parent.index]) {
    const upper = lower + 1;
    if (lower < 0 || upper >= parent.page.keys.length) continue;
    const before = lower === parent.index ? page : readPage(pages, childId(parent.page, lower))!;
    const after = upper === parent.index ? page : readPage(pages, childId(parent.page, upper))!;
    // The first key of an inner page need not bound its first child from below; the parent's key for the page does.
    if (after.level > 0) after.keys[0] = parent.page.keys[upper]!;
    const joined: DirectoryPage = {
      level: before.level,
      nextPageId: 0,
      keys: [...before.keys, ...after.keys],
      references: [...before.references, ...after.references],
    };
    if (pageBytes(joined) > JOINED_BYTES) continue;
    pages.write(childId(parent.page, lower), encodePage(joined));
    pages.remove(childId(parent.page, upper));
    dropEntry(parent.page, upper);
    return true;
  }
  return false;
}

/** Stores a root that may have lost entries: an only child takes its place, and an empty directory goes. */
function storeRoot(pages: PageStore, root: DirectoryPage): void {
  let page = root;
  while (page.level > 0 && page.keys.length === 1) {
    const only = childId(page, 0);
    page = { ...readPage(pages, only)!, nextPageId: root.nextPageId };
    pages.remove(only);
  }
  if (page.keys.length === 0) pages.remove(ROOT);
  else pages.write(ROOT, encodePage(page));
}

function pathTo(pages: PageReader, sort: Buffer): Step[] {
  const path: Step[] = [];
  for (let id = ROOT; ; ) {
    const page = readPage(pages, id);
    if (page === undefined) return path;
    const index = page.level === 0 ? lowerBound(page.keys, sort) : childIndex(page, sort);
    path.push({ id, page, index });
    if (page.level === 0) return path;
    id = childId(page, index);
  }
}

function readPage(pages: PageReader, id: number): DirectoryPage | undefined {
  const bytes = pages.read(id);
  return bytes && decodePage(bytes);
}

function childId(page: DirectoryPage, index: number): number {
  return page.references[index]!.readUInt32BE(0);
}

function addEntry(page: DirectoryPage, index: number, key: Buffer, reference: Buffer): void {
  page.keys.splice(index, 0, key);
  page.references.splice(index, 0, reference);
}

function dropEntry(page: DirectoryPage, index: number): void {
  page.keys.splice(index, 1);
  page.references.splice(index, 1);
}
