import { AwsError } from '../../wire/errors.ts';

/** What DynamoDB answers to a request that it understood and refuses. */
export function validationError(message: string): AwsError {
  return new AwsError('ValidationException', message);
}

/** What DynamoDB answers to JSON of the wrong shape: a number where a string belongs. */
export function serializationError(message: string): AwsError {
  return new AwsError('SerializationException', message);
}
