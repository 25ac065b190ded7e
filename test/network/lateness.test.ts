import { expect, it } from 'vitest';
import { Lateness } from '../../src/network/lateness.ts';

it('is the median of the latest measurements, whatever was long ago', () => {
  const lateness = new Lateness();
  expect(lateness.median_ns).toBe(0);
  lateness.add(7);
  expect(lateness.median_ns).toBe(7);
  for (let i = 0; i < 100; i++) lateness.add(1e9);
  for (let i = 0; i < 64; i++) lateness.add(i % 3 === 0 ? 5e6 : 50 + (i % 2));
  expect(lateness.median_ns).toBe(51);
});
