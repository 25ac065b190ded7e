import type { StoreCore } from '../core.ts';
import { serializationError, validationError } from '../errors.ts';
import {
  type CompiledExpressions,
  compileExpressions,
  refuseLegacyParameters,
} from '../expressions/expressions.ts';
import { checkIndexKeys } from '../indexes/index-keys.ts';
import { indexUnits } from '../indexes/index-writer.ts';
import { parseItem, type RequestBody, requireTable } from '../operation.ts';
import { RequestReader } from '../request.ts';
import type { TableRecord } from '../tables/catalog.ts';
import type { AccessContext, Item } from '../types.ts';
import { validateItem } from '../values/values.ts';
import {
  type CapacityReport,
  capacityReport,
  consumedCapacity,
  type IndexUnits,
  readUnits,
  writeUnits,
} from './capacity.ts';
import { checkItemKey, checkKey, keyName } from './item-key.ts';
import type { TableItems } from './table-items.ts';

const MAX_KEYS = 100;
const MAX_WRITES = 25;
/** What one BatchGetItem returns at most; the rest are `UnprocessedKeys`. */
const MAX_RESPONSE_BYTES = 16 * 1024 * 1024;

interface TableKeysRequest {
  table: TableRecord;
  given: RequestBody;
  consistent: boolean;
  expressions: CompiledExpressions;
  keys: Item[];
}

/** BatchGetItem: one look at the key cache for each table. */
export async function batchGetItem(
  core: StoreCore,
  body: RequestBody,
  context: AccessContext,
): Promise<string> {
  const { report, tables } = readTables(body);
  const requests = Object.entries(tables).map(([name, given]) => readKeysRequest(core, name, given));
  if (requests.reduce((count, { keys }) => count + keys.length, 0) > MAX_KEYS) {
    throw validationError('Too many items requested for the BatchGetItem call');
  }
  const responses: string[] = [];
  const unprocessed: Record<string, object> = {};
  const units: Consumed[] = [];
  let left_bytes = MAX_RESPONSE_BYTES;
  for (const request of requests) {
    const { table, given, keys } = request;
    const found = await core.read(table, context, (items) => findAll(items, request, left_bytes));
    left_bytes -= found.size_bytes;
    responses.push(`${JSON.stringify(table.name)}:[${found.items.join(',')}]`);
    if (found.done < keys.length) unprocessed[table.name] = { ...given, Keys: keys.slice(found.done) };
    units.push({ name: table.name, units: found.units });
  }
  const consumed = batchCapacity(report, units);
  const members = [
    `"Responses":{${responses.join(',')}}`,
    `"UnprocessedKeys":${JSON.stringify(unprocessed)}`,
  ];
  if (consumed !== undefined) members.push(`"ConsumedCapacity":${JSON.stringify(consumed)}`);
  return `{${members.join(',')}}`;
}

function findAll(items: TableItems, { keys, consistent, expressions }: TableKeysRequest, left_bytes: number) {
  const { projection } = expressions;
  const found = { items: [] as string[], size_bytes: 0, units: 0, done: 0 };
  for (const key of keys) {
    const stored = items.find(key);
    const size_bytes = stored?.size_bytes ?? 0;
    if (found.size_bytes + size_bytes > left_bytes) break;
    found.done += 1;
    found.size_bytes += size_bytes;
    found.units += readUnits(size_bytes, consistent);
    if (stored === undefined) continue;
    found.items.push(
      projection === undefined ? stored.json.toString() : JSON.stringify(projection(parseItem(stored))),
    );
  }
  return found;
}

function readKeysRequest(core: StoreCore, name: string, given: unknown): TableKeysRequest {
  if (typeof given !== 'object' || given === null) throw serializationError('Unexpected field type');
  const body = given as RequestBody;
  refuseLegacyParameters('BatchGetItem', body);
  const request = new RequestReader(body, `requestItems.${name}.member.`);
  const keysGiven = request.list('Keys', { required: true, min: 1, max: MAX_KEYS }) ?? [];
  const consistent = request.boolean('ConsistentRead') ?? false;
  request.done();
  const table = requireTable(core, name);
  const expressions = compileExpressions('BatchGetItem', body, table.primaryKey);
  const keys = keysGiven.map((key) => checkKey(table.primaryKey, key));
  refuseDuplicates(table, keys);
  return { table, given: body, consistent, expressions, keys };
}

/** What a batch took of a table. */
interface Consumed {
  name: string;
  units: number;
  indexes?: readonly IndexUnits[];
}

type WriteRequest = { put: Item } | { remove: Item };

/** BatchWriteItem: the writes to one table share a transaction, which the API does not promise. */
export async function batchWriteItem(
  core: StoreCore,
  body: RequestBody,
  context: AccessContext,
): Promise<object> {
  const { report, tables } = readTables(body, { min: 1, max: MAX_WRITES });
  const batches = Object.entries(tables).map(([name, given]) => readWrites(core, name, given));
  if (batches.reduce((count, { writes }) => count + writes.length, 0) > MAX_WRITES) {
    throw validationError('Too many items requested for the BatchWriteItem call');
  }
  const units = await Promise.all(
    batches.map(async ({ table, writes }): Promise<Consumed> => {
      const consumed = await core.write(table, context, (items) => {
        let sum = 0;
        for (const write of writes) {
          if ('put' in write) {
            const { old_bytes, new_bytes } = items.put(write.put);
            sum += writeUnits(old_bytes, new_bytes);
          } else {
            sum += writeUnits(items.remove(write.remove), 0);
          }
        }
        return { units: sum, indexes: indexUnits(items.followers) };
      });
      return { name: table.name, ...consumed };
    }),
  );
  return { UnprocessedItems: {}, ConsumedCapacity: batchCapacity(report, units) };
}

function readWrites(
  core: StoreCore,
  name: string,
  given: unknown,
): { table: TableRecord; writes: WriteRequest[] } {
  if (!Array.isArray(given)) throw serializationError('Unexpected field type');
  const table = requireTable(core, name);
  const writes = given.map((request) => readWrite(table, request));
  refuseDuplicates(
    table,
    writes.map((write) => ('put' in write ? write.put : write.remove)),
  );
  return { table, writes };
}

function readWrite(table: TableRecord, given: unknown): WriteRequest {
  if (typeof given !== 'object' || given === null) throw serializationError('Unexpected field type');
  const request = new RequestReader(given as RequestBody);
  const put = request.map('PutRequest');
  const remove = request.map('DeleteRequest');
  if ((put === undefined) === (remove === undefined)) {
    throw validationError(
      'Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes',
    );
  }
  if (remove !== undefined) return { remove: checkKey(table.primaryKey, remove.Key) };
  const item = validateItem(put?.Item);
  checkItemKey(table.primaryKey, item);
  checkIndexKeys(table, item);
  return { put: item };
}

/** `RequestItems`, which both operations have. @param listLength of a table's part, where that is a list */
function readTables(
  body: RequestBody,
  listLength?: { min: number; max: number },
): { report: CapacityReport; tables: Record<string, unknown> } {
  const request = new RequestReader(body);
  const report = capacityReport(request);
  const tables = request.map('RequestItems', { required: true }) ?? {};
  if (body.RequestItems !== undefined) {
    request.checkLength('RequestItems', Object.keys(tables).length, { min: 1, max: MAX_KEYS });
    request.checkTableNames('RequestItems', Object.keys(tables));
    if (listLength !== undefined) {
      request.checkListLengths('RequestItems', Object.values(tables), listLength);
    }
  }
  request.done();
  return { report, tables };
}

function refuseDuplicates(table: TableRecord, items: readonly Item[]): void {
  const names = new Set(items.map((item) => keyName(table.primaryKey, item)));
  if (names.size < items.length) throw validationError('Provided list of item keys contains duplicates');
}

function batchCapacity(report: CapacityReport, units: readonly Consumed[]): object[] | undefined {
  if (report === 'NONE') return undefined;
  return units.map(({ name, units, indexes }) => consumedCapacity(report, name, units, indexes)!);
}
