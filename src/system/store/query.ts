import type { TableRecord } from './catalog.ts';
import type { StoreCore } from './core.ts';
import { type DirectoryRange, directoryEntries } from './directory.ts';
import { validationError } from './errors.ts';
import { compileExpressions, type KeyCondition, refuseLegacyParameters } from './expressions/expressions.ts';
import { checkKey, partitionLocator } from './item-key.ts';
import { type RequestBody, requireTable } from './operation.ts';
import { RequestReader } from './request.ts';
import { checkSelect, ResultPage, readPageRequest } from './result-page.ts';
import type { TableItems } from './table-items.ts';
import type { AccessContext, Item } from './types.ts';
import { equalValues, getOwn, setOwn, sortableKeyBytes } from './values/values.ts';

/** Query */
export function query(core: StoreCore, body: RequestBody, context: AccessContext) {
  refuseLegacyParameters('Query', body);
  const request = new RequestReader(body);
  const tableName = request.tableName();
  const pageRequest = readPageRequest(request);
  const reverse = request.boolean('ScanIndexForward') === false;
  const indexName = request.string('IndexName');
  const start = request.map('ExclusiveStartKey');
  request.done();
  const table = requireTable(core, tableName);
  refuseIndex(indexName);
  checkSelect(body);
  const expressions = compileExpressions('Query', body, table.primaryKey);
  const condition = expressions.keyCondition!;
  const range = rangeOf(condition, reverse);
  const startKey = start === undefined ? undefined : checkStartKey(table, start);
  if (startKey !== undefined) startAfter(range, table, condition, startKey);

  return core.read(table, context, (items) => {
    const page = new ResultPage(table, pageRequest, expressions);
    if (table.primaryKey.sort === undefined) {
      if (startKey === undefined) addSingle(items, condition, page);
    } else {
      addListed(items, condition, range, page);
    }
    return page.toJson();
  });
}

export function refuseIndex(indexName: string | undefined): void {
  if (indexName === undefined) return;
  throw validationError(`The table does not have the specified index: ${indexName}`);
}

/** @throws AwsError ValidationException, with the text that starting keys have */
export function checkStartKey(table: TableRecord, start: Record<string, unknown>): Item {
  try {
    return checkKey(table.primaryKey, start);
  } catch (thrown) {
    if (!(thrown instanceof Error)) throw thrown;
    throw validationError(`The provided starting key is invalid: ${thrown.message}`);
  }
}

/** A partition of a table without a sort key has one item, at most. */
function addSingle(items: TableItems, condition: KeyCondition, page: ResultPage): void {
  const key: Item = {};
  setOwn(key, items.table.primaryKey.partition.name, condition.partition);
  const stored = items.find(key);
  if (stored !== undefined) page.add(stored);
}

function addListed(
  items: TableItems,
  condition: KeyCondition,
  range: DirectoryRange,
  page: ResultPage,
): void {
  const partition = partitionLocator(items.keys, condition.partition);
  for (const { locator } of directoryEntries(items.directoryOf(partition), range)) {
    page.add(items.listed(locator));
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
      const end = afterPrefix(first);
      return { reverse, from: at, to: end === undefined ? undefined : { sort: end, inclusive: false } };
    }
  }
}

/** The least bytes above all that begin with `prefix`; none above 0xff…ff. */
function afterPrefix(prefix: Buffer): Buffer | undefined {
  for (let last = prefix.length - 1; last >= 0; last--) {
    if (prefix[last] === 0xff) continue;
    const end = Buffer.from(prefix.subarray(0, last + 1));
    end[last]! += 1;
    return end;
  }
  return undefined;
}

/** @throws AwsError ValidationException when the starting key is not among what the query can return */
function startAfter(
  range: DirectoryRange,
  table: TableRecord,
  condition: KeyCondition,
  startKey: Item,
): void {
  const { partition, sort } = table.primaryKey;
  if (!equalValues(getOwn(startKey, partition.name)!, condition.partition)) {
    throw validationError(
      'The provided starting key is outside query boundaries based on provided conditions',
    );
  }
  if (sort === undefined) return;
  const bytes = sortableKeyBytes(getOwn(startKey, sort.name)!);
  if (!contains(range, bytes)) {
    throw validationError('The provided starting key does not match the range key predicate');
  }
  const after = { sort: bytes, inclusive: false };
  if (range.reverse) range.to = after;
  else range.from = after;
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
