import { attributeText, keyText, type PlannedOperation } from '../plan/plan.ts';
import { attributeNames, type OperationKind } from '../workload/workload.ts';

/** What goes over the wire. */
export const WIRE_OPERATIONS = ['GetItem', 'PutItem', 'UpdateItem', 'DeleteItem', 'Scan'] as const;
export type WireOperation = (typeof WIRE_OPERATIONS)[number];

/** The requests of each kind, one after the other on one connection. */
export const REQUESTS: Record<OperationKind, readonly WireOperation[]> = {
  get: ['GetItem'],
  put: ['PutItem'],
  insert: ['PutItem'],
  update: ['UpdateItem'],
  delete: ['DeleteItem'],
  scan: ['Scan'],
  readModifyWrite: ['GetItem', 'UpdateItem'],
};

/** Where items are kept, and how they are put together. */
export interface ItemShape {
  /** Names, by the table's number. */
  tables: readonly string[];
  /** Attributes beside the key. */
  fields: number;
}

/**
 * The body of one request of an operation, as JSON. Keys and payloads are plain ASCII without anything to escape, so the
 * text is put together and not serialised: it is made for every request that is measured.
 */
export function requestBody(request: WireOperation, operation: PlannedOperation, shape: ItemShape): string {
  const { key, index, bytes } = operation;
  const table = `"TableName":"${shape.tables[operation.table]!}"`;
  const pk = `{"pk":{"S":"${keyText(key)}"}}`;
  switch (request) {
    case 'PutItem':
      return `{${table},"Item":${itemJson(key, index, bytes, shape.fields)}}`;
    case 'UpdateItem': {
      const names = attributeNames(shape.fields);
      const field = index % names.length;
      const text = attributeText(key, index, bytes, { fields: shape.fields, field });
      return `{${table},"Key":${pk},"UpdateExpression":"SET #d = :d","ExpressionAttributeNames":{"#d":"${names[field]}"},"ExpressionAttributeValues":{":d":{"S":"${text}"}}}`;
    }
    case 'Scan':
      return `{${table},"ExclusiveStartKey":${pk},"Limit":${operation.length}}`;
    default:
      return `{${table},"Key":${pk}}`;
  }
}

/** An item in DynamoDB's JSON. @param version what tells this write of the key from others */
export function itemJson(key: number, version: number, bytes: number, fields: number): string {
  const attributes = attributeNames(fields).map(
    (name, field) => `,"${name}":{"S":"${attributeText(key, version, bytes, { fields, field })}"}`,
  );
  return `{"pk":{"S":"${keyText(key)}"}${attributes.join('')}}`;
}
