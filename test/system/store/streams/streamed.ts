/** What the tests of streams have in common: tables that have one, and how it is read. */
import type { StreamViewType } from '../../../../src/system/store/tables/catalog.ts';
import { type Answers, type Bench, hashTable } from '../harness.ts';

export const HOUR_MS = 3_600_000;

export function streamed(StreamViewType: StreamViewType, TableName = 'users') {
  return { ...hashTable, TableName, StreamSpecification: { StreamEnabled: true, StreamViewType } };
}

export async function arnOfStream(bench: Bench, TableName = 'users'): Promise<string> {
  return (await bench.run('DescribeTable', { TableName })).Table.LatestStreamArn;
}

export async function shardsOf(bench: Bench, StreamArn: string): Promise<Answers[]> {
  return (await bench.run('DescribeStream', { StreamArn })).StreamDescription.Shards;
}

export async function iterator(bench: Bench, StreamArn: string, more: object): Promise<string> {
  return (await bench.run('GetShardIterator', { StreamArn, ...more })).ShardIterator;
}

/** The records of a shard from its beginning, to its end or as far as they go by now. */
export async function recordsOf(
  bench: Bench,
  StreamArn: string,
  ShardId: string,
  Limit = 1000,
): Promise<Answers[]> {
  const records: Answers[] = [];
  let next: string | undefined = await iterator(bench, StreamArn, {
    ShardId,
    ShardIteratorType: 'TRIM_HORIZON',
  });
  while (next !== undefined) {
    const answer: Answers = await bench.run('GetRecords', { ShardIterator: next, Limit });
    records.push(...answer.Records);
    next = answer.Records.length > 0 ? answer.NextShardIterator : undefined;
  }
  return records;
}

/** All records of a stream, shard by shard. */
export async function allRecords(bench: Bench, StreamArn: string, Limit?: number): Promise<Answers[]> {
  const records: Answers[] = [];
  for (const { ShardId } of await shardsOf(bench, StreamArn)) {
    records.push(...(await recordsOf(bench, StreamArn, ShardId, Limit)));
  }
  return records;
}
