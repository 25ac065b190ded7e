import type { Transaction } from '../engine/engine.ts';
import { invalidParameter, validationError } from '../errors.ts';
import type { RequestReader } from '../request.ts';
import type { StreamViewType, TableRecord } from '../tables/catalog.ts';
import type { BillingRequest } from '../tables/table-schema.ts';
import { endStream, startStream } from './stream-records.ts';

export interface StreamRequest {
  enabled: boolean;
  /** There if and only if it is to be enabled, once it is checked. */
  viewType?: StreamViewType;
}

const VIEW_TYPES: readonly StreamViewType[] = ['OLD_IMAGE', 'KEYS_ONLY', 'NEW_AND_OLD_IMAGES', 'NEW_IMAGE'];

/** `StreamSpecification`; constraints that are broken show in `done()`. */
export function readStreamRequest(request: RequestReader): StreamRequest | undefined {
  const specification = request.structure('StreamSpecification');
  if (specification === undefined) return undefined;
  const enabled = specification.boolean('StreamEnabled', { required: true }) ?? false;
  return { enabled, viewType: specification.choice('StreamViewType', VIEW_TYPES) };
}

/**
 * The view type of the stream that a new table is to have; none for none.
 * @throws AwsError ValidationException, with the texts observed on DynamoDB
 */
export function viewTypeAtCreation(stream: StreamRequest | undefined): StreamViewType | undefined {
  if (stream === undefined) return undefined;
  const { enabled, viewType } = stream;
  if (enabled && viewType === undefined) {
    throw invalidParameter('Table is being created with a stream enabled, UpdateViewType is required');
  }
  if (!enabled && viewType !== undefined) {
    throw invalidParameter(
      'Table is being created with a stream disabled, UpdateViewType should not be specified',
    );
  }
  return viewType;
}

/**
 * @throws AwsError ValidationException for members that contradict each other, and for other changes in the same request
 *   than that to PAY_PER_REQUEST
 */
export function checkStreamUpdate(
  { enabled, viewType }: StreamRequest,
  { mode, units }: BillingRequest,
  changesProtection: boolean,
): void {
  if (mode === 'PROVISIONED' || units !== undefined) {
    throw validationError('You cannot modify stream status while updating table IOPS');
  }
  if (changesProtection) {
    throw validationError('DeletionProtection modification must be the only operation in the request');
  }
  if (enabled && viewType === undefined) {
    throw invalidParameter('If stream is being enabled then UpdateViewType is required');
  }
  if (!enabled && viewType !== undefined) {
    throw invalidParameter('If stream is being disabled, then UpdateViewType must not be specified');
  }
}

/**
 * Enables or disables a table's stream within a transaction.
 * @returns the table's record, to be written
 * @throws AwsError ValidationException for a stream that is already as it is to become: nor does its view type change
 */
export function changeStream(
  transaction: Transaction,
  table: TableRecord,
  { viewType }: StreamRequest,
  at: { tableArn: string; now_ms: number },
): TableRecord {
  const wasEnabled = table.stream?.enabled ?? false;
  if (viewType === undefined) {
    if (!wasEnabled) throw validationError(`Table has no stream to disable: TableName: ${table.name}`);
    return endStream(transaction, table, at.now_ms);
  }
  if (wasEnabled) throw validationError(`Table already has an enabled stream: TableName: ${table.name}`);
  return startStream(transaction, table, viewType, at);
}
