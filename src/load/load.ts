/** Applies plans through drivers on worker threads, and brings back what the lanes recorded. */
export { Lane, type LaneOptions } from './lane.ts';
export { defaultLanes, type Lanes, startLanes } from './lanes.ts';
export { type Pacer, startPacer } from './pacer.ts';
export { meterThread } from './thread-load.ts';
