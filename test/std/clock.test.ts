import { describe, expect, test } from 'vitest';
import { clockOffset_ns } from '../../src/std/clock.ts';
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
