import { expect, it } from 'vitest';
import { meterThread } from '../../src/load/load.ts';

it('tells what the thread did since it was last asked: work, and pauses of the collector', async () => {
  const threadLoad = meterThread();
  const until = performance.now() + 30;
  let kept: number[][] = [];
  while (performance.now() < until) kept = [...kept.slice(-20), Array.from({ length: 20_000 }, Math.random)];
  // Pauses are told once the event loop has gone round.
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
  const busy = threadLoad();
  expect(busy.active_ns).toBeGreaterThan(20e6);
  expect(busy.pauses.count).toBeGreaterThan(0);
  expect(busy.pauses.max_ns).toBeGreaterThan(0);
  expect(busy.pauses.max_ns).toBeLessThanOrEqual(busy.active_ns);
  expect(threadLoad().active_ns).toBeLessThan(busy.active_ns);
});
