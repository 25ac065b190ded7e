import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createLives } from '../../src/plan/plan.ts';
import { armOf } from './arms.ts';
import { chiSquareZ } from './chi-square.ts';

test('kept connections carry all operations there are', () => {
  expect(createLives(armOf('connections: { mode: keep-alive }'), 1)(3, 0)).toBe(Number.POSITIVE_INFINITY);
});

test('a life is drawn for each connection, every number of the range alike', () => {
  const lives = createLives(armOf('connections: { operations: [10, 29] }'), 4);
  const counts = new Array<number>(20).fill(0);
  for (let slot = 0; slot < 100; slot++)
    for (let life = 0; life < 300; life++) counts[lives(slot, life) - 10]!++;
  expect(Math.abs(chiSquareZ(counts, new Array(20).fill(1 / 20)))).toBeLessThan(3.5);
});

test('lives are within what was asked for, and a function of seed, slot and number', () => {
  const property = fc.property(
    fc.integer({ min: 1, max: 1e6 }),
    fc.nat(1e6),
    fc.maxSafeNat(),
    (min, spread, seed) => {
      const arm = armOf(`connections: { operations: [${min}, ${min + spread}] }`);
      for (const slot of [0, 1, 999]) {
        for (const life of [0, 1, 1e6]) {
          const operations = createLives(arm, seed)(slot, life);
          expect(Number.isInteger(operations) && operations >= min && operations <= min + spread).toBe(true);
          expect(createLives(arm, seed)(slot, life)).toBe(operations);
        }
      }
    },
  );
  fc.assert(property, { seed: 31, numRuns: 60 });
});
