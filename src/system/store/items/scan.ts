import type { StoreCore } from '../core.ts';
import type { Engine } from '../engine/engine.ts';
import { validationError } from '../errors.ts';
import { compileExpressions, refuseLegacyParameters } from '../expressions/expressions.ts';
import { itemSegment, type KeyRange, type Segment } from '../layout.ts';
import { type RequestBody, requireTable } from '../operation.ts';
import { RequestReader } from '../request.ts';
import { tracedRange } from '../traced.ts';
import type { AccessContext, Item } from '../types.ts';
import { getOwn } from '../values/values.ts';
import { directoryEntries } from './directory.ts';
import { placeOf } from './item-key.ts';
import { type Listing, listingOf } from './listing.ts';
import { checkStartKey, type ReadTarget, readIndexName, readTarget, wantsWholeItems } from './read-target.ts';
import { checkSelect, ResultPage, readPageRequest } from './result-page.ts';
import type { TableItems } from './table-items.ts';

const MAX_SEGMENTS = 1_000_000;

/** Scan: partitions in the order of their locators, which is none that a client could know; sort keys in order. */
export function scan(core: StoreCore, body: RequestBody, context: AccessContext) {
  refuseLegacyParameters('Scan', body);
  const request = new RequestReader(body);
  const tableName = request.tableName();
  const pageRequest = readPageRequest(request);
  const segment = readSegment(request);
  const indexName = readIndexName(request);
  const start = request.map('ExclusiveStartKey');
  request.done();
  const target = readTarget(requireTable(core, tableName), indexName, pageRequest, start);
  checkSelect(body, target);
  const expressions = compileExpressions('Scan', body, target.key);
  const whole = wantsWholeItems(target, pageRequest, expressions);
  const startKey = start === undefined ? undefined : checkStartKey(target, start);

  const { trace } = context;
  const records: Engine['range'] = (range) =>
    trace === undefined ? core.engine.range(range) : tracedRange(core.engine.range(range), trace);
  const { table, index } = target;
  return core.read(table, context, (items) => {
    const page = new ResultPage(target, pageRequest, expressions);
    if (index === undefined && table.primaryKey.sort === undefined)
      addItems(records, items, segment, startKey, page);
    else addPartitions(records, listingOf(items, target, whole), target, segment, startKey, page);
    return page.toJson();
  });
}

function readSegment(request: RequestReader): Segment {
  const index = request.integer('Segment', { min: 0, max: MAX_SEGMENTS - 1 });
  const total = request.integer('TotalSegments', { min: 1, max: MAX_SEGMENTS });
  request.done();
  if (index === undefined && total === undefined) return { index: 0, total: 1 };
  if (total === undefined) {
    throw validationError(
      'The TotalSegments parameter is required but was not present in the request when Segment parameter is present',
    );
  }
  if (index === undefined) {
    throw validationError(
      'The Segment parameter is required but was not present in the request when parameter TotalSegments is present',
    );
  }
  if (index < total) return { index, total };
  throw validationError(
    'The Segment parameter is zero-based and must be less than parameter TotalSegments: ' +
      `Segment: ${index} is not less than TotalSegments: ${total}`,
  );
}

function addItems(
  records: Engine['range'],
  items: TableItems,
  segment: Segment,
  startKey: Item | undefined,
  page: ResultPage,
) {
  let range = { ...itemSegment(items.table.number, segment), includeStart: true };
  if (startKey !== undefined) {
    const start = placeOf(items.keys, items.table, startKey).recordKey;
    checkInSegment(range, start, segment);
    range = { ...range, start, includeStart: false };
  }
  for (const { key, value } of records(range)) {
    page.add(items.open(key, value));
    if (page.full) return;
  }
}

function addPartitions(
  records: Engine['range'],
  listing: Listing,
  { key }: ReadTarget,
  segment: Segment,
  startKey: Item | undefined,
  page: ResultPage,
): void {
  let range = { ...listing.roots(segment), includeStart: true };
  if (startKey !== undefined) {
    const partition = listing.partitionOf(getOwn(startKey, key.partition.name)!);
    const start = listing.rootOf(partition);
    checkInSegment(range, start, segment);
    addPartition(listing, partition, page, listing.orderOf(startKey));
    range = { ...range, start, includeStart: false };
  }
  if (page.full) return;
  for (const record of records(range)) {
    addPartition(listing, listing.partitionAt(record.key), page);
    if (page.full) return;
  }
}

function addPartition(listing: Listing, partition: Buffer, page: ResultPage, after?: Buffer): void {
  const range = after === undefined ? {} : { from: { sort: after, inclusive: false } };
  for (const { locator } of directoryEntries(listing.directoryOf(partition), range)) {
    listing.addTo(page, locator);
    if (page.full) return;
  }
}

function checkInSegment({ start, end }: KeyRange, key: Buffer, { index, total }: Segment): void {
  if (Buffer.compare(key, start) >= 0 && Buffer.compare(key, end) < 0) return;
  throw validationError(
    'The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. ' +
      `TotalSegments: ${total} Segment: ${index}`,
  );
}
