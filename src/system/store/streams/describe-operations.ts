import type { StoreCore } from '../core.ts';
import type { RequestBody } from '../operation.ts';
import { RequestReader } from '../request.ts';
import { describeKeySchema } from '../tables/table-description.ts';
import { findStream, readStreamArn, rollShards } from './find-stream.ts';
import { sequenceText } from './sequence.ts';
import { type Shard, shardsOf } from './shards.ts';
import { isOver, streams } from './stream-records.ts';

/** DynamoDB's bound on a page of streams, or of shards. */
const PAGE = 100;

/** ListStreams: by table name, and oldest first. */
export function listStreams(core: StoreCore, body: RequestBody): object {
  const request = new RequestReader(body);
  const tableName = request.string('TableName') === undefined ? undefined : request.tableName();
  const after = readStreamArn(request, 'ExclusiveStartStreamArn', false);
  const limit = request.integer('Limit', { min: 1, max: PAGE }) ?? PAGE;
  request.done();
  const start = after === undefined ? undefined : findStream(core, after);
  const found = [];
  let passed = start === undefined;
  for (const stream of streams(core.engine, tableName)) {
    if (passed && !isOver(stream, core.clock.wall_ms())) found.push(stream);
    if (stream.arn === after) passed = true;
    if (found.length > limit) break;
  }
  const page = found.slice(0, limit);
  return {
    Streams: page.map(({ arn, label, table }) => ({
      StreamArn: arn,
      TableName: table.name,
      StreamLabel: label,
    })),
    LastEvaluatedStreamArn: found.length > limit ? page.at(-1)!.arn : undefined,
  };
}

/** DescribeStream: its shards whose records are not all trimmed. */
export async function describeStream(core: StoreCore, body: RequestBody): Promise<object> {
  const request = new RequestReader(body);
  const arn = readStreamArn(request, 'StreamArn', true) ?? '';
  const limit = request.integer('Limit', { min: 1, max: PAGE }) ?? PAGE;
  const after = readShardId(request, 'ExclusiveStartShardId');
  const filter = request.structure('ShardFilter');
  filter?.choice('Type', ['CHILD_SHARDS']);
  const parent = filter && readShardId(filter, 'ShardId');
  request.done();
  const { stream, head, horizon_ms } = await rollShards(core, findStream(core, arn));
  const shards = shardsOf(stream, head, horizon_ms)
    .filter(({ parentId }) => parent === undefined || parentId === parent)
    // Ids order as their times do.
    .filter(({ id }) => after === undefined || id > after);
  const page = shards.slice(0, limit);
  return {
    StreamDescription: {
      StreamArn: arn,
      StreamLabel: stream.label,
      StreamStatus: stream.end === undefined ? 'ENABLED' : 'DISABLED',
      StreamViewType: stream.viewType,
      CreationRequestDateTime: stream.created_ms / 1000,
      TableName: stream.table.name,
      KeySchema: describeKeySchema(stream.table),
      Shards: page.map(describeShard),
      LastEvaluatedShardId: shards.length > limit ? page.at(-1)!.id : undefined,
    },
  };
}

function describeShard({ id, parentId, first, last, closed }: Shard): object {
  return {
    ShardId: id,
    SequenceNumberRange: {
      StartingSequenceNumber: sequenceText(first),
      EndingSequenceNumber: closed ? sequenceText(last) : undefined,
    },
    ParentShardId: parentId,
  };
}

export function readShardId(request: RequestReader, member: string, required = false): string | undefined {
  return request.string(member, { required, length: { min: 28, max: 65 } });
}
