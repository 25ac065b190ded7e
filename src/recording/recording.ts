/** Recording: what lanes measure, from a nanosecond to histograms that add up across lanes and turns. */
export { BREAKDOWN_PARTS, BreakdownRecorder, mergeBreakdowns } from './breakdown.ts';
export { EMPTY_SNAPSHOT, LatencyHistogram, mergeSnapshots, rankOf } from './histogram.ts';
export { highestOf, lowestOf } from './layout.ts';
export { failedIn, mergeKinds, mergeLanes, mergeTurns } from './merge.ts';
export { noConnections, TurnRecorder, type TurnStart } from './recorder.ts';
export type * from './types.ts';
export { mergeWindows, spanOf, WindowRecorder } from './windows.ts';
