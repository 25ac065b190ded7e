import { itemText, keyText, type PlannedOperation } from '../plan/plan.ts';
import type { OperationKind } from '../workload/workload.ts';

/** DynamoDB's operation for each kind. */
export const OPERATION_NAMES: Record<OperationKind, string> = {
  get: 'GetItem',
  put: 'PutItem',
  update: 'UpdateItem',
  delete: 'DeleteItem',
};

export interface ItemShape {
  table: string;
  itemBytes: number;
}

/**
 * The body of an operation's request, as JSON. Keys and payloads are plain ASCII without anything to escape, so the
 * text is put together and not serialised: it is made for every request that is measured.
 */
export function requestBody(operation: PlannedOperation, shape: ItemShape): string {
  const table = `"TableName":"${shape.table}"`;
  if (operation.kind === 'put') return `{${table},"Item":${itemJson(operation.key, operation.index, shape)}}`;
  const key = `"Key":{"pk":{"S":"${keyText(operation.key)}"}}`;
  if (operation.kind !== 'update') return `{${table},${key}}`;
  const data = itemText(operation.key, operation.index, shape.itemBytes);
  return `{${table},${key},"UpdateExpression":"SET #d = :d","ExpressionAttributeNames":{"#d":"data"},"ExpressionAttributeValues":{":d":{"S":"${data}"}}}`;
}

/** An item in DynamoDB's JSON. @param version what tells this write of the key from others */
export function itemJson(key: number, version: number, { itemBytes }: ItemShape): string {
  return `{"pk":{"S":"${keyText(key)}"},"data":{"S":"${itemText(key, version, itemBytes)}"}}`;
}
