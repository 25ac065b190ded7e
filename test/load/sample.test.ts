import { expect, it } from 'vitest';
import { isSampled, SAMPLED_ONE_IN } from '../../src/load/sample.ts';

it('is an even share of any series of operations, and nothing of the set-up', () => {
  expect(isSampled(-1)).toBe(false);
  for (const stride of [1, 2, 3, 7, 8, 10, 16, 32, 64, 100, 1000]) {
    const series = Array.from({ length: 16_000 }, (_, i) => i * stride + 5);
    const share = series.filter(isSampled).length / series.length;
    expect(Math.abs(share * SAMPLED_ONE_IN - 1), `every ${stride}th`).toBeLessThan(0.1);
  }
});
