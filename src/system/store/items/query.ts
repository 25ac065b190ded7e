import type { StoreCore } from '../core.ts';
import { validationError } from '../errors.ts';
import { compileExpressions, type KeyCondition, refuseLegacyParameters } from '../expressions/expressions.ts';
import { bytesAfter } from '../indexes/order.ts';
import { type RequestBody, requireTable } from '../operation.ts';
import { RequestReader } from '../request.ts';
import type { AccessContext, Item } from '../types.ts';
import { equalValues, getOwn, setOwn, sortableKeyBytes } from '../values/values.ts';
import { type DirectoryRange, directoryEntries } from './directory.ts';
import { type Listing, listingOf } from './listing.ts';
import { checkStartKey, type ReadTarget, readIndexName, readTarget, wantsWholeItems } from './read-target.ts';
import { checkSelect, ResultPage, readPageRequest } from './result-page.ts';
import type { TableItems } from './table-items.ts';

/** Query */
export function query(core: StoreCore, body: RequestBody, context: AccessContext) {
  refuseLegacyParameters('Query', body);
  const request = new RequestReader(body);
  const tableName = request.tableName();
  const pageRequest = readPageRequest(request);
  const reverse = request.boolean('ScanIndexForward') === false;
  const indexName = readIndexName(request);
  const start = request.map('ExclusiveStartKey');
  request.done();
  const target = readTarget(requireTable(core, tableName), indexName, pageRequest, start);
  checkSelect(body, target);
  const expressions = compileExpressions('Query', body, target.key);
  const whole = wantsWholeItems(target, pageRequest, expressions);
  const condition = expressions.keyCondition!;
  const range = rangeOf(condition, reverse);
  const startKey = start === undefined ? undefined : checkStartKey(target, start);
  if (startKey !== undefined) checkWithin(range, target, condition, startKey);

  const { table, index } = target;
  return core.read(table, context, (items) => {
    const page = new ResultPage(target, pageRequest, expressions);
    if (index === undefined && table.primaryKey.sort === undefined) {
      if (startKey === undefined) addSingle(items, condition, page);
    } else {
      addListed(listingOf(items, target, whole), condition, range, startKey, page);
    }
    return page.toJson();
  });
}

/** A partition of a table without a sort key has one item, at most. */
function addSingle(items: TableItems, condition: KeyCondition, page: ResultPage): void {
  const key: Item = {};
  setOwn(key, items.table.primaryKey.partition.name, condition.partition);
  const stored = items.find(key);
  if (stored !== undefined) page.add(stored);
}

function addListed(
  listing: Listing,
  condition: KeyCondition,
  sorts: DirectoryRange,
  startKey: Item | undefined,
  page: ResultPage,
): void {
  const range = listing.rangeOf(sorts);
  if (startKey !== undefined) {
    const after = { sort: listing.orderOf(startKey), inclusive: false };
    if (range.reverse) range.to = after;
    else range.from = after;
  }
  const partition = listing.partitionOf(condition.partition);
  for (const { locator } of directoryEntries(listing.directoryOf(partition), range)) {
    listing.addTo(page, locator);
    if (page.full) return;
  }
}

/** The sort keys that a condition allows, as bytes that order as they do. */
function rangeOf({ sort }: KeyCondition, reverse: boolean): DirectoryRange {
  if (sort === undefined) return { reverse };
  const first = sortableKeyBytes(sort.values[0]!);
  const at = { sort: first, inclusive: true };
  const beyond = { sort: first, inclusive: false };
  switch (sort.op) {
    case '=':
      return { reverse, from: at, to: at };
    case '<':
      return { reverse, to: beyond };
    case '<=':
      return { reverse, to: at };
    case '>':
      return { reverse, from: beyond };
    case '>=':
      return { reverse, from: at };
    case 'between':
      return { reverse, from: at, to: { sort: sortableKeyBytes(sort.values[1]!), inclusive: true } };
    case 'begins_with': {
      const end = bytesAfter(first);
      return { reverse, from: at, to: end === undefined ? undefined : { sort: end, inclusive: false } };
    }
  }
}

/** @throws AwsError ValidationException when the starting key is not among what the query can return */
function checkWithin(
  range: DirectoryRange,
  { key: { partition, sort } }: ReadTarget,
  condition: KeyCondition,
  startKey: Item,
): void {
  if (!equalValues(getOwn(startKey, partition.name)!, condition.partition)) {
    throw validationError(
      'The provided starting key is outside query boundaries based on provided conditions',
    );
  }
  if (sort === undefined || contains(range, sortableKeyBytes(getOwn(startKey, sort.name)!))) return;
  throw validationError('The provided starting key does not match the range key predicate');
}

function contains({ from, to }: DirectoryRange, sort: Buffer): boolean {
  if (from !== undefined) {
    const order = Buffer.compare(sort, from.sort);
    if (order < 0 || (order === 0 && !from.inclusive)) return false;
  }
  if (to === undefined) return true;
  const order = Buffer.compare(sort, to.sort);
  return order < 0 || (order === 0 && to.inclusive);
}
