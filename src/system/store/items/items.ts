import { AwsError } from '../../wire/errors.ts';
import type { StoreCore } from '../core.ts';
import { validationError } from '../errors.ts';
import {
  type CompiledExpressions,
  compileExpressions,
  refuseLegacyParameters,
} from '../expressions/expressions.ts';
import { checkIndexKeys, checkUpdatedIndexKeys } from '../indexes/index-keys.ts';
import { indexUnits } from '../indexes/index-writer.ts';
import { parseItem, type RequestBody, requireTable } from '../operation.ts';
import { RequestReader } from '../request.ts';
import type { StoredItem } from '../sealed-records.ts';
import type { TableRecord } from '../tables/catalog.ts';
import type { AccessContext, Item } from '../types.ts';
import { validateItem } from '../values/values.ts';
import {
  type CapacityReport,
  capacityReport,
  consumedCapacity,
  consumedCapacityMember,
  readUnits,
  writeUnits,
} from './capacity.ts';
import { checkItemKey, checkKey } from './item-key.ts';
import type { WritableItems } from './table-items.ts';

/** GetItem. Without a ProjectionExpression the item's text goes out as it was sealed. */
export function getItem(core: StoreCore, body: RequestBody, context: AccessContext) {
  refuseLegacyParameters('GetItem', body);
  const request = new RequestReader(body);
  const tableName = request.tableName();
  const consistent = request.boolean('ConsistentRead') ?? false;
  const report = capacityReport(request);
  request.done();
  const table = requireTable(core, tableName);
  const { projection } = compileExpressions('GetItem', body, table.primaryKey);
  const key = checkKey(table.primaryKey, body.Key);

  return core.read(table, context, (items) => {
    const stored = items.find(key);
    if (stored !== undefined && projection === undefined && report === 'NONE') return answerOf(stored);
    const item = stored === undefined ? '' : `"Item":${textOf(stored, projection)}`;
    const units = readUnits(stored?.size_bytes ?? 0, consistent);
    const consumed = consumedCapacityMember(report, tableName, units);
    return `{${item}${item !== '' && consumed !== '' ? ',' : ''}${consumed}}`;
  });
}

const BEFORE_ITEM = Buffer.from('{"Item":');
const AFTER_ITEM = 0x7d;

/** The item's bytes go out as they were sealed: as text they would be copied, measured and encoded three times over. */
function answerOf({ json }: StoredItem): Buffer {
  const answer = Buffer.allocUnsafe(BEFORE_ITEM.length + json.length + 1);
  answer.set(BEFORE_ITEM, 0);
  answer.set(json, BEFORE_ITEM.length);
  answer[answer.length - 1] = AFTER_ITEM;
  return answer;
}

function textOf(stored: StoredItem, projection: CompiledExpressions['projection']): string {
  return projection === undefined ? stored.json.toString() : JSON.stringify(projection(parseItem(stored)));
}

/** What a single write has in common with the others. */
interface WriteRequest {
  table: TableRecord;
  report: CapacityReport;
  returnValues: ReturnValues;
  condition: ((item: Item | undefined) => boolean) | undefined;
  returnOnFailure: boolean;
}

type ReturnValues = 'ALL_NEW' | 'UPDATED_OLD' | 'ALL_OLD' | 'NONE' | 'UPDATED_NEW';
const RETURN_VALUES: readonly ReturnValues[] = ['ALL_NEW', 'UPDATED_OLD', 'ALL_OLD', 'NONE', 'UPDATED_NEW'];

type WriteOperation = 'PutItem' | 'UpdateItem' | 'DeleteItem';

function readWriteRequest(core: StoreCore, operation: WriteOperation, body: RequestBody) {
  refuseLegacyParameters(operation, body);
  const request = new RequestReader(body);
  const tableName = request.tableName();
  const report = capacityReport(request);
  const returnValues = request.choice('ReturnValues', RETURN_VALUES) ?? 'NONE';
  const onFailure = request.choice('ReturnValuesOnConditionCheckFailure', ['ALL_OLD', 'NONE']);
  request.choice('ReturnItemCollectionMetrics', ['SIZE', 'NONE']);
  request.map(operation === 'PutItem' ? 'Item' : 'Key', { required: true });
  request.done();
  if (operation !== 'UpdateItem' && returnValues !== 'NONE' && returnValues !== 'ALL_OLD') {
    throw validationError('Return values set to invalid value');
  }
  const table = requireTable(core, tableName);
  const { condition, update } = compileExpressions(operation, body, table.primaryKey);
  const write: WriteRequest = {
    table,
    report,
    returnValues,
    condition,
    returnOnFailure: onFailure === 'ALL_OLD',
  };
  return { write, update };
}

/** PutItem */
export function putItem(core: StoreCore, body: RequestBody, context: AccessContext): Promise<object> {
  const { write } = readWriteRequest(core, 'PutItem', body);
  const { table, returnValues, condition } = write;
  const item = validateItem(body.Item);
  checkItemKey(table.primaryKey, item);
  checkIndexKeys(table, item);
  return core.write(table, context, (items) => {
    const old = condition !== undefined || returnValues === 'ALL_OLD' ? findItem(items, item) : undefined;
    checkCondition(write, old);
    const { old_bytes, new_bytes } = items.put(item);
    return answer(
      write,
      items,
      returnValues === 'ALL_OLD' ? old : undefined,
      writeUnits(old_bytes, new_bytes),
    );
  });
}

/** DeleteItem */
export function deleteItem(core: StoreCore, body: RequestBody, context: AccessContext): Promise<object> {
  const { write } = readWriteRequest(core, 'DeleteItem', body);
  const { table, returnValues, condition } = write;
  const key = checkKey(table.primaryKey, body.Key);
  return core.write(table, context, (items) => {
    const old = condition !== undefined || returnValues === 'ALL_OLD' ? findItem(items, key) : undefined;
    checkCondition(write, old);
    const old_bytes = items.remove(key);
    return answer(write, items, returnValues === 'ALL_OLD' ? old : undefined, writeUnits(old_bytes, 0));
  });
}

/** UpdateItem: an item that is not there yet begins as its key. */
export function updateItem(core: StoreCore, body: RequestBody, context: AccessContext): Promise<object> {
  const { write, update } = readWriteRequest(core, 'UpdateItem', body);
  const { table, returnValues } = write;
  const key = checkKey(table.primaryKey, body.Key);
  return core.write(table, context, (items) => {
    const old = findItem(items, key);
    checkCondition(write, old);
    const base = old ?? key;
    const updated = update === undefined ? base : update.apply(base);
    checkUpdatedIndexKeys(items.table, base, updated);
    const { old_bytes, new_bytes } = items.put(updated);
    return answer(write, items, updatedAttributes(), writeUnits(old_bytes, new_bytes));

    function updatedAttributes(): Item | undefined {
      if (returnValues === 'ALL_OLD') return old;
      if (returnValues === 'ALL_NEW') return updated;
      if (returnValues === 'UPDATED_NEW') return update?.updatedAttributes(updated);
      return returnValues === 'UPDATED_OLD' && old !== undefined ? update?.updatedAttributes(old) : undefined;
    }
  });
}

function findItem(items: WritableItems, key: Item): Item | undefined {
  const stored = items.find(key);
  return stored && parseItem(stored);
}

/** @throws AwsError ConditionalCheckFailedException, with the item where the request wants it */
function checkCondition({ condition, returnOnFailure }: WriteRequest, old: Item | undefined): void {
  if (condition === undefined || condition(old)) return;
  const fields = returnOnFailure && old !== undefined ? { Item: old } : {};
  throw new AwsError('ConditionalCheckFailedException', 'The conditional request failed', 400, fields);
}

function answer(
  { table, report }: WriteRequest,
  { followers }: WritableItems,
  attributes: Item | undefined,
  units: number,
): object {
  const Attributes = attributes !== undefined && Object.keys(attributes).length > 0 ? attributes : undefined;
  return { Attributes, ConsumedCapacity: consumedCapacity(report, table.name, units, indexUnits(followers)) };
}
