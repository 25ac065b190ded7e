import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { meterThread } from '../../src/load/load.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

it('tells what the thread did since it was last asked: work, and pauses of the collector', async () => {
  const threadLoad = meterThread();
  const until = performance.now() + 30;
  while (performance.now() < until) collect();
  // Pauses are told once the event loop has gone round.
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
  const busy = threadLoad();
  expect(busy.active_ns).toBeGreaterThan(20e6);
  expect(busy.pauses.count).toBeGreaterThan(0);
  expect(busy.pauses.sum_ns).toBeGreaterThan(10e6);
  expect(busy.pauses.sum_ns).toBeLessThan(busy.active_ns * 1.1);
  expect(threadLoad().active_ns).toBeLessThan(busy.active_ns);
});
