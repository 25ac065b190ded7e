/**
 * Result: RunEvidence → checks, summaries, costs, a time line → Result → a file and back.
 * Deciding is pure; only `file.ts` touches the disk.
 */
export { buildResult } from './build.ts';
export { RESULT_BYTES_MAX, readResult, serialiseResult } from './file.ts';
export { readHdr } from './hdr.ts';
export { censoredPercentile, percentileOf } from './percentiles.ts';
export { TimelineBuilder } from './timeline.ts';
export * from './types.ts';
