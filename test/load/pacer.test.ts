import { expect, it } from 'vitest';
import { startPacer } from '../../src/load/load.ts';
import { Tracker } from '../../src/load/pacer.ts';
import { realClock } from '../../src/std/clock.ts';
import { createRandom } from '../../src/std/random.ts';

it('follows the upper quartile of a delay, whatever its outliers', () => {
  const random = createRandom(1);
  const tracker = new Tracker(200e3);
  const values: number[] = [];
  // Evenly 40 … 80 us, but for one in twenty that takes ten milliseconds: three quarters take up to 71.6 us.
  for (let i = 0; i < 20_000; i++) {
    tracker.add(random.next() < 0.05 ? 10e6 : 40e3 + random.next() * 40e3);
    values.push(tracker.value);
  }
  const settled = values.slice(1000);
  expect(settled.reduce((sum, value) => sum + value, 0) / settled.length).toBeCloseTo(71.6e3, -3);
  expect(Math.max(...settled)).toBeLessThan(90e3);
});

it('never reserves more than its bound, nor less than nothing', () => {
  const tracker = new Tracker(50e3);
  for (let i = 0; i < 1000; i++) tracker.add(1e9);
  expect(tracker.value).toBe(50e3);
  for (let i = 0; i < 1000; i++) tracker.add(-1e9);
  expect(tracker.value).toBe(0);
});

it('wakes at the moment asked for or after, and tells what its thread took', async () => {
  const pacer = await startPacer();
  try {
    for (let i = 0; i < 20; i++) {
      const until_ns = realClock.now_ns() + 2e6;
      await pacer.wait(until_ns);
      expect(realClock.now_ns()).toBeGreaterThanOrEqual(until_ns);
    }
    const cpu_us = pacer.cpu_us();
    if (cpu_us !== null) expect(cpu_us).toBeGreaterThan(0);
  } finally {
    await pacer.close();
  }
});
