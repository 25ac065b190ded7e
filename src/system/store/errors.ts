import { AwsError } from '../wire/errors.ts';

export function validationError(message: string): AwsError {
  return new AwsError('ValidationException', message);
}

/** What most validation texts begin with. */
export function invalidParameter(message: string): AwsError {
  return validationError(`One or more parameter values were invalid: ${message}`);
}

export function serializationError(message: string): AwsError {
  return new AwsError('SerializationException', message);
}

/** A data operation on a table that is not there. */
export function tableMissing(): AwsError {
  return new AwsError('ResourceNotFoundException', 'Requested resource not found');
}

/** A table operation on a table that is not there. */
export function namedTableMissing(name: string): AwsError {
  return new AwsError('ResourceNotFoundException', `Requested resource not found: Table: ${name} not found`);
}

export function keyMismatch(): AwsError {
  return validationError('The provided key element does not match the schema');
}
