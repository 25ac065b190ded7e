/** What is measured within this process: our bounds for recording and the key cache. */
import { keycacheSuite } from '../keycache.bench.ts';
import { recordingSuite } from '../recording.bench.ts';
import { runSuites, taskOf } from '../suite.ts';
import { below } from './targets.ts';
import type { Effort, Finding } from './types.ts';

export async function findInProcess({ suites }: Effort): Promise<Finding[]> {
  const [recorded, cached] = await runSuites(
    [
      { ...recordingSuite, tasks: [{ ...taskOf(recordingSuite, 'record'), against: undefined }] },
      { ...keycacheSuite, tasks: [{ ...taskOf(keycacheSuite, 'hit'), against: undefined }] },
    ],
    suites,
  );
  return [
    below(100, recorded!.tasks[0]!.latency_ns, 'record a latency'),
    below(1000, cached!.tasks[0]!.latency_ns, 'hit the key cache'),
  ];
}
