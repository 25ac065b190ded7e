import { expect, it } from 'vitest';
import { Lateness } from '../../src/network/lateness.ts';

it('is the lower quartile of the latest measurements, whatever was long ago', () => {
  const lateness = new Lateness(1e6);
  expect(lateness.usual_ns).toBe(0);
  lateness.add(7);
  expect(lateness.usual_ns).toBe(7);
  for (let i = 0; i < 100; i++) lateness.add(1);
  for (let i = 0; i < 64; i++) lateness.add(i % 2 === 0 ? 5e5 : 50);
  expect(lateness.usual_ns).toBe(50);
});

it('is bounded', () => {
  const lateness = new Lateness(100e3);
  for (let i = 0; i < 64; i++) lateness.add(1e6 + i);
  expect(lateness.usual_ns).toBe(100e3);
});
