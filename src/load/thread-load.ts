import { type PerformanceEntry, PerformanceObserver, performance } from 'node:perf_hooks';
import { LatencyHistogram, type ThreadLoad } from '../recording/recording.ts';

/** Watches the calling thread; each call tells what it did since the call before. */
export function meterThread(): () => ThreadLoad {
  const pauses = new LatencyHistogram();
  const note = (entries: readonly PerformanceEntry[]): void => {
    for (const { duration } of entries) pauses.record(Math.round(duration * 1e6));
  };
  const observer = new PerformanceObserver((list) => note(list.getEntries()));
  observer.observe({ entryTypes: ['gc'] });
  let before = performance.eventLoopUtilization();
  return () => {
    note(observer.takeRecords());
    const now = performance.eventLoopUtilization();
    const load = {
      active_ns: Math.round((now.active - before.active) * 1e6),
      pauses: pauses.snapshot(),
    };
    pauses.reset();
    before = now;
    return load;
  };
}
