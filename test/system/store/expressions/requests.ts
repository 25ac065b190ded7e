import type {
  CompiledExpressions,
  ExpressionOperation,
  PrimaryKey,
} from '../../../../src/system/store/expressions/expressions.ts';
import { compileExpressions } from '../../../../src/system/store/expressions/expressions.ts';
import type { AttributeValue } from '../../../../src/system/store/types.ts';
import type { AwsError } from '../../../../src/system/wire/errors.ts';

export const KEY: PrimaryKey = { partition: { name: 'pk', type: 'S' }, sort: { name: 'sk', type: 'N' } };
export const PARTITION_ONLY: PrimaryKey = { partition: { name: 'pk', type: 'S' } };

/** Code and message of the error that a request must end in. */
export function errorOf(
  operation: ExpressionOperation,
  body: Record<string, unknown>,
  key = KEY,
): [code: string, message: string] {
  try {
    compileExpressions(operation, body, key);
  } catch (error) {
    const { code, message } = error as AwsError;
    return [code, message];
  }
  throw new Error(`${operation} ${JSON.stringify(body)} was accepted`);
}

export function compileUpdate(
  expression: string,
  values?: Record<string, AttributeValue>,
  names?: Record<string, string>,
): NonNullable<CompiledExpressions['update']> {
  const body = {
    UpdateExpression: expression,
    ExpressionAttributeValues: structuredClone(values),
    ExpressionAttributeNames: names,
  };
  return compileExpressions('UpdateItem', body, KEY).update!;
}

export function compileCondition(
  expression: string,
  values?: Record<string, AttributeValue>,
  names?: Record<string, string>,
): NonNullable<CompiledExpressions['condition']> {
  const body = {
    ConditionExpression: expression,
    ExpressionAttributeValues: structuredClone(values),
    ExpressionAttributeNames: names,
  };
  return compileExpressions('PutItem', body, KEY).condition!;
}
