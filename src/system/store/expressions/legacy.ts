import { validationError } from '../values/values.ts';

/** Parameters from before expressions (Developer Guide, "Legacy DynamoDB conditional parameters"), and what took over. */
const SUCCESSORS = Object.entries({
  AttributesToGet: 'ProjectionExpression',
  AttributeUpdates: 'UpdateExpression',
  Expected: 'ConditionExpression',
  KeyConditions: 'KeyConditionExpression',
  QueryFilter: 'FilterExpression',
  ScanFilter: 'FilterExpression',
});

/**
 * @param body a request's, or a table's part of a BatchGetItem
 * @throws AwsError ValidationException which names what to use instead
 */
export function refuseLegacyParameters(operation: string, body: Readonly<Record<string, unknown>>): void {
  const advice: string[] = [];
  for (const [parameter, successor] of SUCCESSORS) {
    if (isPresent(body, parameter)) advice.push(`use ${successor} instead of ${parameter}`);
  }
  if (isPresent(body, 'ConditionalOperator')) {
    const reads = operation === 'Query' || operation === 'Scan';
    const successor = reads ? 'FilterExpression' : 'ConditionExpression';
    advice.push(`use AND and OR in a ${successor} instead of ConditionalOperator`);
  }
  if (advice.length === 0) return;
  throw validationError(`${operation} does not support legacy parameters: ${advice.join(', ')}`);
}

function isPresent(body: Readonly<Record<string, unknown>>, parameter: string): boolean {
  return Object.hasOwn(body, parameter) && body[parameter] !== null && body[parameter] !== undefined;
}
