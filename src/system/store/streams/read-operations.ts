import { hash } from 'node:crypto';
import { AwsError } from '../../wire/errors.ts';
import type { StoreCore } from '../core.ts';
import { validationError } from '../errors.ts';
import type { RequestBody } from '../operation.ts';
import { RequestReader } from '../request.ts';
import type { AccessContext } from '../types.ts';
import { readShardId } from './describe-operations.ts';
import {
  findShard,
  findStream,
  readStreamArn,
  rollShards,
  type StreamState,
  stateOf,
  tableOf,
} from './find-stream.ts';
import {
  compareSequences,
  firstAt,
  laterOf,
  nextSequence,
  parseSequence,
  type SequenceNumber,
  sequenceText,
} from './sequence.ts';
import {
  claimedIterator,
  ITERATOR_LIFETIME_MS,
  iteratorText,
  openIterator,
  type ShardIterator,
} from './shard-iterator.ts';
import { type Shard, shardStarting } from './shards.ts';
import { readStored, type StoredRecord } from './stream-reader.ts';

const TYPES = ['AFTER_SEQUENCE_NUMBER', 'AT_SEQUENCE_NUMBER', 'LATEST', 'TRIM_HORIZON'] as const;
type IteratorType = (typeof TYPES)[number];

/** DynamoDB's bounds on one answer of GetRecords. */
const MAX_RECORDS = 1000;
const MAX_BYTES = 1024 * 1024;

/** GetShardIterator */
export async function getShardIterator(
  core: StoreCore,
  body: RequestBody,
  context: AccessContext,
): Promise<object> {
  const request = new RequestReader(body);
  const arn = readStreamArn(request, 'StreamArn', true) ?? '';
  const shardId = readShardId(request, 'ShardId', true) ?? '';
  const type = request.choice('ShardIteratorType', TYPES, { required: true }) ?? 'LATEST';
  const sequence = request.string('SequenceNumber', { length: { min: 21, max: 40 } });
  request.done();
  const named = checkSequence(type, sequence);
  const state = await rollShards(core, findStream(core, arn));
  const shard = findShard(state, shardId);
  if (named !== undefined) checkPlace(state, shard, named);
  return core.read(tableOf(core, state.stream), context, ({ keys }) => ({
    ShardIterator: iteratorText(keys, arn, {
      issued_ms: Math.floor(core.clock.wall_ms()),
      shardStart_ms: shard.first.ms,
      from: placeOf(type, named, state, shard),
      exact: named !== undefined,
    }),
  }));
}

/** @throws AwsError ValidationException unless there is a number if and only if the type asks for one */
function checkSequence(type: IteratorType, sequence: string | undefined): SequenceNumber | undefined {
  const wanted = type === 'AT_SEQUENCE_NUMBER' || type === 'AFTER_SEQUENCE_NUMBER';
  if (!wanted && sequence === undefined) return undefined;
  if (!wanted) throw validationError(`SequenceNumber must not be specified with ShardIteratorType ${type}`);
  if (sequence === undefined) {
    throw validationError(`SequenceNumber must be specified with ShardIteratorType ${type}`);
  }
  const parsed = parseSequence(sequence);
  if (parsed === undefined) throw validationError(`Invalid SequenceNumber: ${sequence}`);
  return parsed;
}

/** @throws AwsError ValidationException, TrimmedDataAccessException */
function checkPlace({ horizon_ms }: StreamState, shard: Shard, named: SequenceNumber): void {
  if (compareSequences(named, shard.first) < 0 || compareSequences(named, shard.last) > 0) {
    throw validationError(`Invalid SequenceNumber: ${sequenceText(named)} is not of shard ${shard.id}`);
  }
  if (named.ms < horizon_ms) throw trimmed();
}

function placeOf(
  type: IteratorType,
  named: SequenceNumber | undefined,
  { head }: StreamState,
  shard: Shard,
): SequenceNumber {
  if (type === 'AT_SEQUENCE_NUMBER') return named!;
  if (type === 'AFTER_SEQUENCE_NUMBER') return after(named!);
  return type === 'LATEST' ? laterOf(after(head), shard.first) : shard.first;
}

/** GetRecords */
export async function getRecords(
  core: StoreCore,
  body: RequestBody,
  context: AccessContext,
): Promise<string> {
  const request = new RequestReader(body);
  const text = request.string('ShardIterator', { required: true, length: { min: 1, max: 2048 } }) ?? '';
  const limit = request.integer('Limit', { min: 1, max: MAX_RECORDS }) ?? MAX_RECORDS;
  request.done();
  const claimed = claimedIterator(text);
  if (claimed === undefined) throw invalidIterator();
  const { stream } = await rollShards(core, findStream(core, claimed.arn));
  return core.read(tableOf(core, stream), context, ({ keys }) => {
    const iterator = openIterator(keys, claimed);
    const state = stateOf(core, stream);
    const shard = iterator && shardStarting(stream, iterator.shardStart_ms, state.head);
    if (iterator === undefined || shard === undefined) throw invalidIterator();
    checkAge(iterator, state, core.clock.wall_ms());
    const from = laterOf(iterator.from, firstAt(Math.max(0, state.horizon_ms)));
    const page = takePage(readStored(core.engine, keys, stream.table.number, from, shard.last), limit);
    const next = nextOf(page.rest, state, shard, core.clock.wall_ms());
    const shown = page.records.map((record) => eventText(core.region, claimed.arn, record));
    const member =
      next === undefined ? '' : `,"NextShardIterator":"${iteratorText(keys, claimed.arn, next)}"`;
    return `{"Records":[${shown.join(',')}]${member}}`;
  });
}

/** @throws AwsError ExpiredIteratorException, TrimmedDataAccessException */
function checkAge(
  { issued_ms, exact, from }: ShardIterator,
  { horizon_ms }: StreamState,
  now_ms: number,
): void {
  if (now_ms - issued_ms > ITERATOR_LIFETIME_MS) {
    throw new AwsError(
      'ExpiredIteratorException',
      `Iterator expired. The iterator was created at ${new Date(issued_ms).toISOString()} and lives for 15 minutes`,
    );
  }
  if (exact && from.ms < horizon_ms) throw trimmed();
}

interface Page {
  records: StoredRecord[];
  /** The first that did not fit. */
  rest: StoredRecord | undefined;
}

function takePage(stored: Iterable<StoredRecord>, limit: number): Page {
  const records: StoredRecord[] = [];
  let bytes = 0;
  for (const record of stored) {
    bytes += record.json.length;
    if (records.length === limit || (bytes > MAX_BYTES && records.length > 0))
      return { records, rest: record };
    records.push(record);
  }
  return { records, rest: undefined };
}

/** Where to go on; nowhere, once a closed shard has been read to its end. */
function nextOf(
  rest: StoredRecord | undefined,
  { head }: StreamState,
  shard: Shard,
  now_ms: number,
): ShardIterator | undefined {
  if (rest === undefined && shard.closed) return undefined;
  return {
    issued_ms: Math.floor(now_ms),
    shardStart_ms: shard.first.ms,
    from: rest === undefined ? laterOf(after(head), shard.first) : rest.sequence,
    exact: rest !== undefined,
  };
}

/** A stored change with what is not stored: its JSON goes out as it was sealed. */
function eventText(region: string, arn: string, { sequence, json }: StoredRecord): string {
  const eventID = hash('sha256', `${arn}/${sequenceText(sequence)}`).slice(0, 32);
  const head = `"eventID":"${eventID}","eventVersion":"1.1","eventSource":"aws:dynamodb","awsRegion":"${region}"`;
  return `{${head},${json.toString('utf8', 1)}`;
}

function after(sequence: SequenceNumber): SequenceNumber {
  return nextSequence(sequence, 0);
}

function invalidIterator(): AwsError {
  return validationError('Invalid ShardIterator');
}

function trimmed(): AwsError {
  return new AwsError(
    'TrimmedDataAccessException',
    'The operation attempted to read past the oldest stream record in a shard.',
  );
}
