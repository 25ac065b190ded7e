import { expect, test } from 'vitest';
import { addCounters, subtractCounters } from '../../src/std/counters.ts';

interface Sample {
  store: { requests: number | null; calls: Record<string, number> } | null;
  kms: { calls: Record<string, number> } | null;
}

const before: Sample = { store: { requests: 5, calls: { Decrypt: 2 } }, kms: null };
const after: Sample = {
  store: { requests: 9, calls: { Decrypt: 3, GenerateDataKey: 1 } },
  kms: { calls: { Decrypt: 4 } },
};

test('a gain is counter by counter; a counter that was not there before gained all it has', () => {
  expect(subtractCounters(after, before)).toEqual({
    store: { requests: 4, calls: { Decrypt: 1, GenerateDataKey: 1 } },
    kms: { calls: { Decrypt: 4 } },
  });
});

test('sums keep what only one side has', () => {
  const sum = addCounters(after, { store: { requests: 1, calls: { ListKeys: 7 } }, kms: { calls: {} } });
  expect(sum).toEqual({
    store: { requests: 10, calls: { Decrypt: 3, GenerateDataKey: 1, ListKeys: 7 } },
    kms: { calls: { Decrypt: 4 } },
  });
  expect(addCounters<Sample>(undefined, before)).toBe(before);
});

test('a counter that is not supplied stays unsupplied', () => {
  const unsupplied: Sample = { store: { requests: null, calls: {} }, kms: null };
  expect(subtractCounters(unsupplied, unsupplied)).toEqual(unsupplied);
  expect(addCounters(unsupplied, unsupplied)).toEqual(unsupplied);
});
