import { expect, test } from 'vitest';
import { createThinkTimes } from '../../src/plan/plan.ts';
import { kolmogorovDistance } from './kolmogorov.ts';

const COUNT = 20_000;
const times = (time_ns: (index: number) => number) => Array.from({ length: COUNT }, (_, i) => time_ns(i));
/** The bound at 1 %. */
const BOUND = 1.63 / Math.sqrt(COUNT);

test('constant think times are constant, and users begin spread over one', () => {
  const think = createThinkTimes({ kind: 'constant', mean_ns: 5e6 }, 1);
  expect(new Set(times(think.before_ns))).toEqual(new Set([5e6]));
  expect(kolmogorovDistance(times(think.remaining_ns), (t) => t / 5e6)).toBeLessThan(BOUND);
});

test('exponential think times are exponential, and so is what is left of them', () => {
  const think = createThinkTimes({ kind: 'exponential', mean_ns: 5e6 }, 1);
  for (const drawn of [times(think.before_ns), times(think.remaining_ns)]) {
    expect(drawn.every(Number.isInteger)).toBe(true);
    expect(kolmogorovDistance(drawn, (t) => 1 - Math.exp(-t / 5e6))).toBeLessThan(BOUND);
  }
});

test('no thinking takes no time', () => {
  const think = createThinkTimes({ kind: 'exponential', mean_ns: 0 }, 1);
  expect(Math.max(...times(think.before_ns))).toBe(0);
});
