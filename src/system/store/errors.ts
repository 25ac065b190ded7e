import { AwsError } from '../wire/errors.ts';
import { validationError } from './values/values.ts';

export { serializationError, validationError } from './values/values.ts';

/** What most validation texts begin with. */
export function invalidParameter(message: string): AwsError {
  return validationError(`One or more parameter values were invalid: ${message}`);
}

/** A data operation on a table that is not there. */
export function tableMissing(): AwsError {
  return new AwsError('ResourceNotFoundException', 'Requested resource not found');
}

/** A table operation on a table that is not there. */
export function namedTableMissing(name: string): AwsError {
  return new AwsError('ResourceNotFoundException', `Requested resource not found: Table: ${name} not found`);
}

/** A table operation that has to wait for an index. */
export function indexInUse(text: string): AwsError {
  return new AwsError(
    'ResourceInUseException',
    `Attempt to change a resource which is still in use: ${text}`,
  );
}

/** A table operation that has to wait for another. */
export function tableBeingUpdated(name: string): AwsError {
  return new AwsError(
    'ResourceInUseException',
    `Attempt to change a resource which is still in use: Table is being updated: ${name}`,
  );
}

export function keyMismatch(): AwsError {
  return validationError('The provided key element does not match the schema');
}
