import { describe, expect, test } from 'vitest';
import { AdjustableClock, clockOffset_ns, SimulatedClock } from '../../src/std/clock.ts';
import { createRandom } from '../../src/std/random.ts';

describe('the offset between two clocks', () => {
  test('is not that of a reading during which the thread was held up', () => {
    const random = createRandom(3);
    let now_ns = 0;
    let reads = 0;
    // Every reading takes 100 ns; the first dozen are held up by two milliseconds, on either side of the common clock.
    const read = () => {
      now_ns += 100 + (reads++ < 36 && random.next() < 0.5 ? 2e6 : 0);
      return now_ns;
    };
    const offset_ns = clockOffset_ns(read, () => read() + 5e9);
    expect(Math.abs(offset_ns - 5e9)).toBeLessThanOrEqual(100);
  });
});

describe('a clock that can be adjusted', () => {
  const EPOCH_MS = Date.UTC(2026, 0, 1);

  test('is its base until somebody adjusts it', () => {
    const base = new SimulatedClock(5e9);
    const clock = new AdjustableClock(base);
    base.advance(1234);
    expect([clock.now_ns(), clock.wall_ms()]).toEqual([base.now_ns(), base.wall_ms()]);
  });

  test('stands while it is paused, and can be moved ahead even then', () => {
    const base = new SimulatedClock();
    const clock = new AdjustableClock(base);
    base.advance(1000);
    clock.pause();
    clock.pause();
    base.advance(5000);
    expect([clock.now_ns(), clock.wall_ms()]).toEqual([1e9, EPOCH_MS + 1000]);
    clock.advance(500);
    clock.resume();
    clock.resume();
    base.advance(1000);
    expect([clock.now_ns(), clock.wall_ms()]).toEqual([2.5e9, EPOCH_MS + 2500]);
  });

  test('runs faster from when it is told to, and only while it runs', () => {
    const base = new SimulatedClock();
    const clock = new AdjustableClock(base);
    base.advance(1000);
    clock.setSpeed(1000);
    expect(clock.now_ns()).toBe(1e9);
    base.advance(300);
    expect([clock.now_ns(), clock.wall_ms()]).toEqual([301e9, EPOCH_MS + 301_000]);
    clock.pause();
    base.advance(60_000);
    clock.resume();
    base.advance(1);
    expect(clock.now_ns()).toBe(302e9);
    clock.setSpeed(1);
    base.advance(1);
    expect(clock.now_ns()).toBe(302.001e9);
  });
});
