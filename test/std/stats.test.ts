import { describe, expect, it } from 'vitest';
import {
  mean,
  median,
  normalQuantile,
  regularisedBeta,
  studentCdf,
  studentQuantile,
  variance,
} from '../../src/std/stats.ts';

describe('mean, median and variance', () => {
  it('match a sample worked by hand', () => {
    expect(mean([2, 4, 4, 4, 5, 5, 7, 9])).toBe(5);
    expect(median([9, 2, 4, 7, 4, 5, 5, 4])).toBe(4.5);
    expect(median([9, 2, 4])).toBe(4);
    expect(variance([2, 4, 4, 4, 5, 5, 7, 9])).toBeCloseTo(32 / 7, 12);
  });
});

describe("Student's t", () => {
  // Two-sided 95 % and 99 % points as printed in tables.
  it.each([
    [1, 12.7062047, 63.6567412],
    [2, 4.3026527, 9.9248432],
    [3, 3.1824463, 5.8409093],
    [4, 2.7764451, 4.6040949],
    [9, 2.2621572, 3.2498355],
    [19, 2.0930241, 2.8609346],
    [30, 2.0422725, 2.7499957],
    [120, 1.9799304, 2.6174211],
  ])('has the table values for %i degrees of freedom', (df, at95, at99) => {
    expect(studentQuantile(0.975, df)).toBeCloseTo(at95, 6);
    expect(studentQuantile(0.995, df)).toBeCloseTo(at99, 6);
    expect(studentQuantile(0.025, df)).toBeCloseTo(-at95, 6);
  });

  it('is the Cauchy distribution at one degree of freedom and the normal one at very many', () => {
    expect(studentCdf(2, 1)).toBeCloseTo(0.5 + Math.atan(2) / Math.PI, 12);
    expect(studentQuantile(0.975, 1e7)).toBeCloseTo(normalQuantile(0.975), 6);
  });

  it('inverts its distribution function, whole degrees of freedom or not', () => {
    for (const df of [0.7, 1, 2.5, 7.3, 40]) {
      for (const p of [0.001, 0.2, 0.5, 0.9, 0.9999]) {
        expect(studentCdf(studentQuantile(p, df), df)).toBeCloseTo(p, 10);
      }
    }
  });
});

describe('the regularised incomplete beta function', () => {
  it('is a polynomial for whole parameters', () => {
    expect(regularisedBeta(0.3, 1, 1)).toBeCloseTo(0.3, 14);
    expect(regularisedBeta(0.3, 2, 3)).toBeCloseTo(0.3483, 12);
    expect(regularisedBeta(0.7, 3, 2)).toBeCloseTo(1 - 0.3483, 12);
    expect([regularisedBeta(0, 2, 3), regularisedBeta(1, 2, 3)]).toEqual([0, 1]);
  });
});

describe('the normal quantile', () => {
  it.each([
    [0.5, 0],
    [0.6, 0.2533471031357997],
    [0.975, 1.959963984540054],
    [0.99, 2.3263478740408408],
    [1e-10, -6.361340902404056],
    [1e-50, -14.93333753478849],
  ])('of %d is %d', (p, z) => {
    expect(normalQuantile(p)).toBeCloseTo(z, 11);
  });
});
