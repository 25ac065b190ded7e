/**
 * Streams: what became of a table's items in the last day, in order, sealed with data keys of the table's own.
 *
 *   a write -> StreamWriter: a record in the same transaction, under the next sequence number of the table
 *   the API -> shards, which follow from time alone; iterators; records as they were sealed
 *   the store itself -> ChangeFeed: a table's changes from a sequence number on, and word of new ones
 *   housekeeping -> StreamTrimming
 */
export { ChangeFeed, ChangeNotices, type ChangePage, type TableChange } from './change-feed.ts';
export { describeStream, listStreams } from './describe-operations.ts';
export { getRecords, getShardIterator } from './read-operations.ts';
export {
  changeStream,
  checkStreamUpdate,
  readStreamRequest,
  type StreamRequest,
  viewTypeAtCreation,
} from './specification.ts';
export { leaveStreams, startStream } from './stream-records.ts';
export { StreamWriter } from './stream-writer.ts';
export { StreamTrimming } from './trimming.ts';
