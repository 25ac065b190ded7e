import { AwsError } from '../../wire/errors.ts';
import type { StoreCore } from '../core.ts';
import { validationError } from '../errors.ts';
import type { RequestReader } from '../request.ts';
import type { TableRecord } from '../tables/catalog.ts';
import type { SequenceNumber } from './sequence.ts';
import { rollsAt_ms, type Shard, shardNamed } from './shards.ts';
import { horizonAt, isOver, moveHead, readHead, readStream, type StreamRecord } from './stream-records.ts';

const ARN = /^arn:aws:dynamodb:[^:]*:[^:]*:table\/([\w.-]+)\/stream\/([\dT:.-]+)$/;
const ARN_LENGTH = { min: 37, max: 1024 } as const;

/** A constraint that it breaks shows in `done()`. */
export function readStreamArn(request: RequestReader, member: string, required: boolean): string | undefined {
  return request.string(member, { required, length: ARN_LENGTH });
}

/** @throws AwsError ValidationException, ResourceNotFoundException: also for a stream whose last record was trimmed */
export function findStream(core: StoreCore, arn: string): StreamRecord {
  const [, name, label] = ARN.exec(arn) ?? [];
  if (name === undefined || label === undefined) throw validationError(`Invalid StreamArn: ${arn}`);
  const stream = readStream(core.engine, name, label);
  if (stream?.arn !== arn || isOver(stream, core.clock.wall_ms())) {
    throw new AwsError('ResourceNotFoundException', `Requested resource not found: Stream: ${arn} not found`);
  }
  return stream;
}

/** The stream's table as it is now; as it was, when it is gone. */
export function tableOf(core: StoreCore, { table }: StreamRecord): TableRecord {
  const current = core.catalog.find(table.name);
  return current?.id === table.id ? current : table;
}

/** What is to be known of a stream at one moment. */
export interface StreamState {
  stream: StreamRecord;
  /** The last number that was given: what comes is greater. */
  head: SequenceNumber;
  horizon_ms: number;
}

export function stateOf(core: StoreCore, stream: StreamRecord): StreamState {
  const head = readHead(core.engine, stream.table.number) ?? stream.start;
  return { stream, head, horizon_ms: horizonAt(core.clock.wall_ms()) };
}

/**
 * Closes the open shard where its time is over. A write does it by its own number; here it is done for a table that is
 * not written to, so that a shard told to be closed never gets a record from a write that was on its way.
 */
export async function rollShards(core: StoreCore, stream: StreamRecord): Promise<StreamState> {
  const state = stateOf(core, stream);
  const now_ms = core.clock.wall_ms();
  if (now_ms < rollsAt_ms(stream, state.head)) return state;
  await core.engine.write((transaction) => {
    const newest = readStream(transaction, stream.table.name, stream.label);
    if (newest !== undefined && newest.end === undefined) moveHead(transaction, stream.table.number, now_ms);
  });
  core.engine.refresh();
  return stateOf(core, findStream(core, stream.arn));
}

/** @throws AwsError ResourceNotFoundException for a shard that never was, or has no record any more */
export function findShard({ stream, head, horizon_ms }: StreamState, shardId: string): Shard {
  const shard = shardNamed(stream, shardId, head);
  if (shard === undefined || (shard.closed && shard.last.ms < horizon_ms)) {
    throw new AwsError('ResourceNotFoundException', 'Requested resource not found: Shard does not exist');
  }
  return shard;
}
